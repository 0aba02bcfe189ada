package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/report/answers"
	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// Change is an entry of the manifest in which two runs differ.
type Change struct{ What, Ours, Theirs string }

// Changes lists the entries in which two manifests differ, in the order of ours:
// config, inputs, versions. What differs between any two runs of the same
// thing (dates, seconds, host, where files lie that are the same) is left out.
func Changes(ours, theirs json.RawMessage) ([]Change, error) {
	list, err := changes(ours, theirs)
	if err != nil {
		return nil, err
	}
	rows, err := said(ours)
	return withoutMoved(list, rows), err
}

func changes(ours, theirs json.RawMessage) ([]Change, error) {
	a, err := said(ours)
	if err != nil {
		return nil, err
	}
	b, err := said(theirs)
	if err != nil {
		return nil, err
	}
	var list []Change
	at := map[string]string{}
	for _, r := range b {
		at[r.Name] = r.Value
	}
	for _, r := range a {
		if v, ok := at[r.Name]; !ok || v != r.Value {
			list = append(list, Change{r.Name, r.Value, v})
		}
		delete(at, r.Name)
	}
	for _, r := range b {
		if v, ok := at[r.Name]; ok {
			list = append(list, Change{r.Name, "", v})
		}
	}
	return list, nil
}

// places are the keys that name files and folders, by the part of the config.
var places = map[string][]string{
	"models": {"onnx", "checkpoint", "vectors", "features", "card", "vocabulary"},
	"corpus": {"root", "alignments", "audio", "groups", "file"},
}

// withoutMoved leaves out the places of files and folders that hold the same in both runs, as the digests of the inputs say. ours
// is what our manifest says: a place whose digest neither manifest has may hold something else, and stays.
func withoutMoved(list []Change, ours []manifestRow) []Change {
	changed := func(prefix string) bool {
		return slices.ContainsFunc(list, func(c Change) bool { return c.What == prefix || strings.HasPrefix(c.What, prefix+".") })
	}
	same := func(digest string) bool {
		return !changed(digest) && slices.ContainsFunc(ours, func(r manifestRow) bool { return r.Name == digest })
	}
	return slices.DeleteFunc(slices.Clone(list), func(c Change) bool {
		at := strings.Split(c.What, ".")
		if len(at) < 4 || c.Ours == "" || c.Theirs == "" {
			return false
		}
		name, key := strings.Join(at[2:len(at)-1], "."), at[len(at)-1]
		switch section := at[0] + "." + at[1]; {
		case section == "inputs.checkpoints" && key == "path":
			return same("inputs.models." + name)
		case at[0] != "config" || !slices.Contains(places[at[1]], key):
			return false
		case at[1] == "models" && (key == "card" || key == "vocabulary"):
			return same("inputs.cards." + name)
		case at[1] == "models":
			return same("inputs.models."+name) && !changed("inputs.cards."+name)
		case name == "lexicon":
			return same("inputs.lexicon")
		}
		return same("inputs.corpus") && !changed("inputs.labels")
	})
}

// ConfigChanges lists the keys of two configs in which the results of their runs may differ, without those that say where things
// are kept.
func ConfigChanges(ours, theirs json.RawMessage) ([]Change, error) {
	wrap := func(config json.RawMessage) json.RawMessage {
		return slices.Concat(json.RawMessage(`{"config":`), config, json.RawMessage(`}`))
	}
	list, err := changes(wrap(ours), wrap(theirs))
	list = slices.DeleteFunc(list, func(c Change) bool {
		return slices.Contains([]string{"config.base", "config.runs", "config.memory", "config.store.folder", "config.store.frames", "config.store.keep"}, c.What) ||
			strings.HasPrefix(c.What, "config.libraries.")
	})
	for i := range list {
		list[i].What = strings.TrimPrefix(list[i].What, "config.")
	}
	return list, err
}

// compared are the sections of a manifest that say what a run is made of.
var compared = []string{"config", "inputs", "versions"}

// said flattens those sections to rows. List elements that have a name are
// identified by it, so that inserting a model does not shift the others. Of
// several elements with the same name, such as a metric in two variants, the
// later ones are identified by their number.
func said(manifest json.RawMessage) ([]manifestRow, error) {
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(manifest, &sections); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	var rows []manifestRow
	for _, name := range compared {
		if sections[name] == nil {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(sections[name]))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, fmt.Errorf("manifest: %s: %w", name, err)
		}
		rows = flattenValue(rows, name, v)
	}
	// The stamp is of times and sizes of files; the digests next to it say what differs.
	return slices.DeleteFunc(rows, func(r manifestRow) bool { return r.Name == "inputs.stamp" || r.Name == "config.file" }), nil
}

func flattenValue(rows []manifestRow, name string, v any) []manifestRow {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			rows = flattenValue(rows, name+"."+k, v[k])
		}
	case []any:
		seen := map[string]bool{}
		for i, e := range v {
			key := strconv.Itoa(i + 1)
			if m, ok := e.(map[string]any); ok {
				if n, ok := m["name"].(string); ok && !seen[n] {
					key = n
				}
			}
			seen[key] = true
			rows = flattenValue(rows, name+"."+key, e)
		}
	default:
		rows = append(rows, manifestRow{name, fmt.Sprint(v)})
	}
	return rows
}

// Pairing is what is known of the differences of two runs cell by cell: their intervals, where both left out the same groups.
type Pairing struct {
	Found map[results.Key]results.Difference
	Why   string // there are none, where there are none
}

// Versus makes the page that compares two runs: its cells are ours minus
// theirs, and its figures those of ours drawn of the differences, without what is the same in both. name and
// otherName are the names of the runs. Cells that only one of the runs has are
// counted in what to doubt; it is an error when they share none.
func Versus(name, otherName string, ours, theirs Page, changes []Change, pairing Pairing) (Page, error) {
	d := differences(ours.Cells, theirs.Cells, pairing.Found)
	if len(d) == 0 {
		return Page{}, fmt.Errorf("the runs %s and %s have no cell in common: no comparison of both has the same name, metric, variant and layers", name, otherName)
	}
	out := Page{
		Title: name + " minus " + otherName, Changes: changes, Manifest: ours.Manifest, Sources: ours.Sources,
		Lead:     fmt.Sprintf("Each value is that of the run %s minus that of the run %s.", name, otherName),
		Compared: ours.Compared, Formats: ours.Formats,
	}
	if len(changes) == 0 {
		out.Changes = []Change{} // a page of two runs even where nothing changed
		out.StandsOut = append(out.StandsOut, "Config, inputs and versions of the runs are the same.")
	}
	alone := func(name, other string, n int) {
		if n > 0 {
			out.Doubt = append(out.Doubt, fmt.Sprintf("%s of %s %s no counterpart in %s and %s left out.", figures.Plural(n, "cell"), name, hasHave(n), other, wasWere(n)))
		}
	}
	alone(name, otherName, len(ours.Cells)-len(d))
	alone(otherName, name, len(theirs.Cells)-len(d))
	if len(pairing.Found) == 0 {
		out.Doubt = append(out.Doubt, "Differences have no interval, so it is not known how sure they are: "+pairing.Why+".")
	}
	out.Between, out.Cells = answers.Between(&answers.Run{Sources: ours.Sources, Cells: d, Figures: ours.Figures}, name, otherName)
	out.Figures = figures.OfDifferences(ours.Figures, out.Cells, ": "+name+" minus "+otherName)
	for i := range out.Between { // not every figure is drawn of differences
		for k := range out.Between[i].Sentences {
			s := &out.Between[i].Sentences[k]
			if !slices.ContainsFunc(out.Figures, func(f figures.Figure) bool { return f.Name == s.Figure }) {
				s.Figure = ""
			}
		}
	}
	for i := range out.Figures {
		sayOtherN(&out.Figures[i], out.Cells, theirs.Cells, otherName)
	}
	return out, nil
}

// sayOtherN says in the caption of a figure of differences, whose n is that of our rows, how many rows theirs are where they are
// not as many.
func sayOtherN(f *figures.Figure, differences, theirs []results.Cell, otherName string) {
	at := make(map[results.Key]int, len(theirs))
	for i := range theirs {
		at[theirs[i].Key()] = theirs[i].N
	}
	var other []int
	unlike := false
	for i := range differences {
		d := &differences[i]
		if d.Comparison != f.Comparison || !slices.ContainsFunc(f.Measures(), func(m results.Measure) bool {
			return m.Same(results.Measure{Metric: d.Metric, Variant: d.Variant, Params: d.Params})
		}) {
			continue
		}
		n := at[d.Key()]
		other = append(other, n)
		unlike = unlike || n != d.N
	}
	if !unlike {
		return
	}
	least, most := slices.Min(other), slices.Max(other)
	n := strconv.Itoa(least)
	if most > least {
		n += " to " + strconv.Itoa(most)
	}
	f.Caption = strings.TrimSpace(figures.Sentence(f.Caption) + fmt.Sprintf(" n of %s is %s.", otherName, n))
}

// differences returns a cell for each cell of ours that has a partner among
// theirs (same comparison, metric, variant, params, x and y): its value is ours minus
// theirs, with an interval and the p of there being no difference where they are paired. Where one of the two has no value, the
// difference has none, and says whose is missing.
func differences(ours, theirs []results.Cell, paired map[results.Key]results.Difference) []results.Cell {
	at := make(map[results.Key]*results.Cell, len(theirs))
	for i := range theirs {
		at[theirs[i].Key()] = &theirs[i]
	}
	var list []results.Cell
	for i := range ours {
		a := &ours[i]
		b, ok := at[a.Key()]
		if !ok {
			continue
		}
		d := results.Cell{Comparison: a.Comparison, Metric: a.Metric, Variant: a.Variant, X: a.X, Y: a.Y, Params: a.Params, Rows: a.Rows, N: a.N, DX: a.DX, DY: a.DY}
		switch {
		case a.Value == nil:
			d.Error = "no value in the first: " + a.Error
		case b.Value == nil:
			d.Error = "no value in the second: " + b.Error
		default:
			v := *a.Value - *b.Value
			if math.Abs(v) < rounding {
				v = 0
			}
			d.Value = &v
			if p, ok := paired[a.Key()]; ok && v != 0 {
				d.Lo, d.Hi, d.P = &p.Lo, &p.Hi, &p.P
			}
			if a.N != b.N {
				d.Warnings = []string{fmt.Sprintf("n differs: %d and %d", a.N, b.N)}
			}
		}
		list = append(list, d)
	}
	return list
}

// rounding is the size of differences that the order of sums explains. They are none, so that no scale of colours is made of them.
const rounding = 1e-6
