package configs

import "strconv"

var levels = []string{"token", "type"}

// validateLists checks the keys that ask for several results of the same comparison.
func (r *Rows) validateLists(key string, oneOf func(Pos, string, *string, []string), bad func(Pos, string, ...any)) {
	seen := map[string]bool{}
	once := func(list, what string) {
		if seen[list+what] {
			bad(r.Pos.Of(list), "%s.%s has %s twice", key, list, what)
		}
		seen[list+what] = true
	}
	for i := range r.Level {
		oneOf(r.Pos.Of("level"), key+".level", &r.Level[i], levels)
		l := r.Level[i]
		once("level", l)
		if l == "type" && r.Unit == "frame" {
			bad(r.Pos.Of("level", "unit"), "%s.level: frames have no type to take the mean of; it needs unit: word or phone", key)
		}
	}
	for _, f := range r.First {
		if f == "all" {
			once("first", f)
			continue
		}
		n, err := strconv.Atoi(f)
		if err != nil || n < 2 {
			bad(r.Pos.Of("first"), "%s.first has %q; it must hold numbers of rows from 2, or all", key, f)
		}
		once("first", strconv.Itoa(n))
		if r.Unit == "frame" {
			bad(r.Pos.Of("first", "unit"), "%s.first: frames are reduced to second moments and not kept; it needs unit: word or phone", key)
		}
	}
}

// fillLists takes the lists of the config's rows where a comparison says none. Lists for words say nothing to frames.
func (r *Rows) fillLists(d Rows) {
	if r.Unit == "frame" && d.Unit != "frame" {
		d = Default().Rows
	}
	if len(r.Level) == 0 {
		r.Level = d.Level
	}
	if len(r.First) == 0 {
		r.First = d.First
	}
}

// Firsts are the numbers of rows asked for, 0 being all.
func (r *Rows) Firsts() []int {
	var out []int
	for _, f := range r.First {
		n, _ := strconv.Atoi(f) // validated
		out = append(out, n)
	}
	return out
}
