package fetch

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
)

// wanted is a folder or a file of an archive.
type wanted struct {
	name string // of the folder or file, at the archive's top or below at most two folders
	to   string // what it becomes
}

// staging is where a folder is unpacked; it gets its own name when it is whole.
func (w wanted) staging() string {
	return filepath.Join(filepath.Dir(w.to), "."+filepath.Base(w.to)+".unpacking")
}

// place is the file that a member of the archive becomes, "" where it is no part of what is wanted.
func (w wanted) place(member string) string {
	parts := strings.Split(member, "/")
	for i, part := range parts[:min(3, len(parts))] {
		if part != w.name {
			continue
		}
		return filepath.Join(append([]string{w.staging()}, parts[i+1:]...)...)
	}
	return ""
}

// member is a file of an archive.
type member struct {
	name string
	mode fs.FileMode
	open func() (io.ReadCloser, error)
}

// unpack takes what is wanted out of an archive. With beside, the texts at the archive's top (SPEAKERS.TXT) go to the folder
// that holds what is wanted, unless they are there already.
func unpack(ctx context.Context, archive string, want []wanted, beside bool) error {
	info, err := os.Stat(archive)
	if err != nil {
		return err
	}
	for _, w := range want {
		if err := os.RemoveAll(w.staging()); err != nil { // of a fetch that was stopped
			return err
		}
		if err := os.MkdirAll(filepath.Dir(w.to), 0o755); err != nil {
			return err
		}
	}
	found := make([]bool, len(want))
	most := 64*info.Size() + 16<<20 // what any archive of text or audio may become
	err = walk(archive, func(m member) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := path.Clean(m.name)
		if !filepath.IsLocal(filepath.FromSlash(name)) || strings.Contains(name, "\\") {
			return fmt.Errorf("%q would be written outside the folder", m.name)
		}
		if m.mode.IsDir() {
			return nil
		}
		to := ""
		for i, w := range want {
			if to = w.place(name); to != "" {
				found[i] = true
				break
			}
		}
		if to == "" && beside && strings.Count(name, "/") <= 1 && strings.HasSuffix(name, ".TXT") {
			besideLock.Lock()
			defer besideLock.Unlock()
			if to = filepath.Join(filepath.Dir(want[0].to), path.Base(name)); files.Exists(to) {
				return nil
			}
		}
		if to == "" {
			return nil
		}
		if !m.mode.IsRegular() {
			return fmt.Errorf("%q is a link or a device, and only files are unpacked", m.name)
		}
		n, err := writeMember(m, to, most)
		most -= n
		return err
	})
	for i, w := range want {
		if err == nil && !found[i] {
			err = fmt.Errorf("there is no %s in it", w.name)
		}
		if err == nil {
			err = os.Rename(w.staging(), w.to)
		}
		os.RemoveAll(w.staging())
	}
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", archive, err)
	}
	return nil
}

// besideLock is held while a file beside the folders is written: archives that are unpacked at once have the same ones.
var besideLock sync.Mutex

// writeMember writes a file of at most so many bytes. It has its name when it is whole.
func writeMember(m member, to string, most int64) (n int64, err error) {
	r, err := m.open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return 0, err
	}
	if files.Exists(to) {
		return 0, fmt.Errorf("%q is in it twice", m.name)
	}
	part := to + ".part"
	f, err := os.Create(part)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(f, io.LimitReader(r, most+1))
	if err == nil && n > most {
		err = fmt.Errorf("with %q it becomes more than any such archive does", m.name)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return n, errors.Join(err, os.Remove(part))
	}
	return n, os.Rename(part, to)
}

// walk calls do with each member of a .tar.gz or .zip.
func walk(archive string, do func(member) error) error {
	if strings.HasSuffix(archive, ".zip") {
		return walkZip(archive, do)
	}
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		mode := h.FileInfo().Mode()
		if h.Typeflag == tar.TypeLink {
			mode |= fs.ModeSymlink // it names another file, however a tar calls that
		}
		if err := do(member{h.Name, mode, func() (io.ReadCloser, error) { return io.NopCloser(t), nil }}); err != nil {
			return err
		}
	}
}

func walkZip(archive string, do func(member) error) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, m := range z.File {
		if err := do(member{m.Name, m.Mode(), m.Open}); err != nil {
			return err
		}
	}
	return nil
}

// roomFor finds out, before a zip is unpacked, whether what is wanted of it has room. Of a tar that is not known.
func roomFor(archive string, want []wanted) error {
	if !strings.HasSuffix(archive, ".zip") {
		return nil
	}
	z, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", archive, err)
	}
	defer z.Close()
	const block = 4096 // files take whole blocks
	need := int64(0)
	for _, m := range z.File {
		for _, w := range want {
			if w.place(path.Clean(m.Name)) != "" {
				need += int64(m.UncompressedSize64) + block
			}
		}
	}
	folder := filepath.Dir(archive)
	if free := native.FreeDisk(folder); free > 0 && free < need {
		return fmt.Errorf("unpacking %s takes %s, and %s has %s free: free some and run the same command again, which downloads nothing twice", archive, text.Bytes(need), folder, text.Bytes(free))
	}
	return nil
}
