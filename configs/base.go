package configs

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// source is where a config was read: a file, or one inside the program.
type source struct {
	file    string
	shipped bool
}

func (s source) read() ([]byte, error) {
	if s.shipped {
		return shipped.ReadFile(s.file)
	}
	return os.ReadFile(s.file)
}

// relative is the config at a path that s names, relative to the folder of s.
func (s source) relative(name string) source {
	switch {
	case filepath.IsAbs(name):
		return source{file: filepath.Clean(name)}
	case s.shipped:
		return source{path.Join(path.Dir(s.file), filepath.ToSlash(name)), true}
	}
	return source{file: filepath.Join(filepath.Dir(s.file), filepath.FromSlash(name))}
}

// overBase returns the root of a config with the keys that it inherits from its base, which may have a base of its own. chain
// are the configs that led here, this one last.
func (d *decoder) overBase(root *yaml.Node, chain ...source) *yaml.Node {
	if root.Kind != yaml.MappingNode {
		return root // decode says what is wrong
	}
	key := childOf(root, "base")
	if key == nil || key.Kind != yaml.ScalarNode || isNull(key) {
		return root
	}
	known := len(d.errs)
	from := chain[len(chain)-1].relative(d.expand(key, "base"))
	if len(d.errs) > known {
		return root
	}
	if at := slices.Index(chain, from); at >= 0 {
		names := []string{}
		for _, s := range append(chain[at:], from) {
			names = append(names, s.file)
		}
		d.errorf(key, "base: a config can't be its own base: %s", strings.Join(names, " -> "))
		return root
	}
	data, err := from.read()
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		d.errorf(key, "base: %s can't be read: %v; the path of a base is relative to the folder of the config that names it", from.file, err)
		return root
	}
	base, err := parseDocument(data, from.file)
	if err != nil {
		d.errs = append(d.errs, err.(*Error))
		return root
	}
	mark(base, from.file, d.bases)
	return overlay(d.overBase(base, append(chain, from)...), root)
}

// overlay merges a node into the one that it inherits from, and wins. Mappings are merged key by key, lists of named elements
// (models, comparisons) element by element, and anything else is replaced as a whole.
func overlay(under, over *yaml.Node) *yaml.Node {
	switch {
	case under.Kind == yaml.MappingNode && over.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(under.Content); i += 2 {
			key, value := under.Content[i], under.Content[i+1]
			if at := valueAt(over, key.Value); at >= 0 {
				over.Content[at] = overlay(value, over.Content[at])
			} else {
				over.Content = append(over.Content, key, value)
			}
		}
	case named(under) && named(over):
		list := slices.Clone(under.Content)
		for _, element := range over.Content {
			if at := elementOf(under, childOf(element, "name").Value); at >= 0 {
				list[at] = overlay(under.Content[at], element)
			} else {
				list = append(list, element)
			}
		}
		over.Content = list
	}
	return over
}

// named says whether n is a list of mappings that all have a name.
func named(n *yaml.Node) bool {
	return n.Kind == yaml.SequenceNode && !slices.ContainsFunc(n.Content, func(c *yaml.Node) bool {
		return c.Kind != yaml.MappingNode || childOf(c, "name") == nil
	})
}

// leaveOutUnused removes the models of a base that no comparison names: a base may list all models of a paper, and a
// figure's config names those it is about.
func (c *Config) leaveOutUnused() {
	c.Models = slices.DeleteFunc(c.Models, func(m Model) bool {
		return m.Pos.File != "" && !slices.ContainsFunc(c.Comparisons, func(k Comparison) bool {
			return slices.Contains(k.X, m.Name) || slices.Contains(k.Y, m.Name)
		})
	})
}

// rebaseAll rebases a path, or those of a list of names that have the ending of a file.
func (d *decoder) rebaseAll(n *yaml.Node, v reflect.Value, ending string) {
	if v.Kind() == reflect.String {
		v.SetString(d.rebase(n, v.String()))
		return
	}
	for i := range v.Len() {
		from := n
		if n.Kind == yaml.SequenceNode {
			from = n.Content[i]
		}
		if e := v.Index(i); strings.HasSuffix(e.String(), ending) {
			e.SetString(d.rebase(from, e.String()))
		}
	}
}

// rebase makes a path that a base says one that is relative to the folder of the config over it.
func (d *decoder) rebase(n *yaml.Node, p string) string {
	from := d.pos(n)
	if from.Set != "" || from.File == "" || p == "" || filepath.IsAbs(p) {
		return p
	}
	p = filepath.Join(filepath.Dir(from.File), filepath.FromSlash(p))
	if rel, err := filepath.Rel(filepath.Dir(d.file), p); err == nil {
		return rel
	}
	return p // one of the folders is absolute and p with it
}
