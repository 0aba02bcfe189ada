package models

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"speechsim/models/internal/elements"
	"speechsim/models/internal/onnxproto"
)

// Large models keep their weights in files beside the ONNX file.

// externalFiles lists the files that hold weights of the model, sorted.
func externalFiles(path string, scan *onnxproto.Model) []string {
	seen := map[string]bool{}
	var files []string
	for i := range scan.Graph.Initializers {
		if f := scan.Graph.Initializers[i].External; f != "" && !seen[f] {
			seen[f] = true
			files = append(files, filepath.Join(filepath.Dir(path), f))
		}
	}
	sort.Strings(files)
	return files
}

// checkExternal reports a file with weights that is missing, is a Git LFS pointer or
// ends too early, before ONNX Runtime does so in its own words.
func checkExternal(path string, scan *onnxproto.Model) error {
	needed := map[string]int64{}
	for i := range scan.Graph.Initializers {
		if w := &scan.Graph.Initializers[i]; w.External != "" {
			file := filepath.Join(filepath.Dir(path), w.External)
			needed[file] = max(needed[file], w.End)
		}
	}
	for _, file := range externalFiles(path, scan) {
		f, size, err := elements.Open(file)
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s keeps its weights in %s, which does not exist: put that file next to it", path, file)
		}
		if err != nil {
			return fmt.Errorf("%s keeps its weights in another file: %w", path, err)
		}
		f.Close()
		if size < needed[file] {
			return fmt.Errorf("%s keeps its weights in %s, which has %d bytes of at least %d: get that file again", path, file, size, needed[file])
		}
	}
	return nil
}

// followLinks finds the folder from which ONNX Runtime reads the files with
// weights. It refuses a file that a symbolic link puts outside that folder, as
// every file in the cache of the Hugging Face hub is (snapshots/REVISION/model.onnx_data
// is a link to blobs/HASH). Where there is such a link, the folder is the one
// that the real files have in common, and the edit names them from there.
// A model that itself names a file outside its folder is left to be refused.
func (p *plan) followLinks() error {
	folder, err := filepath.Abs(filepath.Dir(p.path))
	if err != nil {
		return err
	}
	if p.folder, err = filepath.EvalSymlinks(folder); err != nil {
		return err
	}
	files := map[string]string{}
	common, linked := "", false
	for i := range p.scan.Graph.Initializers {
		name := p.scan.Graph.Initializers[i].External
		if name == "" || files[name] != "" || !filepath.IsLocal(name) {
			continue
		}
		file, err := filepath.EvalSymlinks(filepath.Join(p.folder, name))
		if err != nil {
			return err
		}
		files[name] = file
		linked = linked || !inside(file, p.folder)
		if common == "" {
			common = filepath.Dir(file)
		}
		for !inside(file, common) {
			common = filepath.Dir(common)
		}
	}
	if !linked {
		return nil
	}
	p.folder = common
	for name, file := range files {
		if files[name], err = filepath.Rel(common, file); err != nil {
			return err
		}
	}
	p.scan.Relocate(p.edit, files)
	return nil
}

// inside reports whether a file is in a folder or below it; both are absolute and
// without links.
func inside(file, folder string) bool {
	return strings.HasPrefix(file, strings.TrimSuffix(folder, string(filepath.Separator))+string(filepath.Separator))
}
