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

// folder is what relative paths of the config start from. One inside the program has those of the file in the repository.
func (s source) folder() string {
	if !s.shipped {
		return filepath.Dir(s.file)
	}
	file := filepath.FromSlash(s.file)
	return filepath.Join(repository(file), "configs", filepath.Dir(file))
}

// repository is the folder that holds a shipped config as a file under configs: the working directory, or the one that the
// program was built in.
func repository(file string) string {
	if program, err := os.Executable(); err == nil && !exists(filepath.Join("configs", file)) {
		if root := filepath.Dir(filepath.Dir(program)); exists(filepath.Join(root, "configs", file)) {
			return root
		}
	}
	return "."
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
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
	from := d.baseAt(key, chain[len(chain)-1])
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
		d.errorf(key, "base: %s can't be read: %v; the path of a base is relative to the folder of the config that names it, or by --set to the working directory", from.file, err)
		return root
	}
	base, err := parseDocument(data, from.file)
	if err != nil {
		d.errs = append(d.errs, err.(*Error))
		return root
	}
	mark(base, from, d.bases)
	under := d.overBase(base, append(chain, from)...)
	if at := valueAt(under, "name"); at >= 0 { // it names the run of the base
		under.Content = slices.Delete(under.Content, at-1, at+1)
	}
	return overlay(under, root)
}

// baseAt is the config that the value of a key base names, in the config at. One that a hand types is looked for where it was
// typed, and then beside the config.
func (d *decoder) baseAt(key *yaml.Node, at source) source {
	name := d.expand(key, "base")
	if d.typed(key) && exists(name) {
		return source{file: filepath.Clean(name)}
	}
	return at.relative(name)
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
	unused := func(m *Model) bool {
		return m.Pos.File != "" && !slices.ContainsFunc(c.Comparisons, func(k Comparison) bool {
			return slices.Contains(k.X, m.Name) || slices.Contains(k.Y, m.Name)
		})
	}
	var out []string
	for i := range c.Models {
		if unused(&c.Models[i]) {
			out = append(out, c.Models[i].Name)
		}
	}
	c.Models = slices.DeleteFunc(c.Models, func(m Model) bool { return unused(&m) })
	for i := range c.Models {
		m := &c.Models[i]
		m.Control = slices.DeleteFunc(m.Control, func(name string) bool { return slices.Contains(out, name) })
	}
}

// orID marks a path that may be the id of a checkpoint instead: what is no file and looks like an id stays as it is.
const orID = "or id"

// rebaseAll rebases a path, or those of a list of names that have the ending of a file.
func (d *decoder) rebaseAll(n *yaml.Node, v reflect.Value, ending string) {
	if v.Kind() == reflect.String {
		p := d.rebase(n, v.String())
		if ending == orID && looksLikeID(v.String()) && !exists((&Config{folder: d.from.folder()}).Path(p)) {
			return
		}
		v.SetString(p)
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

// looksLikeID says whether a name can be NAME or ORGANISATION/NAME.
func looksLikeID(name string) bool {
	return !strings.HasPrefix(name, ".") && strings.Count(name, "/") <= 1
}

// rebase makes a path that a base says, or a hand typed, one that is relative to the folder of the config over it.
func (d *decoder) rebase(n *yaml.Node, p string) string {
	from := d.from
	if base, ok := d.bases[n]; ok {
		from = base
	}
	folder := from.folder()
	if d.typed(n) {
		folder = "."
	}
	if p == "" || filepath.IsAbs(p) || folder == d.from.folder() {
		return p
	}
	p = filepath.Join(folder, filepath.FromSlash(p))
	if rel, err := filepath.Rel(d.from.folder(), p); err == nil {
		return rel
	}
	if whole, err := filepath.Abs(p); err == nil { // the folder of the config is absolute, and p is not
		return whole
	}
	return p
}

// typed says whether a value comes from the command line or, as far as its beginning, from the environment. Whoever gives a
// path there means it from the working directory.
func (d *decoder) typed(n *yaml.Node) bool {
	_, set := d.sets[n]
	return set || strings.HasPrefix(n.Value, "${")
}
