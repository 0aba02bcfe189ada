package configs

import (
	"encoding/json"
	"reflect"
	"strings"
)

// MarshalJSON writes the config as it was understood: under its YAML keys, with overrides and variables applied and
// defaults filled in, without what was left out and without positions. Two files that differ in comments or order only
// give the same JSON.
func (c *Config) MarshalJSON() ([]byte, error) { return json.Marshal(resolved(reflect.ValueOf(*c))) }

// resolved turns a value into maps, lists and scalars; nil for what says nothing.
func resolved(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return resolved(v.Elem())
	case reflect.Struct:
		out := map[string]any{}
		for i := 0; i < v.NumField(); i++ {
			f := v.Type().Field(i)
			if f.Name == "Pos" || !f.IsExported() {
				continue
			}
			key := f.Tag.Get("yaml")
			if key == "" {
				key = strings.ToLower(f.Name)
			}
			if r := resolved(v.Field(i)); r != nil {
				out[key] = r
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case reflect.Slice:
		var out []any
		for i := 0; i < v.Len(); i++ {
			out = append(out, resolved(v.Index(i)))
		}
		if len(out) == 0 {
			return nil
		}
		return out
	}
	if v.IsZero() {
		return nil
	}
	return v.Interface()
}
