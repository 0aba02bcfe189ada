package models

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/models/internal/npz"
)

func golden(t *testing.T, name string) map[string]npz.Array {
	t.Helper()
	arrays, err := npz.Read(filepath.Join("testdata", "golden", name+".npz"))
	if err != nil {
		t.Fatal(err)
	}
	return arrays
}

// furthest is the largest distance of two arrays of one length.
func furthest(t *testing.T, got, want []float32) float64 {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d numbers, want %d", len(got), len(want))
	}
	var d difference
	d.add(got, want)
	return d.largest
}

// torchaudio computes in float32, so its quiet bins are off by up to 8e-4 before
// the normalisation.
func TestFilterBanksMatchTorchaudio(t *testing.T) {
	arrays := golden(t, "filterbanks")
	unit := func(f *filterBank) *filterBank { // without the normalisation
		spec := f.filterBankSpec
		spec.mean, spec.deviation = 0, 1
		return newFilterBank(spec)
	}
	tests := []struct {
		name   string
		bank   *filterBank
		in     []float32
		within float64
	}{
		{"beats_fbank_raw", unit(beatsFilterBank()), arrays["speech_16k"].Floats, 2e-3},
		{"beats_fbank_normalised", beatsFilterBank(), arrays["speech_16k"].Floats, 2e-3 / 13},
		{"beats_fbank_raw_zeros800", unit(beatsFilterBank()), make([]float32, 800), 1e-5},
		{"encodecmae_mel_raw", unit(encodecMAEFilterBank()), arrays["speech_24k"].Floats, 2e-3},
		{"encodecmae_mel_normalised", encodecMAEFilterBank(), arrays["speech_24k"].Floats, 2e-3 / 4.8},
		{"encodecmae_mel_raw_zeros1591", unit(encodecMAEFilterBank()), make([]float32, 1591), 1e-5},
	}
	for _, tt := range tests {
		got, shape := tt.bank.feed(tt.in)
		want := arrays[tt.name]
		if len(want.Shape) != 2 || !slices.Equal(shape, []int64{1, int64(want.Shape[0]), int64(want.Shape[1])}) {
			t.Fatalf("%s: shape %v, want %v", tt.name, shape, want.Shape)
		}
		if d := furthest(t, got, want.Floats); d > tt.within {
			t.Errorf("%s: differs by %g, more than %g", tt.name, d, tt.within)
		}
	}
}

// Triangles between two bins are empty and stay so.
func TestEmptyMelFilters(t *testing.T) {
	empty := func(f *filterBank) (list []int) {
		for i, filter := range f.filters {
			if filter.weights == nil {
				list = append(list, i)
			}
		}
		return list
	}
	if got := empty(beatsFilterBank()); !slices.Equal(got, []int{3}) {
		t.Errorf("BEATs: empty filters %v, want 3", got)
	}
	if got := empty(encodecMAEFilterBank()); !slices.Equal(got, []int{1, 4, 9, 14, 19}) {
		t.Errorf("EncodecMAE: empty filters %v, want 1, 4, 9, 14, 19", got)
	}
}

func TestFilterBankOfTooShortInput(t *testing.T) {
	for _, n := range []int{0, 1, 399} {
		if got, shape := beatsFilterBank().feed(make([]float32, n)); len(got) != 0 || shape[1] != 0 {
			t.Errorf("%d samples have %v frames", n, shape)
		}
	}
}

// Front ends, chunks, masks, tails and graphs together give what the originals
// give: BEATs, EncodecMAE and Microsoft's WavLM, from their own code.
func TestModelsMatchTheirOriginals(t *testing.T) {
	rt := testRuntime(t)
	for _, name := range []string{"beats", "encodecmae-v1", "encodecmae-v2", "wavlm-base", "wavlm-large"} {
		t.Run(name, func(t *testing.T) {
			m, err := rt.Load(filepath.Join("testdata", "golden", name+".onnx"), Options{Layers: []string{"all"}})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			arrays := golden(t, name)
			input := arrays["input"].Floats
			parts := map[string][]float32{"whole": input, "long": arrays["long"].Floats}
			if len(input) > 96100 {
				parts["short"], parts["masked"], parts["tail"] = input[:19323], input[:95500], input[96000:96100]
			}
			compared := 0
			for part, samples := range parts {
				compared += comparePart(t, m, part, samples, arrays)
			}
			if compared < 5 {
				t.Errorf("only %d arrays were compared", compared)
			}
		})
	}
}

// comparePart runs one input, if there are arrays for it, and says how many were
// compared.
func comparePart(t *testing.T, m *Model, part string, samples []float32, arrays map[string]npz.Array) int {
	t.Helper()
	relevant := false
	for name := range arrays {
		relevant = relevant || strings.HasPrefix(name, part+".")
	}
	if !relevant {
		return 0
	}
	a, err := m.Run(context.Background(), Input{Samples: samples})
	if err != nil {
		t.Fatalf("%s: %v", part, err)
	}
	defer a.Close()
	compared := 0
	check := func(key string, got Tensor) {
		want, ok := arrays[key]
		if !ok {
			return
		}
		compared++
		if !slices.Equal(got.Shape, want.Shape) {
			t.Errorf("%s: shape %v, want %v", key, got.Shape, want.Shape)
			return
		}
		var d difference
		if d.add(got.Data, want.Floats); d.result() != Passed {
			t.Errorf("%s: differs by %g, %g of the tolerance", key, d.largest, d.share)
		}
	}
	for _, layer := range a.Layers {
		check(part+"."+layer.Name, layer)
	}
	for _, attention := range a.Attentions {
		check(part+".attention."+attention.Name, attention)
	}
	if rows, ok := arrays["query_rows"]; ok && part == "whole" {
		compared++
		checkRows(t, a.Attentions[0], rows.Ints, arrays["rows.attention.0"])
	}
	return compared
}

// checkRows compares the queries of the first chunk, and sees that they attend
// to nothing in the second.
func checkRows(t *testing.T, a Tensor, rows []int64, want npz.Array) {
	t.Helper()
	heads, chunk, frames := want.Shape[0], want.Shape[2], a.Shape[2]
	var d difference
	for h := range heads {
		for i, q := range rows {
			row := a.Data[(h*frames+int(q))*frames:][:frames]
			d.add(row[:chunk], want.Floats[(h*len(rows)+i)*chunk:][:chunk])
			for _, p := range row[chunk:] {
				if p != 0 {
					t.Fatalf("query %d of the first chunk attends to the second", q)
				}
			}
		}
	}
	if d.result() != Passed {
		t.Errorf("attention of the first chunk differs by %g", d.largest)
	}
}

// Values by hand: population variance, epsilon under the root.
func TestZeroMeanUnitVar(t *testing.T) {
	got := zeroMeanUnitVar([]float32{1, 2, 3, 6}, 0.5)
	scale := 1 / math.Sqrt(3.5+0.5)
	for i, x := range []float64{-2, -1, 0, 3} {
		if math.Abs(float64(got[i])-x*scale) > 1e-7 {
			t.Errorf("sample %d is %g, want %g", i, got[i], x*scale)
		}
	}
	for _, x := range zeroMeanUnitVar(make([]float32, 100), 1e-7) {
		if x != 0 {
			t.Fatalf("silence became %g", x)
		}
	}
}
