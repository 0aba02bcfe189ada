package pickled

import (
	"fmt"
	"strconv"
	"strings"
)

// Object is an instance of a class that this package does not know, such as argparse.Namespace, or the class itself. Its
// code was not run: it has the attributes that the file gives it, and the items if its class extends dict or list.
type Object struct {
	Class      string
	Attributes map[string]any
}

// Limits of the object that a pickle makes. One value may stand in many places, so that few bytes make many paths.
const (
	maxDepth     = 100
	maxValues    = 1 << 19
	maxName      = 1024     // bytes of one path
	maxNameBytes = 32 << 20 // of the paths of all tensors
)

// tree turns what the machine made into plain values, and finds the tensors.
type tree struct {
	check     func(*tensor) error
	tensors   map[string]*tensor
	values    int
	nameBytes int
	above     map[any]bool // the containers that the value at hand lies in
	objects   int          // how many of them are instances
}

// plain is v as a Go value: map[string]any, []any, [Object], string, int64, *big.Int, float64, bool or nil. Tensors are
// noted under their names and left out.
func (t *tree) plain(v any, name string) (any, error) {
	if t.values++; t.values > maxValues {
		return nil, fmt.Errorf("has more than %d values beside its tensors: save the state dict alone", maxValues)
	}
	switch v := v.(type) {
	case *tensor:
		return nil, t.note(v, name)
	case raw:
		return string(v), nil
	case global:
		return Object{Class: string(v)}, nil
	case *storage:
		return nil, nil
	case *dict, *list, *tuple, *instance:
		return t.container(v, name)
	}
	return v, nil
}

func (t *tree) note(v *tensor, name string) error {
	if t.tensors[name] != nil {
		return fmt.Errorf("two tensors are called %s", quote(name))
	}
	if t.nameBytes += len(name); t.nameBytes > maxNameBytes {
		return fmt.Errorf("the names of its tensors take more than %d bytes", maxNameBytes)
	}
	if err := t.check(v); err != nil {
		return fmt.Errorf("tensor %s: %w", quote(name), err)
	}
	t.tensors[name] = v
	return nil
}

func (t *tree) container(v any, name string) (any, error) {
	if t.above[v] {
		if t.objects > 0 { // objects know their parents
			return nil, nil
		}
		return nil, fmt.Errorf("%s contains itself", describe(name))
	}
	if len(t.above) >= maxDepth {
		return nil, fmt.Errorf("%s lies deeper than %d containers", describe(name), maxDepth)
	}
	t.above[v] = true
	defer delete(t.above, v)
	switch v := v.(type) {
	case *dict:
		out := make(map[string]any, len(v.keys))
		return out, t.entries(v, name, out)
	case *instance:
		t.objects++
		defer func() { t.objects-- }()
		out := Object{v.class, map[string]any{}}
		err := t.entries(&v.items, name, out.Attributes)
		states := []any{v.state}
		if pair, _ := sequence(v.state); len(pair) == 2 { // attributes, and those in slots
			states = pair
		}
		for _, state := range states {
			if d, ok := state.(*dict); ok && err == nil {
				err = t.entries(d, name, out.Attributes)
			}
		}
		return out, err
	}
	items, _ := sequence(v)
	out := make([]any, len(items))
	for i, item := range items {
		path, err := join(name, strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		if out[i], err = t.plain(item, path); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *tree) entries(d *dict, name string, out map[string]any) error {
	for i, key := range d.keys {
		text := keyText(key, i)
		path, err := join(name, text)
		if err != nil {
			return err
		}
		value, err := t.plain(d.values[i], path)
		if err != nil {
			return err
		}
		if _, isTensor := d.values[i].(*tensor); !isTensor {
			out[text] = value
		}
	}
	return nil
}

func describe(name string) string {
	if name == "" {
		return "the object"
	}
	return quote(name)
}

// join is the path of what lies at a key.
func join(name, key string) (string, error) {
	if len(name)+1+len(key) > maxName {
		return "", fmt.Errorf("the path to %s has more than %d characters", quote(key), maxName)
	}
	if name == "" {
		return key, nil
	}
	return name + "." + key, nil
}

// find is the value at a path. Keys may have dots in them.
func find(v any, path string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		if found, ok := v[path]; ok {
			return found, true
		}
		for i, c := range path {
			if c != '.' {
				continue
			}
			if below, ok := v[path[:i]]; ok {
				if found, ok := find(below, path[i+1:]); ok {
					return found, true
				}
			}
		}
	case Object:
		return find(v.Attributes, path)
	case []any:
		first, rest, deeper := strings.Cut(path, ".")
		i, err := strconv.Atoi(first)
		if err != nil || i < 0 || i >= len(v) {
			return nil, false
		}
		if !deeper {
			return v[i], true
		}
		return find(v[i], rest)
	}
	return nil, false
}
