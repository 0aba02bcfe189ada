package pickled

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"

	"speechsim/models/internal/elements"
)

// maxDirectory is how many bytes of an archive its directory may take: more than 50 000 entries do.
const maxDirectory = 8 << 20

// budget reads from r until so many bytes have been read.
type budget struct {
	r    io.ReaderAt
	left int
}

var errDirectory = fmt.Errorf("the archive's directory has more than %d bytes: it is no checkpoint", maxDirectory)

func (b *budget) ReadAt(p []byte, offset int64) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errDirectory
	}
	return b.r.ReadAt(p, offset)
}

// archive is a checkpoint in the form of a zip archive.
type archive struct {
	size   int64 // bytes of the file
	prefix string
	files  map[string]*zip.File
}

// readArchive returns the object of a checkpoint that is an archive, and where its storages lie.
func readArchive(r io.ReaderAt, size int64) (any, func(*storage) (region, error), error) {
	limited := &budget{r, maxDirectory}
	z, err := zip.NewReader(limited, size)
	if errors.Is(err, errDirectory) {
		return nil, nil, errDirectory
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the archive has no directory at its end (%w): the file is cut short or damaged, get it again", err)
	}
	a := &archive{size: size, files: make(map[string]*zip.File, len(z.File))}
	objects := 0
	for _, f := range z.File {
		if a.files[f.Name] != nil {
			return nil, nil, fmt.Errorf("the archive has two entries %s", quote(f.Name))
		}
		a.files[f.Name] = f
		if prefix, ok := strings.CutSuffix(f.Name, "data.pkl"); ok && strings.Count(f.Name, "/") <= 1 && (prefix == "" || strings.HasSuffix(prefix, "/")) {
			a.prefix = prefix
			objects++
		}
	}
	limited.left = maxDirectory // for the headers of entries
	if objects != 1 {
		return nil, nil, fmt.Errorf("an archive with %d entries data.pkl is no checkpoint of torch.save, which has 1", objects)
	}
	if a.files[a.prefix+"constants.pkl"] != nil {
		return nil, nil, errors.New("is a TorchScript program: save its weights with torch.save(torch.jit.load(FILE).state_dict(), NEW)")
	}
	if err := a.checkByteOrder(r); err != nil {
		return nil, nil, err
	}
	where, err := a.region("data.pkl")
	if err != nil {
		return nil, nil, err
	}
	if where.size > maxPickle {
		return nil, nil, fmt.Errorf("data.pkl has %d bytes, more than %d: save the state dict alone", where.size, maxPickle)
	}
	m := &machine{in: newSource(r, where.offset, where.offset+where.size), persistent: newStorage}
	object, err := m.load()
	if err != nil {
		return nil, nil, fmt.Errorf("data.pkl: %w", err)
	}
	regions := map[string]region{}
	return object, func(s *storage) (region, error) {
		if known, ok := regions[s.key]; ok {
			return known, nil
		}
		limited.left = maxDirectory
		where, err := a.region("data/" + s.key)
		if err == nil {
			regions[s.key] = where
		}
		return where, err
	}, nil
}

// checkByteOrder refuses numbers of big-endian machines. Files of older versions of torch don't say.
func (a *archive) checkByteOrder(r io.ReaderAt) error {
	if a.files[a.prefix+"byteorder"] == nil {
		return nil
	}
	where, err := a.region("byteorder")
	if err != nil {
		return err
	}
	order := make([]byte, min(where.size, 16))
	if err := elements.ReadFull(r, where.offset, order); err != nil {
		return err
	}
	if string(order) != "little" {
		return fmt.Errorf("its byte order is %s, only little is read", quote(string(order)))
	}
	return nil
}

// region is where the bytes of an entry lie.
func (a *archive) region(name string) (region, error) {
	f := a.files[a.prefix+name]
	if f == nil {
		return region{}, fmt.Errorf("the archive has no entry %s", quote(a.prefix+name))
	}
	if f.Method != zip.Store || f.Flags&1 != 0 || f.CompressedSize64 != f.UncompressedSize64 {
		return region{}, fmt.Errorf("entry %s is compressed or encrypted, which torch.save never does: unpack the archive and pack it again with `zip -0`", quote(f.Name))
	}
	offset, err := f.DataOffset()
	if err != nil {
		return region{}, fmt.Errorf("entry %s: %w: the file is damaged, get it again", quote(f.Name), err)
	}
	if f.UncompressedSize64 > uint64(a.size) || offset > a.size-int64(f.UncompressedSize64) {
		return region{}, fmt.Errorf("entry %s has %d bytes from byte %d on, but the file ends at %d: it is damaged, get it again",
			quote(f.Name), f.UncompressedSize64, offset, a.size)
	}
	return region{offset, int64(f.UncompressedSize64)}, nil
}
