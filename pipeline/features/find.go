package features

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"speechsim/pipeline/internal/kaldi"
	"speechsim/pipeline/internal/npy"
)

// matrix is the features of one utterance.
type matrix struct {
	reader
	name   string // what tells whose it is: the path below the folder without its ending, or the name in the archive
	file   string // whose bytes it depends on
	within string // its name in an archive
	at     int64  // where in an archive of Kaldi, as a .scp file may say of any name
	shape  shape
}

// place names it in messages.
func (m *matrix) place() string {
	if m.within != "" {
		return m.file + ":" + m.within
	}
	return m.file
}

// Files lists the files that features at a path consist of.
func Files(path string) ([]string, error) {
	folder, err := isFolder(path)
	switch {
	case err != nil:
		return nil, err
	case folder:
		return walk(path, path)
	case strings.HasSuffix(path, ".scp"):
		archives, err := kaldi.Archives(path)
		return append([]string{path}, archives...), err
	}
	return []string{path}, nil
}

// list lists the matrices of a folder or an archive, in the order of their files.
func (s *Set) list() ([]*matrix, error) {
	folder, err := isFolder(s.Path)
	if err != nil {
		return nil, err
	}
	if !folder {
		return s.listFile(s.Path, "")
	}
	files, err := walk(s.Path, s.Path)
	if err != nil {
		return nil, err
	}
	var out []*matrix
	for _, file := range files {
		if strings.HasSuffix(file, ".scp") {
			continue // it says of archives what these say themselves
		}
		rel, err := filepath.Rel(s.Path, file)
		if err != nil {
			return nil, err
		}
		some, err := s.listFile(file, filepath.ToSlash(rel))
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	switch {
	case len(out) > 0:
		return out, nil
	case len(files) > 0:
		return nil, fmt.Errorf("the folder holds no archives but files that point at some; name one of them: features: %s", files[0])
	}
	return nil, errors.New("the folder holds no .npy, .npz or .ark file" + others(s.Path))
}

// others names a file of a folder without features.
func others(folder string) string {
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) == 0 {
		return ""
	}
	return fmt.Sprintf("; there is %s. Save each utterance with numpy.save(\"UTTERANCE.npy\", x), x of shape [frames, units]", entries[0].Name())
}

// listFile lists the matrices of one file. below is its path below the folder of the features, "" of a file alone.
func (s *Set) listFile(file, below string) (out []*matrix, err error) {
	var entries []*kaldi.Entry
	ending := filepath.Ext(file)
	stem := norm.NFC.String(strings.TrimSuffix(below, ending))
	switch ending {
	case ".npy":
		if below == "" {
			return nil, errors.New("is one matrix; a folder with one for each utterance is needed, or an .npz, .scp or .ark file")
		}
		return []*matrix{{reader: numpy{func() (*npy.Array, error) { return npy.OpenPlanes(file) }}, name: stem, file: file}}, nil
	case ".npz":
		a, err := npy.OpenArchive(file)
		if err != nil {
			return nil, err
		}
		s.archives = append(s.archives, a)
		names := a.Names()
		for _, member := range names {
			name := norm.NFC.String(member)
			if below != "" && len(names) == 1 {
				name = stem // an archive an utterance, as numpy.savez(UTTERANCE, x) writes it
			}
			out = append(out, &matrix{reader: numpy{func() (*npy.Array, error) { return a.OpenPlanes(member) }}, name: name, file: file, within: member})
		}
		return out, nil
	case ".ark":
		entries, err = kaldi.Archive(file)
	case ".scp":
		entries, err = kaldi.Script(file)
	default:
		return nil, errors.New("is neither a folder nor an .npz, .scp or .ark file")
	}
	for _, e := range entries {
		out = append(out, &matrix{reader: archived{e}, name: norm.NFC.String(e.Key), file: e.File, within: e.Key, at: e.At})
	}
	return out, err
}

// walk lists the files of features in a folder and those below it, sorted. Links are followed, also to folders, but not back to one
// that they stand in; hidden files are no features.
func walk(folder string, above ...string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder, plain(err))
	}
	var out []string
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		info, err := os.Stat(path)
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, plain(err))
		case info.IsDir():
			if loops(info, above) {
				continue
			}
			below, err := walk(path, append(slices.Clone(above), path)...)
			if err != nil {
				return nil, err
			}
			out = append(out, below...)
		case slices.Contains([]string{".npy", ".npz", ".ark", ".scp"}, filepath.Ext(path)):
			out = append(out, path)
		}
	}
	return out, nil
}

// loops says whether a folder is one of those that it was reached through.
func loops(info os.FileInfo, above []string) bool {
	return slices.ContainsFunc(above, func(path string) bool {
		other, err := os.Stat(path)
		return err == nil && os.SameFile(info, other)
	})
}
