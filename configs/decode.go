package configs

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// decoder decodes a YAML node into a Go value and keeps what the node does not set. The strict decoding of yaml.v3 gives lines
// but neither columns nor the nearest right key.
type decoder struct {
	from  source
	sets  map[*yaml.Node]string // nodes that came from --set, with its text
	bases map[*yaml.Node]source // nodes that came from a base
	errs  Errors
}

func (d *decoder) pos(n *yaml.Node) Pos {
	if s, ok := d.sets[n]; ok {
		return Pos{Set: s}
	}
	return Pos{File: d.bases[n].file, Line: n.Line, Col: n.Column}
}

// posOfAny is where a value stands, or the first element of a list that a --set gave.
func (d *decoder) posOfAny(n *yaml.Node) Pos {
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			if _, set := d.sets[c]; set {
				return d.pos(c)
			}
		}
	}
	return d.pos(n)
}

func (d *decoder) errorf(n *yaml.Node, format string, args ...any) {
	c := Config{File: d.from.file}
	d.errs = append(d.errs, c.errorAt(d.pos(n), format, args...))
}

// decode decodes n into v; where names the place in words, such as "comparisons[2].rows".
func (d *decoder) decode(n *yaml.Node, v reflect.Value, where string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if v.Kind() == reflect.Pointer {
		if isNull(n) && v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
			if d, ok := v.Interface().(interface{ setDefaults() }); ok {
				d.setDefaults()
			}
		}
		d.decode(n, v.Elem(), where)
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *Metric:
		d.decodeMetric(n, p, where)
		return
	case *Figure:
		d.decodeFigure(n, p, where)
		return
	case *Lexicon:
		d.decodeLexicon(n, p, where)
		return
	case *Store:
		d.decodeStore(n, p, where)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, v, where)
	case reflect.Slice:
		d.decodeSlice(n, v, where)
	case reflect.String:
		if d.scalar(n, where, "text") {
			v.SetString(d.expand(n, where))
		}
	case reflect.Bool:
		if d.scalar(n, where, "true or false") {
			if n.Tag != "!!bool" {
				d.errorf(n, "%s is %q; it must be true or false", where, n.Value)
				return
			}
			v.SetBool(n.Value == "true" || n.Value == "True" || n.Value == "TRUE")
		}
	case reflect.Int:
		if d.scalar(n, where, "a whole number") {
			i, err := strconv.ParseInt(strings.ReplaceAll(d.expand(n, where), "_", ""), 10, 64)
			if err != nil {
				d.errorf(n, "%s is %q; it must be a whole number", where, n.Value)
				return
			}
			v.SetInt(i)
		}
	case reflect.Float64:
		if d.scalar(n, where, "a number") {
			f, err := strconv.ParseFloat(d.expand(n, where), 64)
			if err != nil {
				d.errorf(n, "%s is %q; it must be a number", where, n.Value)
				return
			}
			v.SetFloat(f)
		}
	default:
		panic("configs: no rule for " + v.Type().String())
	}
}

func (d *decoder) decodeStruct(n *yaml.Node, v reflect.Value, where string) {
	fields := keysOf(v.Type())
	pos := d.pos(n)
	if f := v.FieldByName("Pos"); f.IsValid() {
		defer func() { f.Set(reflect.ValueOf(pos)) }()
	}
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.errorf(n, "%s must be a mapping with the keys %s; found %s", orConfig(where), strings.Join(sortedKeys(fields), ", "), describe(n))
		return
	}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		index, ok := fields[key.Value]
		if !ok {
			names := sortedKeys(fields)
			d.errorf(key, "unknown key %q in %s%s (known: %s)", key.Value, orConfig(where), didYouMean(key.Value, names), strings.Join(names, ", "))
			continue
		}
		if first, dup := seen[key.Value]; dup {
			d.errorf(key, "key %q occurs twice in %s, first on line %d", key.Value, orConfig(where), first.Line)
			continue
		}
		seen[key.Value] = key
		if at := d.posOfAny(val); at.Set != pos.Set || at.File != pos.File {
			if pos.elsewhere == nil {
				pos.elsewhere = map[string]Pos{}
			}
			pos.elsewhere[key.Value] = at
		}
		d.decode(val, v.Field(index), join(where, key.Value))
		if ending, ok := v.Type().Field(index).Tag.Lookup("path"); ok {
			d.rebaseAll(val, v.Field(index), ending)
		}
	}
}

func (d *decoder) decodeSlice(n *yaml.Node, v reflect.Value, where string) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		// One name, number, metric or figure where a list of them is wanted is what a person means by it.
		elem := v.Type().Elem()
		if (elem == reflect.TypeFor[Figure]() || elem == reflect.TypeFor[Metric]()) && !isNull(n) || elem.Kind() != reflect.Struct && n.Kind == yaml.ScalarNode {
			n = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{n}, Line: n.Line, Column: n.Column}
		} else {
			d.errorf(n, "%s must be a list; found %s", where, describe(n))
			return
		}
	}
	s := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		d.decode(c, s.Index(i), fmt.Sprintf("%s[%d]", where, i))
	}
	v.Set(s)
}

// decodeMetric reads cka, {cka: {}} or {cka: {variant: biased}}.
func (d *decoder) decodeMetric(n *yaml.Node, m *Metric, where string) {
	m.Pos = d.pos(n)
	switch {
	case n.Kind == yaml.ScalarNode && !isNull(n):
		m.Name = strings.ToLower(d.expand(n, where))
	case n.Kind == yaml.MappingNode && len(n.Content) == 2:
		m.Name = strings.ToLower(n.Content[0].Value)
		var opts struct {
			Pos        Pos
			Variant    []string
			P, K       []int
			Thresholds []float64
		}
		d.decodeStruct(n.Content[1], reflect.ValueOf(&opts).Elem(), join(where, m.Name))
		m.P, m.K, m.Thresholds = opts.P, opts.K, opts.Thresholds
		for _, variant := range opts.Variant {
			m.Variants = append(m.Variants, strings.ToLower(variant))
		}
		m.Pos.elsewhere = opts.Pos.elsewhere
	default:
		d.errorf(n, "%s must be a metric's name or one mapping such as {cka: {variant: biased}}; found %s", where, describe(n))
	}
}

// decodeLexicon reads FILE, or {file: FILE, choice: last}.
func (d *decoder) decodeLexicon(n *yaml.Node, l *Lexicon, where string) {
	*l = Lexicon{Choice: "first", Stress: true}
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		l.Pos, l.File = d.pos(n), d.rebase(n, d.expand(n, where))
		return
	}
	d.decodeStruct(n, reflect.ValueOf(l).Elem(), where)
}

// decodeStore reads FOLDER, or {folder: FOLDER, numbers: float16}.
func (d *decoder) decodeStore(n *yaml.Node, s *Store, where string) {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		s.Pos, s.Folder = d.pos(n), d.rebase(n, d.expand(n, where))
		return
	}
	d.decodeStruct(n, reflect.ValueOf(s).Elem(), where)
}

// decodeFigure reads heatmap, or {heatmap: {title: ...}}.
func (d *decoder) decodeFigure(n *yaml.Node, f *Figure, where string) {
	f.Pos = d.pos(n)
	switch {
	case n.Kind == yaml.ScalarNode && !isNull(n):
		f.Kind = d.expand(n, where)
	case n.Kind == yaml.MappingNode && len(n.Content) == 2:
		f.Kind = n.Content[0].Value
		var opts struct {
			Pos            Pos
			Title, Caption string
			Scale          Scale
			XLabel         string `yaml:"x_label"`
			YLabel         string `yaml:"y_label"`
			Width          string
		}
		d.decodeStruct(n.Content[1], reflect.ValueOf(&opts).Elem(), join(where, f.Kind))
		f.Title, f.Caption, f.Scale = opts.Title, opts.Caption, opts.Scale
		f.XLabel, f.YLabel, f.Width = opts.XLabel, opts.YLabel, opts.Width
		f.Pos.elsewhere = opts.Pos.elsewhere
	default:
		d.errorf(n, "%s must be a kind such as heatmap or curves, or one mapping such as {heatmap: {title: ...}}; found %s", where, describe(n))
	}
}

// scalar says whether n is a single value, and reports it when it is not.
func (d *decoder) scalar(n *yaml.Node, where, want string) bool {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		return true
	}
	d.errorf(n, "%s must be %s; found %s", where, want, describe(n))
	return false
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${VAR} by the environment's value; a variable that is not set is an error.
func (d *decoder) expand(n *yaml.Node, where string) string {
	return variable.ReplaceAllStringFunc(n.Value, func(m string) string {
		name := m[2 : len(m)-1]
		val, ok := os.LookupEnv(name)
		if !ok || val == "" {
			d.errorf(n, "%s needs the environment variable %s, which is not set: run with %s=... in front, or set the key by --set", where, name, name)
		}
		return val
	})
}

// keysOf maps the YAML key of each field of a struct type to its index: the yaml tag, else the name in lower case.
func keysOf(t reflect.Type) map[string]int {
	keys := map[string]int{}
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		if f.Name == "Pos" || !f.IsExported() || f.Name == "File" && t == reflect.TypeOf(Config{}) {
			continue
		}
		name := f.Tag.Get("yaml")
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		keys[name] = i
	}
	return keys
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return m[keys[i]] < m[keys[j]] })
	return keys
}

func join(where, key string) string {
	if where == "" {
		return key
	}
	return where + "." + key
}

func orConfig(where string) string {
	if where == "" {
		return "the config"
	}
	return where
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	default:
		return strconv.Quote(n.Value)
	}
}
