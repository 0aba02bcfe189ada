package models

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// checkpoints are the endings of files that hold weights without a graph.
var checkpoints = []string{".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".npz"}

var hubName = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*$`)

// Usable says why there can be no ONNX file at path, and what to do about it: a checkpoint as training libraries keep it, a
// folder, the name of a model on a hub, or nothing. It does not read files.
func Usable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		if id := hubID(path); id != "" && errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s can't be opened: %w; if %s is a model of the Hugging Face hub, %s", path, err, id, importing(id))
		}
		return fmt.Errorf("%s can't be opened: %w", path, err)
	case info.IsDir():
		return fmt.Errorf("%s is a folder; %s", path, inFolder(path))
	case slices.Contains(checkpoints, strings.ToLower(filepath.Ext(path))):
		source := path
		if folder := filepath.Dir(path); hasFile(folder, "config.json") {
			source = folder
		}
		return fmt.Errorf("%s holds the weights of a checkpoint and no graph: %s", path, importing(source))
	}
	return nil
}

// hubID is what a path would be on a hub of models, "" where it is the name of a file.
func hubID(path string) string {
	name, owner := filepath.Base(path), filepath.Base(filepath.Dir(path))
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case ext == ".onnx" || slices.Contains(checkpoints, ext) || !hubName.MatchString(name):
		return ""
	case filepath.Dir(path) == "." || hasFile(filepath.Dir(path), ""):
		return name
	case hubName.MatchString(owner):
		return owner + "/" + name
	}
	return ""
}

// inFolder says what to do with a folder in place of a model.
func inFolder(folder string) string {
	for _, pattern := range []string{"*.onnx", "onnx/*.onnx"} {
		if found, err := filepath.Glob(filepath.Join(folder, pattern)); err == nil && len(found) > 0 {
			return "a file is wanted, such as " + found[0]
		}
	}
	entries, _ := os.ReadDir(folder) // one that can't be read says nothing
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.Name() == "config.json" || slices.Contains(checkpoints, strings.ToLower(filepath.Ext(e.Name())))
	}) {
		return "it seems to be a checkpoint: " + importing(folder)
	}
	return "a file is wanted"
}

// importing says how a checkpoint becomes a model.
func importing(source string) string {
	name := filepath.Base(filepath.Clean(source))
	return fmt.Sprintf("say checkpoint: %s in place of onnx: in a config, or make an ONNX file of it: pipeline models import %s --out %s.onnx", source, source, strings.TrimSuffix(name, filepath.Ext(name)))
}

func hasFile(folder, name string) bool {
	_, err := os.Stat(filepath.Join(folder, name))
	return err == nil
}
