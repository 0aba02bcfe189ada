package configs

import (
	"reflect"
	"strings"
)

// KeyNamed is the path of a key of the config as --set takes it, from its last name, such as comparisons.NAME.metrics from
// metrics; "" when there is none. Of several with that name it is the one nearest to the top.
func KeyNamed(name string) string {
	type place struct {
		t    reflect.Type
		path string
	}
	for level := []place{{reflect.TypeFor[Config](), ""}}; len(level) > 0; {
		var below []place
		for _, p := range level {
			keys := keysOf(p.t)
			if _, ok := keys[name]; ok {
				return join(p.path, name)
			}
			for _, key := range sortedKeys(keys) {
				t, path := p.t.Field(keys[key]).Type, join(p.path, key)
				if t.Kind() == reflect.Slice {
					t, path = t.Elem(), path+".NAME"
				}
				if t.Kind() == reflect.Pointer {
					t = t.Elem()
				}
				if t.Kind() == reflect.Struct && !strings.HasPrefix(path, "corpus.") {
					below = append(below, place{t, path})
				}
			}
		}
		level = below
	}
	return ""
}
