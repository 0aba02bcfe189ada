package vectors

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// textFile is the text of a vector file, unpacked as it is read.
type textFile struct {
	io.Reader
	name string // for errors: the path, and the member of a zip
	file *os.File
}

func (f *textFile) Close() error { return f.file.Close() }

// openFile opens a text, a gzip or a zip with one text in it.
func openFile(path string) (*textFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, err
	}
	r, name, err := unpack(file, info.Size(), path)
	if err != nil {
		file.Close()
		return nil, err
	}
	return &textFile{r, name, file}, nil
}

// packed is what a file gives; only a zip is read from its end.
type packed interface {
	io.Reader
	io.ReaderAt
}

// unpack sees from the first bytes how the file is packed.
func unpack(file packed, size int64, path string) (r io.Reader, name string, err error) {
	raw := bufio.NewReader(file) // large reads pass it by
	head, err := raw.Peek(4)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, "", damaged(path, "gzip", err)
		}
		return z, path, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return openZip(file, size, path)
	}
	return raw, path, nil
}

func openZip(file io.ReaderAt, size int64, path string) (io.Reader, string, error) {
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, "", damaged(path, "zip", err)
	}
	member, err := textMember(archive, path)
	if err != nil {
		return nil, "", err
	}
	const encrypted = 1
	if member.Flags&encrypted != 0 {
		return nil, "", wholeFile(path, "%q is encrypted: unzip it and give the text", member.Name)
	}
	r, err := member.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return nil, "", wholeFile(path, "%q is packed by method %d, which cannot be read here: unzip it and give the text", member.Name, member.Method)
	}
	if err != nil {
		return nil, "", damaged(path, "zip", err)
	}
	return r, path + "/" + member.Name, nil
}

// textMember is the one text of a zip: the one that is called .txt or .vec
// (fastText), or the only member.
func textMember(archive *zip.Reader, file string) (*zip.File, error) {
	var members, texts []*zip.File
	for _, m := range archive.File {
		if m.FileInfo().IsDir() || strings.HasPrefix(m.Name, "__MACOSX/") {
			continue
		}
		members = append(members, m)
		if ext := strings.ToLower(path.Ext(m.Name)); ext == ".txt" || ext == ".vec" {
			texts = append(texts, m)
		}
	}
	switch {
	case len(texts) == 1:
		return texts[0], nil
	case len(texts) > 1:
		return nil, wholeFile(file, "expected one text in the zip, found %d: %s; unpack the one you want (unzip FILE MEMBER) and give that", len(texts), memberNames(texts))
	case len(members) == 1:
		return members[0], nil
	case len(members) == 0:
		return nil, wholeFile(file, "the zip is empty: expected one text in it")
	}
	return nil, wholeFile(file, "expected a .txt in the zip, found %d other files: %s", len(members), memberNames(members))
}

func memberNames(members []*zip.File) string {
	const most = 20
	var names []string
	for i, m := range members {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(members)-most))
			break
		}
		names = append(names, quoteField(m.Name))
	}
	return strings.Join(names, ", ")
}

// damaged is the error of a packed file that cannot even be opened.
func damaged(path, kind string, err error) error {
	return wholeFile(path, "cannot open the %s (%v): it was cut short or damaged; fetch it again", kind, err)
}

// wholeFile is an error that has no place within the file.
func wholeFile(path, format string, args ...any) error {
	return &Error{path, 1, 1, fmt.Sprintf(format, args...)}
}
