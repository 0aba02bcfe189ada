package npy

import (
	"archive/zip"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
)

// Open maps the array that spec names: FILE, or ARCHIVE:NAME; the name may be
// left out where the archive holds one array. Only the header is read. A
// compressed member is unpacked to a temporary file, which is gone when the
// array is closed or the program ends, however it ends.
func Open(spec string) (*Array, error) { return openArray(spec, false) }

// OpenPlanes is [Open] for arrays that may have three dimensions: a stack of matrices, which is read as one, plane after plane.
func OpenPlanes(spec string) (*Array, error) { return openArray(spec, true) }

func openArray(spec string, stacks bool) (*Array, error) {
	file, member := split(spec)
	m, err := mapFile(file)
	if err != nil {
		return nil, err
	}
	a := &Array{File: file, Member: member, stacks: stacks, file: m}
	if err := a.open(); err != nil {
		return nil, errors.Join(err, a.file.close())
	}
	return a, nil
}

// split divides ARCHIVE:NAME. A file whose name holds a colon is a file.
func split(spec string) (file, member string) {
	if _, err := os.Stat(spec); err == nil {
		return spec, ""
	}
	if k := strings.Index(spec, ".npz:"); k >= 0 {
		return spec[:k+4], spec[k+5:]
	}
	return spec, ""
}

func (a *Array) open() error {
	content := a.file.data
	switch {
	case len(content) == 0:
		return a.errorf("the file is empty")
	case hasPrefix(content, "PK\x03\x04"), hasPrefix(content, "PK\x05\x06"):
		return a.openMember()
	case !hasPrefix(content, magic):
		return a.errorf("not a numpy file: it begins with %q; write one with numpy.save(file, x)", content[:min(len(content), 8)])
	case a.Member != "":
		return a.errorf("the file is a single array, not an archive; leave out :%s", a.Member)
	}
	return a.describe(content)
}

func hasPrefix(content []byte, prefix string) bool {
	return len(content) >= len(prefix) && string(content[:len(prefix)]) == prefix
}

// openMember finds the member of an archive. One that was stored as it is is
// used in place.
func (a *Array) openMember() error {
	member, wanted := a.Member, a.Member
	a.Member = ""
	archive, err := zip.NewReader(a.file, int64(len(a.file.data)))
	if err != nil {
		return a.errorf("the archive can't be read: %v", err)
	}
	var names []string
	var found *zip.File
	for _, f := range archive.File {
		name, isArray := strings.CutSuffix(f.Name, ".npy")
		if !isArray {
			continue
		}
		names = append(names, name)
		if name == wanted || wanted == "" || f.Name == wanted {
			found, member = f, name
		}
	}
	slices.Sort(names)
	switch {
	case len(names) == 0:
		return a.errorf("the archive holds no .npy array (a file of torch.save? write it with numpy.save(file, x.numpy()))")
	case found == nil:
		return a.errorf("the archive has no array %q; it holds %s", wanted, strings.Join(names, ", "))
	case wanted == "" && len(names) > 1:
		return a.errorf("the archive holds %d arrays: %s; name one, as in %s:%s", len(names), strings.Join(names, ", "), a.File, names[0])
	}
	a.Member = member
	return describeMember(a, found)
}

// describeMember reads the header of an archive's member.
func describeMember(a *Array, found *zip.File) error {
	if found.Flags&1 != 0 {
		return a.errorf("the member is encrypted")
	}
	if found.Method != zip.Store {
		return a.unpack(found)
	}
	from, err := found.DataOffset()
	if err != nil {
		return a.errorf("the archive can't be read: %v", err)
	}
	have := uint64(len(a.file.data)) - uint64(from)
	if found.CompressedSize64 != found.UncompressedSize64 || found.UncompressedSize64 > have {
		return a.errorf("the archive is damaged: its member claims %d bytes where %d are left", found.UncompressedSize64, have)
	}
	content := a.file.data[from : uint64(from)+found.UncompressedSize64]
	a.sum = &checksum{content: content, want: found.CRC32}
	return a.describe(content)
}

// checksum is a member whose bytes are yet to be compared with its CRC-32.
type checksum struct {
	content []byte
	want    uint32
}

func (s *checksum) right() bool { return crc32.ChecksumIEEE(s.content) == s.want }

// unpack maps a temporary copy of a compressed member. No more is written than
// the archive says that the member holds.
func (a *Array) unpack(f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return a.errorf("the member can't be unpacked: %v", err)
	}
	defer r.Close()
	temporary, err := os.CreateTemp("", "matrix-*.npy")
	if err != nil {
		return a.errorf("unpacking: %v", err)
	}
	defer temporary.Close()
	if err := os.Remove(temporary.Name()); err != nil { // the open file lives on without a name
		return a.errorf("unpacking: %v", err)
	}
	size := int64(f.UncompressedSize64)
	n, err := io.Copy(temporary, io.LimitReader(r, size))
	if err == nil && n == size { // the checksum is compared at the end
		if _, err = r.Read(make([]byte, 1)); err == io.EOF {
			err = nil
		}
	}
	if err != nil {
		return a.errorf("unpacking %d bytes to a temporary file (TMPDIR says where): %v", size, err)
	}
	m, err := mapOpen(temporary)
	if err != nil {
		return a.errorf("unpacking: %v", err)
	}
	if err := a.file.close(); err != nil {
		return errors.Join(a.errorf("%v", err), m.close())
	}
	a.file = m
	if !hasPrefix(m.data, magic) {
		return a.errorf("not a numpy array: it begins with %q", m.data[:min(len(m.data), 8)])
	}
	return a.describe(m.data)
}

// mapFile maps the file at path.
func mapFile(path string) (*mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{File: path, Msg: errors.Unwrap(err).Error()}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, &Error{File: path, Msg: errors.Unwrap(err).Error()}
	}
	switch {
	case info.IsDir():
		return nil, &Error{File: path, Msg: "is a folder; a .npy or .npz file is needed"}
	case !info.Mode().IsRegular():
		return nil, &Error{File: path, Msg: "is not a regular file, which could be read in any order; save the array to a file first"}
	}
	m, err := mapOpen(f)
	if err != nil {
		return nil, &Error{File: path, Msg: fmt.Sprintf("mapping the file: %v", err)}
	}
	return m, nil
}
