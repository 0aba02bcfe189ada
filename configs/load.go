package configs

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// shipped are the configs of the papers, the demo and what else the program ships with, inside the program.
//
//go:embed demo.yaml real.yaml first-study.yaml timit-hubert.yaml elkheir2024 bolanos2024
var shipped embed.FS

// Load reads, overrides, decodes and validates the config in file. Where no such file exists, the shipped config of that
// name is used ("elkheir2024/figure1", with or without .yaml and folders above), whose paths are those of the file in the
// repository. Each set is KEY=VALUE, with the key a path such as corpus.librispeech.root, models.hubert.onnx or
// comparisons.0.metrics and the value in YAML.
func Load(file string, sets []string) (*Config, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		name := shippedName(file)
		if name == "" {
			asked := strings.TrimPrefix(filepath.ToSlash(file), "configs/")
			near := didYouMean(asked, Shipped())
			if near == "" {
				near = didYouMean(path.Base(asked), Shipped())
			}
			if here := configsIn(filepath.Dir(file)); didYouMean(file, here) != "" {
				return nil, &Error{File: file, Msg: "no such config file" + didYouMean(file, here)}
			}
			return nil, &Error{File: file, Msg: fmt.Sprintf("no such config file, and none is shipped under that name%s (shipped: %s)", near, strings.Join(Shipped(), ", "))}
		}
		if data, err = shipped.ReadFile(name); err == nil {
			return parse(data, source{name, true}, sets)
		}
	}
	if err != nil {
		return nil, unreadable(file, err)
	}
	return Parse(data, file, sets)
}

// unreadable says why a config can't be read, and what a folder holds that could have been meant.
func unreadable(file string, err error) *Error {
	if info, statErr := os.Stat(file); statErr == nil && info.IsDir() {
		msg := "this is a folder, and a config is a file"
		if there := configsIn(file); len(there) > 0 {
			msg += ", such as " + there[0]
		}
		return &Error{File: file, Msg: msg}
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return &Error{File: file, Msg: fmt.Sprintf("the config can't be read: %v", err)}
}

// configsIn lists the YAML files of a folder.
func configsIn(folder string) []string {
	var out []string
	entries, _ := os.ReadDir(folder) // a folder that can't be read holds no suggestion
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
			out = append(out, filepath.Join(folder, e.Name()))
		}
	}
	return out
}

// shippedName finds the shipped config that the end of a path names, "" when there is none.
func shippedName(file string) string {
	name := strings.TrimSuffix(path.Clean(filepath.ToSlash(file)), ".yaml") + ".yaml"
	for {
		if _, err := fs.Stat(shipped, strings.TrimPrefix(name, "/")); err == nil {
			return strings.TrimPrefix(name, "/")
		}
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			return ""
		}
		name = rest
	}
}

// Shipped lists the names of the embedded configs that can be run: all but the bases, whose names begin with base.
func Shipped() []string {
	var names []string
	err := fs.WalkDir(shipped, ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasPrefix(e.Name(), "base") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		panic(err) // the embedded files are there or the program did not build
	}
	return names
}

// Parse is [Load] on bytes; file serves messages, relative paths and the way to a base.
func Parse(data []byte, file string, sets []string) (*Config, error) {
	return parse(data, source{file: file}, sets)
}

func parse(data []byte, from source, sets []string) (*Config, error) {
	root, err := parseDocument(data, from.file)
	if err != nil {
		return nil, err
	}
	d := &decoder{from: from, sets: map[*yaml.Node]string{}, bases: map[*yaml.Node]source{}}
	isBase := func(set string) bool { return strings.HasPrefix(set, "base=") }
	apply := func(which bool) error {
		for _, s := range sets {
			if isBase(s) == which {
				if err := applySet(root, s, d.sets); err != nil {
					return err
				}
			}
		}
		return nil
	}
	// The base comes first, since it is what the other keys are set in.
	if err := apply(true); err != nil {
		return nil, err
	}
	if root = d.overBase(root, from); len(d.errs) > 0 {
		return nil, d.errs
	}
	if err := apply(false); err != nil {
		return nil, err
	}
	cfg := Default()
	cfg.File, cfg.folder = from.file, from.folder()
	d.decode(root, reflect.ValueOf(&cfg).Elem(), "")
	if len(d.errs) > 0 {
		return nil, d.errs
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.leaveOutUnused()
	return &cfg, nil
}

func parseDocument(data []byte, file string) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := dec.Decode(&doc)
	if err == io.EOF || err == nil && (len(doc.Content) == 0 || isNull(doc.Content[0])) {
		return nil, &Error{File: file, Line: 1, Col: 1, Msg: "the config is empty; it needs name, corpus, models and comparisons"}
	}
	if err != nil {
		return nil, syntaxError(err, data, file)
	}
	var second yaml.Node
	if err := dec.Decode(&second); err == nil {
		return nil, &Error{File: file, Line: second.Line, Col: max(second.Column, 1), Msg: "a second YAML document begins here; a config is one document"}
	} else if err != io.EOF {
		return nil, syntaxError(err, data, file)
	}
	return doc.Content[0], nil
}

// applySet changes the tree at the key of "KEY=VALUE". Elements of a list are named by index, or by their name.
func applySet(root *yaml.Node, set string, marks map[*yaml.Node]string) error {
	key, value, ok := strings.Cut(set, "=")
	if !ok || key == "" {
		return &Error{File: "--set " + set, Msg: "must be KEY=VALUE, such as models.hubert.layers=0-6"}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(value), &doc); err != nil {
		e := syntaxError(err, []byte(value), "")
		return &Error{File: "--set " + set, Msg: "the value is " + e.Msg}
	}
	val := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str"}
	if len(doc.Content) > 0 {
		val = doc.Content[0]
	}
	mark(val, set, marks)

	n, parts := root, strings.Split(key, ".")
	for i, part := range parts {
		last := i == len(parts)-1
		switch n.Kind {
		case yaml.SequenceNode:
			at := elementOf(n, part)
			if at < 0 {
				return &Error{File: "--set " + set, Msg: fmt.Sprintf("%q is neither an index below %d nor the name of an element of %s", part, len(n.Content), strings.Join(parts[:i], "."))}
			}
			if last {
				n.Content[at] = val
			} else {
				n = n.Content[at]
			}
		case yaml.MappingNode:
			child := childOf(n, part)
			if child == nil {
				k := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: part}
				marks[k] = set
				child = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
				marks[child] = set
				n.Content = append(n.Content, k, child)
			}
			if last {
				*child = *val
				marks[child] = set
			} else {
				if isNull(child) {
					*child = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
				}
				n = child
			}
		default:
			return &Error{File: "--set " + set, Msg: fmt.Sprintf("%s is a single value; it has no %q", strings.Join(parts[:i], "."), part)}
		}
	}
	return nil
}

// mark notes where a node and all in it came from.
func mark[From any](n *yaml.Node, from From, marks map[*yaml.Node]From) {
	marks[n] = from
	for _, c := range n.Content {
		mark(c, from, marks)
	}
}

func elementOf(n *yaml.Node, part string) int {
	if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(n.Content) {
		return i
	}
	for i, c := range n.Content {
		if c.Kind == yaml.MappingNode {
			if name := childOf(c, "name"); name != nil && name.Value == part {
				return i
			}
		}
	}
	return -1
}

func childOf(n *yaml.Node, key string) *yaml.Node {
	if at := valueAt(n, key); at >= 0 {
		return n.Content[at]
	}
	return nil
}

// valueAt is where the value of a key stands among the contents of a mapping, -1 when the key is not there.
func valueAt(n *yaml.Node, key string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i + 1
		}
	}
	return -1
}
