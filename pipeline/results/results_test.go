package results

import (
	"bytes"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files again")

func ptr(v float64) *float64 { return &v }

// sample holds a cell of each kind: whole, with the fewest fields, with hard
// numbers, directed with warnings, and one that could not be computed.
func sample() []Cell {
	return []Cell{
		{Comparison: "figure-1", Metric: "cka", Variant: "debiased", X: Layer{"hubert-base", "7"}, Y: Layer{"bert", "4"},
			Rows: "word", N: 46906, DX: 768, DY: 768, Value: ptr(0.31), Lo: ptr(0.29), Hi: ptr(0.33), Approximation: ptr(0.0003), P: ptr(0.005),
			Null: &Null{Mean: 0.001, Q95: 0.004}},
		{Metric: "procrustes", X: Layer{"", "a.npy"}, Y: Layer{"", "b.npy"}, Value: ptr(1)},
		{Comparison: "figure-1", Metric: "svcca", Variant: "textbook", X: Layer{"hubert-base", "24.prenorm"}, Y: Layer{"hubert-base", "cnn.1"},
			Rows: "frame", N: 3, DX: 2, DY: 1, Value: ptr(1.0 / 3), Lo: ptr(math.SmallestNonzeroFloat64), Hi: ptr(math.MaxFloat64), P: ptr(1),
			Null:   &Null{Mean: -1e-300, Q95: 0.1 + 0.2, PMax: ptr(0.25), PFDR: ptr(0.5), Correct: CorrectFDR, Draws: 200},
			Groups: &Groups{ShareX: 0.25, ShareY: 0.5, Grouped: ptr(0.125)}},
		{Comparison: "figure-1", Metric: "neuron_neuron", Variant: "absolute", X: Layer{"é <&> \"q\", z", "1"}, Y: Layer{"bert", "0"},
			Rows: "phone", N: 12, DX: 16, DY: 16, Value: ptr(0.5),
			Warnings: []string{"n = 12 < 5 (dx + dy) = 160", "2 dead units of x dropped"}},
		{Comparison: "figure-1", Metric: "cca", Variant: "mean", X: Layer{"bert", "0"}, Y: Layer{"bert", "1"}, Rows: "word",
			N: 12, DX: 16, DY: 16, Error: "covariance of y is not finite"},
		{Comparison: "figure-3.1", Metric: "asif", Variant: "cosine", X: Layer{"wav2vec2", "7"}, Y: Layer{"glove", "vector"}, Rows: "word",
			Params: Params{P: 6, K: 250}, N: 46906, DX: 768, DY: 300, Value: ptr(0.6337),
			Retrieval: &Retrieval{Queries: 7035, Anchors: 39871, TopTypes: 0.75, TopRows: 0.7, InVocabulary: 0.7052, Ceiling: 0.8986, Majority: 0.0358}},
		{Comparison: "figure-3.1", Metric: "asif", Variant: "cosine", X: Layer{"wav2vec2", "7"}, Y: Layer{"glove", "vector"}, Rows: "word",
			Params: Params{P: 4, K: 250}, N: 46906, DX: 768, DY: 300, Value: ptr(0.6)},
		{Comparison: "rows", Metric: "cka", Variant: "biased", X: Layer{"wav2vec2", "7"}, Y: Layer{"glove", "vector"}, Rows: "word",
			Params: Params{First: 500, Level: TypeLevel}, N: 300, DX: 768, DY: 300, Value: ptr(0.2),
			P: ptr(0.01), Null: &Null{Mean: 0.1, Q95: 0.2, Calibrated: ptr(0.0), Draws: 99, About: "12 word types permuted"}},
		{Comparison: "rows", Metric: "word_distance", Variant: "phonetic", X: Layer{"wav2vec2", "7"}, Y: Layer{"glove", "vector"}, Rows: "word",
			Params: Params{Threshold: 0.05}, N: 300, DX: 768, DY: 300, Value: ptr(0.2)},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); run with -update if the change is meant:\n%s", path, diff)
	}
}

func TestGoldenFiles(t *testing.T) {
	var jsonl, flat bytes.Buffer
	if err := Write(&jsonl, sample()); err != nil {
		t.Fatal(err)
	}
	if err := WriteCSV(&flat, sample()); err != nil {
		t.Fatal(err)
	}
	golden(t, "results.jsonl", jsonl.Bytes())
	golden(t, "results.csv", flat.Bytes())
}

func TestFilesReadBack(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "results.jsonl")
	for range 2 { // the second time over a file that is there
		if err := WriteFile(path, sample()); err != nil {
			t.Fatal(err)
		}
	}
	back, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), back); diff != "" {
		t.Errorf("read(write(x)) differs from x (-want +got):\n%s", diff)
	}
	if err := WriteCSVFile(filepath.Join(dir, "results.csv"), sample()); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []Cell{{}}); err == nil {
		t.Error("a cell without names was written")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Errorf("the folder holds %v, expected the two files and no temporary one", entries)
	}
	if again, err := ReadFile(path); err != nil || len(again) != len(back) {
		t.Errorf("a write that failed harmed the file: %d cells, %v", len(again), err)
	}
}

func TestNumbersRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		v := math.Float64frombits(random.Uint64())
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		c := Cell{Metric: "m", X: Layer{"a", "1"}, Y: Layer{"b", "1"}, Value: &v}
		line, err := Line(&c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Read(bytes.NewReader(line), "line")
		if err != nil {
			t.Fatal(err)
		}
		if got := *back[0].Value; math.Float64bits(got) != math.Float64bits(v) {
			t.Fatalf("wrote %x, read %x", v, got)
		}
	}
}

func TestReadSaysWhereAndWhat(t *testing.T) {
	const good = `{"metric":"cka","x":{"model":"a","layer":"0"},"y":{"model":"b","layer":"0"},"value":1,"warnings":[]}` + "\n"
	for _, test := range []struct{ name, text, want string }{
		{"unknown key", `{"metrik":"cka"}` + "\n", `r.jsonl:1:2: unknown key "metrik", expected one of comparison, metric,`},
		{"other case", `{"Metric":"cka"}` + "\n", `r.jsonl:1:2: unknown key "Metric"`},
		{"nested key", `{"x":{"name":"a"}}` + "\n", `unknown key "name", expected one of model, layer`},
		{"twice", `{"metric":"cka","metric":"cca"}` + "\n", `r.jsonl:1:16: key "metric" occurs twice`},
		{"type", `{"metric":"cka","value":"high"}` + "\n", `value: found a JSON string, expected float64`},
		{"null", `{"metric":"cka","value":null}` + "\n", `value: found null; a field that is absent is left out`},
		{"not JSON", "metric=cka\n", `r.jsonl:1:1: not JSON`},
		{"not an object", "3\n", `expected a cell, a JSON object`},
		{"two objects", strings.TrimSuffix(good, "\n") + good, `text after the cell`},
		{"empty line", good + "\n", `r.jsonl:2: empty line`},
		{"cut off", good + `{"metric":"cka"`, `r.jsonl:2: the line has no end: the file was cut off`},
		{"no value", `{"metric":"cka","x":{"model":"a","layer":"0"},"y":{"model":"b","layer":"0"}}` + "\n", `value: missing, and there is no error`},
		{"p", strings.Replace(good, `"value":1`, `"value":1,"p":1.5`, 1), `p: 1.5, expected a probability`},
		{"half an interval", strings.Replace(good, `"value":1`, `"value":1,"lo":0`, 1), `lo, hi: one is missing`},
		{"turned interval", strings.Replace(good, `"value":1`, `"value":1,"lo":1,"hi":0`, 1), `expected lo <= hi`},
		{"same cell", good + good, `r.jsonl:2: the same comparison, metric, variant, params, x and y as line 1`},
		{"level", strings.Replace(good, `"value":1`, `"params":{"level":"token"},"value":1`, 1), `params.level: "token", expected "type" or none`},
		{"parameter", strings.Replace(good, `"value":1`, `"params":{"q":1},"value":1`, 1), `unknown key "q", expected one of p, k, first`},
		{"threshold", strings.Replace(good, `"value":1`, `"params":{"threshold":3},"value":1`, 1), `params.threshold: 3, expected a distance`},
		{"too large a number", strings.Replace(good, `"value":1`, `"value":1e999`, 1), `r.jsonl:1`},
		{"long", `{"metric":"` + strings.Repeat("a", maxLine) + `"}` + "\n", `the line has more than 1048576 bytes`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(test.text), "r.jsonl")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got the error\n\t%v\nexpected it to hold\n\t%s", err, test.want)
			}
		})
	}
	cells, err := Read(strings.NewReader("bad\n"+good+"bad\n"), "r.jsonl")
	if len(cells) != 1 || err == nil || strings.Count(err.Error(), "r.jsonl:") != 2 {
		t.Errorf("got %d cells and %v, expected the good cell and both bad lines", len(cells), err)
	}
	if _, err := Read(strings.NewReader(strings.Repeat("bad\n", 1000)), "r.jsonl"); strings.Count(err.Error(), "\n") != maxErrors {
		t.Errorf("expected %d errors and a last line, got %v", maxErrors, err)
	}
}

func TestValidateRefusesWhatIsNoNumber(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		c := sample()[0]
		c.Value = &v
		if err := Write(&bytes.Buffer{}, []Cell{c}); err == nil {
			t.Errorf("the value %v was written", v)
		}
		if err := WriteCSV(&bytes.Buffer{}, []Cell{c}); err == nil {
			t.Errorf("the value %v was written to the table", v)
		}
	}
	c := sample()[0]
	c.Error = "both"
	if c.Validate() == nil {
		t.Error("a cell with value and error passed")
	}
}

// TestTables: what is written is read back, and a mistake is named with its line.
func TestTables(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	x, y := Layer{"hubert, large", "7"}, Layer{"bert", "4"}
	differences := []Difference{
		{Comparison: "figure \"1\"", Metric: "cka", Variant: "debiased", Kind: Neighbours, X: x, Than: Layer{"hubert, large", "6"}, Y: y, Value: .1, Lo: -.2, Hi: 1. / 3, SE: .01, P: 1e-300},
		{Metric: "cka", Kind: Models, Params: Params{P: 4, K: 100, First: 50, Level: TypeLevel, Threshold: .25}, P: 1},
	}
	matches := []Match{
		{Comparison: "c", Metric: "neuron_neuron", X: x, Y: y, Unit: 3, Matched: y, MatchedUnit: 0, Value: -.5},
		{Metric: "neuron_layer", Params: Params{Threshold: .5}, Unit: 0, MatchedUnit: -1},
	}
	if err := errors.Join(WriteDifferencesFile(at("d.csv"), differences), WriteMatchesFile(at("m.csv"), matches)); err != nil {
		t.Fatal(err)
	}
	gotD, errD := ReadDifferencesFile(at("d.csv"))
	gotM, errM := ReadMatchesFile(at("m.csv"))
	if err := errors.Join(errD, errM); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(differences, gotD) + cmp.Diff(matches, gotM); diff != "" {
		t.Error(diff)
	}
	if err := WriteDifferences(&bytes.Buffer{}, []Difference{{P: math.NaN()}}); err == nil {
		t.Error("a difference that is no number was written")
	}
	for text, want := range map[string]string{
		"":    "EOF",
		"a,b": "bad.csv:1: the columns are a, b, expected",
		strings.Join(matchHeader, ",") + "\n,,,,,,,,,,,,x,,,0,1\n": `bad.csv:2: unit: "x", expected a whole number`,
		strings.Join(differenceHeader, ","):                        "bad.csv:1: the columns are",
	} {
		if err := os.WriteFile(at("bad.csv"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadMatchesFile(at("bad.csv")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestNatural(t *testing.T) {
	want := []string{"", "0", "02", "2", "9", "10", "24", "24.prenorm", "99999999999999999999", "cnn.2", "cnn.10", "cnn.10b"}
	for i, a := range want {
		for j, b := range want {
			if got := Natural(a, b); (got < 0) != (i < j && got != 0) || (got == 0) != (i == j) {
				t.Errorf("Natural(%q, %q) = %d", a, b, got)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, sample()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("{}\n[]\n{\"x\":{\"model\":[]}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cells, _ := Read(bytes.NewReader(data), "fuzz")
		var once bytes.Buffer
		if err := Write(&once, cells); err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
		back, err := Read(bytes.NewReader(once.Bytes()), "fuzz")
		if err != nil {
			t.Fatalf("what was written can't be read: %v", err)
		}
		if diff := cmp.Diff(cells, back); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestPrefixes(t *testing.T) {
	cell := func(first int, layer string, value float64) Cell {
		return Cell{Metric: "cka", X: Layer{"a", layer}, Y: Layer{"b", "v"}, Params: Params{First: first}, Value: &value}
	}
	failed := cell(50, "4", 0)
	failed.Value, failed.Error = nil, "too few"
	got := Prefixes([]Cell{
		cell(50, "1", 1), cell(50, "2", 2), cell(50, "3", 4), failed, cell(9, "1", 1),
		cell(0, "1", 30), cell(0, "2", 20), cell(0, "3", 0), cell(0, "4", 7), {Metric: "cka", X: Layer{"c", "1"}, Y: Layer{"b", "v"}, Params: Params{First: 50}, Value: ptr(1)},
	})
	if len(got) != 2 || got[0].Cells != 3 || math.Abs(got[0].Correlation+1) > 1e-12 || got[0].Params.First != 50 || !math.IsNaN(got[1].Correlation) {
		t.Errorf("got %+v", got)
	}
}

func TestRetrievedReadsBack(t *testing.T) {
	list := []Retrieved{{Comparison: "c", Metric: "asif", Variant: "cosine", Params: Params{P: 4, K: 100}, X: Layer{"a", "1"}, Y: Layer{"b", "v"},
		Word: "null, \"nan\"", Anchors: 0, Queries: 2, Right: 0, Rank: 1, Found: "and", Count: 2, Similarity: 1.0 / 3}}
	path := filepath.Join(t.TempDir(), "retrieval.csv")
	if err := WriteRetrievedFile(path, list); err != nil {
		t.Fatal(err)
	}
	back, err := ReadRetrievedFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, back); diff != "" {
		t.Errorf("read(write(x)) differs from x (-want +got):\n%s", diff)
	}
}

func TestUndefinedOf(t *testing.T) {
	value := 1.
	at := func(model, layer string) Layer { return Layer{Model: model, Layer: layer} }
	cells := []Cell{
		{X: at("a", "1"), Y: at("b", "6"), Error: "dead"},
		{X: at("a", "2"), Y: at("b", "6"), Error: "dead"},
		{X: at("b", "6"), Y: at("b", "6"), Error: "dead"},
		{X: at("a", "1"), Y: at("b", "5"), Value: &value},
		{X: at("a", "1"), Y: at("b", "2"), Error: "few"},
		{X: at("a", "2"), Y: at("b", "1"), Error: "few"},
	}
	got := UndefinedOf(cells)
	if len(got) != 2 || got.Cells() != 5 || got[0].String() != "b/6: dead" || got[0].Cells != 3 || got[1].String() != "few" {
		t.Errorf("%d: %v", got.Cells(), got)
	}
	if got := UndefinedOf(cells[3:4]); got != nil || got.Cells() != 0 {
		t.Errorf("of values alone: %v", got)
	}
}

func TestStage(t *testing.T) {
	for layer, want := range map[string]string{"cnn.1": "cnn.", "0": "", "24.prenorm": "", "24": "", "decoder.3": "decoder.", "vector": "vector", "": ""} {
		if got := Stage(layer); got != want {
			t.Errorf("%q: %q, want %q", layer, got, want)
		}
	}
}
