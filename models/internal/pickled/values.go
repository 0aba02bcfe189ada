package pickled

import "strconv"

// What the machine's stack holds, besides nil, bool, int64, *big.Int, float64 and string. Containers are pointers since
// pickles share them and may put one into itself.
type (
	list  struct{ items []any } // also a set
	tuple struct{ items []any }
	dict  struct {
		keys, values []any
		position     map[any]int
	}
	// instance is an object of a class that is not known, made without running its code.
	instance struct {
		class string
		items dict // of classes that extend dict or list
		state any  // what BUILD gave it
	}
	global string // a class or function, module.name
	raw    string // Python's bytes
)

// set puts a value at a key, in the place of an earlier one.
func (d *dict) set(key, value any) {
	if i, ok := d.position[key]; ok {
		d.values[i] = value
		return
	}
	if d.position == nil {
		d.position = map[any]int{}
	}
	d.position[key] = len(d.keys)
	d.keys, d.values = append(d.keys, key), append(d.values, value)
}

// get is the value at a key, nil where there is none.
func (d *dict) get(key any) any {
	if i, ok := d.position[key]; ok {
		return d.values[i]
	}
	return nil
}

// keyText is what a key contributes to the path of a value; keys that are no text or number are numbered.
func keyText(key any, number int) string {
	switch k := key.(type) {
	case string:
		return k
	case int64:
		return strconv.FormatInt(k, 10)
	case global:
		return string(k)
	}
	return strconv.Itoa(number)
}

// sequence is the items of a list or a tuple.
func sequence(v any) ([]any, bool) {
	switch s := v.(type) {
	case *list:
		return s.items, true
	case *tuple:
		return s.items, true
	}
	return nil, false
}

// quote makes text of a file fit for one line of an error.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strconv.Quote(s)
}
