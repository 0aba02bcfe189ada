package answers

import (
	"strings"
	"testing"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

var cka = results.Measure{Metric: "cka", Variant: "debiased"}

// at names a layer: "hubert 3".
func at(name string) results.Layer {
	model, layer, _ := strings.Cut(name, " ")
	return results.Layer{Model: model, Layer: layer}
}

// cell has an interval of a tenth to either side and, unless p is 0, a family-wise p.
func cell(m results.Measure, x, y string, v, p float64) results.Cell {
	c := results.Cell{Comparison: "k", Metric: m.Metric, Variant: m.Variant, X: at(x), Y: at(y), Rows: "word", N: 600, Value: &v, Lo: new(v - .1), Hi: new(v + .1)}
	if p > 0 {
		c.P, c.Null = new(p), &results.Null{Mean: .02, Q95: .06, PMax: new(p), PFDR: new(p / 2), Draws: 199}
	}
	return c
}

// of is a word's part in the value of layer 1 of hubert.
func of(word string, share float64) results.Contribution {
	return results.Contribution{Comparison: "k", Metric: "cka", Variant: "debiased", X: at("hubert 1"), Y: at("types word"), Type: word, Rows: 60, Share: share, Effect: .9 * share}
}

// less is a difference whose interval holds 0 where p is above .05.
func less(kind, x, than, y string, v, p float64) results.Difference {
	half := v / 2
	if p > .05 {
		half = 2 * v
	}
	half = max(half, -half)
	return results.Difference{Comparison: "k", Metric: "cka", Variant: "debiased", Kind: kind, X: at(x), Than: at(than), Y: at(y), Value: v, Lo: v - half, Hi: v + half, P: p}
}

// words is a run of a model, its control and a baseline against word identity.
func words() *Run {
	return &Run{
		Sources: []Source{{Name: "hubert", Controls: []string{"untrained"}}, {Name: "untrained", Role: Control},
			{Name: "logmel", Words: "log-mel filters", Role: Baseline, Single: true}, {Name: "types", Words: "word identity", Role: Labels, Single: true}},
		Cells: []results.Cell{cell(cka, "hubert 0", "types word", .1, .2), cell(cka, "hubert 1", "types word", .3, .005), cell(cka, "hubert 2", "types word", .28, .005),
			cell(cka, "untrained 0", "types word", .05, .6), cell(cka, "untrained 1", "types word", .04, .6), cell(cka, "logmel logmel", "types word", .08, .01)},
		Differences: []results.Difference{
			less(results.Best, "hubert 1", "hubert 2", "types word", .02, .3), less(results.Best, "hubert 1", "hubert 0", "types word", .2, .01),
			less(results.Neighbours, "hubert 1", "hubert 0", "types word", .2, .01), less(results.Neighbours, "hubert 2", "hubert 1", "types word", -.02, .3),
			less(results.Control, "hubert 1", "untrained 0", "types word", .25, .02), less(results.Control, "hubert 1", "untrained 1", "types word", .26, .01),
			less(results.Control, "hubert 0", "untrained 0", "types word", .05, .4), less(results.Baseline, "hubert 1", "logmel logmel", "types word", .22, .2)},
		Figures: []figures.Figure{{Name: "words-cka", Comparison: "k", Metric: "cka", Variant: "debiased"}},
	}
}

// text is all that a run says of its first comparison.
func text(t *testing.T, r *Run) string {
	t.Helper()
	list := Of(r)
	if len(list) == 0 {
		t.Fatal("no answer")
	}
	var all []string
	for _, s := range list[0].Sentences {
		all = append(all, s.Text)
		for _, k := range s.Evidence {
			if k >= len(list[0].Evidence) {
				t.Fatalf("%q rests on number %d of %d", s.Text, k, len(list[0].Evidence))
			}
		}
	}
	return strings.Join(all, "\n")
}

// TestRules: each rule says what the numbers carry, and nothing where they do not.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Run)
		says   []string
		not    []string
	}{
		{"the best layer, what is above chance and by which p", nil,
			[]string{"Of hubert's 3 layers, layer 1 is highest in word identity: 0.300 (95 % CI 0.200 to 0.400), above chance (0.020 on average; family-wise p ≤ 0.005); layer 0 is not above chance."}, nil},
		{"which layers cannot be told from it", nil, []string{"Layer 2 cannot be told from it."}, nil},
		{"all layers can be told from it", func(r *Run) { r.Differences[0].P = .02 }, []string{"Each of the other layers is below it (each p ≤ 0.02)."}, nil},
		{"no layer can be told from it, after Holm's correction", func(r *Run) { r.Differences[1].P = .03 }, []string{"None of the other layers can be told from it"}, nil},
		{"no layer is above chance", func(r *Run) { r.Cells[1].Null.PMax, r.Cells[2].Null.PMax = new(.3), new(.4) },
			[]string{"No layer of hubert is above chance in word identity; layer 1 has the highest value, 0.300 (95 % CI 0.200 to 0.400); chance gives 0.020 on average and up to 0.060 in 95 % of draws (family-wise p = 0.3)."}, []string{"is highest in", "Along", "untrained control", "log-mel"}},
		{"the p of another correction", func(r *Run) { r.Cells[1].Null.Correct = results.CorrectFDR }, []string{"above chance (0.020 on average; FDR-controlled p ≤ 0.0025)"}, nil},
		{"p of each cell", func(r *Run) { r.Cells[1].Null.Correct = results.CorrectNone }, []string{"above chance (0.020 on average; uncorrected p ≤ 0.005)"}, nil},
		{"an interval that does not hold the value", func(r *Run) { r.Cells[1].Hi = new(.29) }, []string{"95 % CI 0.200 to 0.290, about the value less its bias"}, nil},
		{"an interval of other rows", func(r *Run) { r.Cells[1].Hi, r.Cells[1].Groups = new(.29), &results.Groups{Grouped: new(.25)} },
			[]string{"of rows of different groups alone, on which the value is 0.250"}, nil},
		{"the control", nil, []string{"It is above its untrained control (at best 0.050, in layer 0) by 0.250 (95 % CI 0.125 to 0.375; p = 0.02).", "Of its 2 layers, each against the same layer of the control, 1 is above it after correction for their number."}, []string{"The control is itself"}},
		{"a control that is above chance", func(r *Run) { r.Cells[3].Null.PMax = new(.01) }, []string{"The control is itself above chance in layer 0, so that being above chance is no sign of training."}, nil},
		{"a word that carries much of the value", func(r *Run) { r.Contributions = []results.Contribution{of("the", .5), of("a", .3)} },
			[]string{"“the” (60 of 600 words) carries 50 % of what the two have in common; without it the value would be about 0.165."}, []string{"“a”"}},
		{"no word carries much of the value", func(r *Run) { r.Contributions = []results.Contribution{of("the", .2)} }, nil, []string{"“the”"}},
		{"below the control", func(r *Run) { d := &r.Differences[4]; d.Value, d.Lo, d.Hi = -.25, -.4, -.1 },
			[]string{"It is below its untrained control (at best 0.050, in layer 0) by 0.250 (95 % CI 0.100 to 0.400;"}, nil},
		{"no interval of the difference", func(r *Run) { r.Differences = nil }, []string{"Its untrained control (at best 0.050, in layer 0) is beside it without an interval of the difference."}, []string{"is above its", "Along", "told from"}},
		{"the baseline, from which it cannot be told", nil, []string{"It cannot be told from log-mel filters, the acoustic baseline (0.080), difference 0.220 (95 % CI −0.220 to 0.660; p = 0.2)."}, nil},
		{"the curve", nil, []string{"Along hubert, the curve rises most from layer 0 to 1, by 0.200 (95 % CI 0.100 to 0.300; p = 0.02)."}, []string{"falls"}},
		{"a flat curve", func(r *Run) { r.Differences[2].P = .04 }, []string{"Along hubert, no step from one layer to the next can be told from 0"}, []string{"rises"}},
		{"nothing is unknown", nil, nil, []string{"Not known"}},
		{"no null", func(r *Run) {
			for i := range r.Cells {
				r.Cells[i].P, r.Cells[i].Null = nil, nil
			}
		}, []string{"Not known: whether any value is above chance, because no null was drawn."}, []string{"above chance (", "not above chance"}},
		{"no intervals", func(r *Run) {
			r.Differences = nil
			for i := range r.Cells {
				r.Cells[i].Lo, r.Cells[i].Hi = nil, nil
			}
		}, []string{"how much the values would change with other speakers and which layers differ, because there are no intervals"}, []string{"95 % CI"}},
		{"no value", func(r *Run) { r.Cells[0].Value, r.Cells[0].Error = nil, "singular" }, []string{"1 value of 6, which could not be computed"}, []string{"layer 0 is not above chance"}},
		{"no control", func(r *Run) { r.Sources[0].Controls = nil }, []string{"how much of the values of hubert is training, without an untrained control"}, []string{"its untrained control"}},
		{"no baseline", func(r *Run) { r.Cells = r.Cells[:5] }, []string{"how much the sound alone would give, without an acoustic baseline"}, []string{"log-mel"}},
		{"another metric", func(r *Run) {
			m := results.Measure{Metric: "procrustes", Variant: "score"}
			r.Cells = append(r.Cells, cell(m, "hubert 0", "types word", .5, 0), cell(m, "logmel logmel", "types word", .6, 0))
		}, []string{"By Procrustes, score, the highest values are layer 0 of hubert 0.500 and log-mel filters 0.600."}, nil},
		{"another variant that agrees", func(r *Run) {
			r.Cells = append(r.Cells, cell(results.Measure{Metric: "cka", Variant: "biased"}, "hubert 1", "types word", .31, .005))
		}, nil, []string{"biased variant"}},
		{"another variant that disagrees", func(r *Run) {
			m := results.Measure{Metric: "cka", Variant: "biased"}
			r.Cells = append(r.Cells, cell(m, "hubert 0", "types word", .8, .005), cell(m, "hubert 1", "types word", .7, .1))
		}, []string{"The biased variant disagrees on hubert: it has its highest value at layer 0, gives layer 1 of hubert 0.700, outside the interval of the debiased value and does not find it above chance (family-wise p = 0.1)."}, nil},
		{"between models", func(r *Run) {
			r.Sources = append(r.Sources, Source{Name: "wavlm"})
			r.Cells = append(r.Cells, cell(cka, "wavlm 0", "types word", .25, .005))
			r.Differences = append(r.Differences, less(results.Models, "hubert 1", "wavlm 0", "types word", .05, .01), less(results.Models, "hubert 1", "untrained 0", "types word", .25, .01))
		}, []string{"Layer 0 of wavlm has word identity 0.250", "Between models: layer 1 of hubert is above layer 0 of wavlm by 0.050 (95 % CI 0.025 to 0.075; p = 0.01)."}, []string{"Between models: layer 1 of hubert is above layer 0 of untrained"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := words()
			if c.change != nil {
				c.change(r)
			}
			got := text(t, r)
			for _, want := range c.says {
				if !strings.Contains(got, want) {
					t.Errorf("does not say %q:\n%s", want, got)
				}
			}
			for _, wrong := range c.not {
				if strings.Contains(got, wrong) {
					t.Errorf("says %q:\n%s", wrong, got)
				}
			}
		})
	}
}

// TestGlance: the line of a model says what its paragraph says.
func TestGlance(t *testing.T) {
	r := words()
	want := Glance{Model: "hubert", Layer: "1", Ties: "2", Value: "0.300", Interval: "0.200 to 0.400", Chance: "above, p\u00a0≤\u00a00.005", Control: "+0.250, p\u00a0=\u00a00.02; above in 1 of 2 layers", Baseline: "+0.220, p\u00a0=\u00a00.2"}
	if got := Of(r)[0].Glance; len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	r = words()
	r.Sources[0].Controls, r.Differences[1].P, r.Cells[1].P, r.Cells[1].Null = nil, .9, nil, nil
	want.Ties, want.Chance, want.Control = "all others", "not tested", "none"
	chance := words()
	chance.Cells[1].Null.PMax, chance.Cells[2].Null.PMax = new(.3), new(.4)
	if got := Of(chance)[0].Glance[0]; got.Control != "–" || got.Baseline != "–" {
		t.Errorf("of values like chance: %+v", got)
	}
	if got := Of(r)[0].Glance; len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestLayersOfY: of several layers of y, the one with the highest value of a model that is asked about is spoken of.
func TestLayersOfY(t *testing.T) {
	r := &Run{Sources: []Source{{Name: "logmel", Role: Baseline}}, Cells: []results.Cell{cell(cka, "logmel logmel", "bert 0", .9, 0), cell(cka, "hubert 0", "bert 0", .1, 0),
		cell(cka, "hubert 1", "bert 0", .2, 0), cell(cka, "logmel logmel", "bert 1", .2, 0), cell(cka, "hubert 0", "bert 1", .4, 0), cell(cka, "hubert 1", "bert 1", .3, 0)}}
	a := Of(r)[0]
	if want := "Of hubert's 2 layers, layer 0 is most similar to layer 1 of bert: 0.400 (95 % CI 0.300 to 0.500)."; a.Sentences[0].Text != want {
		t.Errorf("got %q, want %q", a.Sentences[0].Text, want)
	}
	if a.Title != "Likeness to bert" || !strings.Contains(a.About, "with layer 1 of bert, of its 2 layers") {
		t.Errorf("%s: %s", a.Title, a.About)
	}
}

// TestPairs: models that are compared with one another.
func TestPairs(t *testing.T) {
	biased := results.Measure{Metric: "cka", Variant: "biased"}
	r := &Run{Cells: []results.Cell{cell(cka, "a 0", "a 1", .6, 0), cell(cka, "a 1", "a 2", .7, 0), cell(cka, "a 0", "b 0", .3, 0), cell(cka, "a 1", "b 0", .4, 0), cell(cka, "a 2", "b 0", .2, 0),
		cell(biased, "a 0", "a 1", .6, 0), cell(biased, "a 0", "b 0", .9, 0)},
		Differences: []results.Difference{less(results.Best, "a 1", "a 0", "b 0", .1, .3), less(results.Best, "a 1", "a 2", "b 0", .2, .01)}}
	got := text(t, r)
	for _, want := range []string{"a and b are most similar at layers 1 and 0: 0.400 (95 % CI 0.300 to 0.500).", "Of a's layers with layer 0 of b, layer 0 cannot be told from it",
		"is 0.650 within models (without a layer with itself) and 0.300 between models", "the least similar are layers 0 and 1 of a: 0.600",
		"By CKA, biased, other layers are most similar in 1 of 1 pair of models: a 0 with b 0 (0.900).", "Not known: what the values of unrelated layers would be"} {
		if !strings.Contains(got, want) {
			t.Errorf("does not say %q:\n%s", want, got)
		}
	}
}

// TestLinks: a sentence names the figure that shows it.
func TestLinks(t *testing.T) {
	a := Of(words())[0]
	if s := a.Sentences[0]; s.Figure != "words-cka" || len(s.Evidence) != 1 || a.Evidence[s.Evidence[0]].X != at("hubert 1") {
		t.Errorf("%+v", s)
	}
}

// TestLayersIn: three layers in a row are a range.
func TestLayersIn(t *testing.T) {
	var cells []*results.Cell
	for _, l := range []string{"cnn.1", "0", "1", "2", "3", "4", "5"} {
		cells = append(cells, &results.Cell{X: results.Layer{Layer: l}})
	}
	for list, want := range map[string]string{"0": "layer 0", "0 1": "layers 0 and 1", "0 1 2 5": "layers 0 to 2 and 5", "cnn.1 1 2 4": "layers cnn.1, 1, 2 and 4"} {
		in := strings.Fields(list)
		if got, n := layersIn(cells, func(l results.Layer) bool {
			for _, name := range in {
				if name == l.Layer {
					return true
				}
			}
			return false
		}); got != want || n != len(in) {
			t.Errorf("%s: %s, %d", list, got, n)
		}
	}
}
