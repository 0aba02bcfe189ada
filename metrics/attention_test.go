package metrics

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

type attentionGolden struct {
	A, B      [][][][]float64 // [utterance][head][query][key]
	MaxCorr   directions      `json:"MaxCorr"`
	Pearson   directions      `json:"PearsonMaxCorr"`
	JSMaxCorr directions      `json:"JSMaxCorr"`
}

type directions struct {
	AB float64 `json:"a_to_b"`
	BA float64 `json:"b_to_a"`
}

// mapsOf returns [T*T, heads], ColMajor.
func mapsOf(heads [][][]float64) Matrix {
	x := Matrix{Rows: len(heads[0]) * len(heads[0]), Cols: len(heads), ColMajor: true}
	for _, head := range heads {
		for _, row := range head {
			x.Data64 = append(x.Data64, row...)
		}
	}
	return x
}

func rowsOf(t *testing.T, b Backend, pairs [][2]int, heads ...int) *AttentionRows {
	t.Helper()
	a, err := NewAttentionRows(b, heads, pairs, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestGoldenAttention(t *testing.T) {
	g := goldenOf[attentionGolden](t, "attention_metrics.json")
	eachBackend(t, func(t *testing.T, b Backend) {
		whole := rowsOf(t, b, [][2]int{{0, 1}, {1, 0}, {0, 0}}, 3, 2)
		for u := range g.A {
			part := rowsOf(t, b, [][2]int{{0, 1}, {1, 0}, {0, 0}}, 3, 2)
			if err := part.Add(context.Background(), []Matrix{mapsOf(g.A[u]), mapsOf(g.B[u])}, len(g.A[u][0])); err != nil {
				t.Fatal(err)
			}
			var file bytes.Buffer
			if _, err := part.WriteTo(&file); err != nil {
				t.Fatal(err)
			}
			back, err := ReadAttentionRows(&file, b, 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := whole.Merge(back); err != nil {
				t.Fatal(err)
			}
		}
		for variant, want := range map[string]directions{"frobenius": g.MaxCorr, "elkheir2024": g.Pearson, "js": g.JSMaxCorr} {
			for k, w := range []float64{want.AB, want.BA} {
				v, err := whole.Value(k, 1-k, variant)
				if err != nil {
					t.Fatal(err)
				}
				near(t, variant, v.Value, w, 1e-12)
			}
		}
		// Of itself: every head finds itself.
		for variant, want := range map[string]float64{"frobenius": 1, "js": 1, "elkheir2024": (3. + 5 + 8) / (4 + 6 + 9)} {
			v, err := whole.Value(0, 0, variant)
			if err != nil {
				t.Fatal(err)
			}
			near(t, variant+" of itself", v.Value, want, 1e-12)
			for h, match := range v.Match {
				if match.X != h || match.Y != h {
					t.Errorf("%s: head %d finds head %d", variant, h, match.Y)
				}
			}
		}
	})
}

// softmaxMaps are random maps of T queries whose rows sum to 1.
func softmaxMaps(r *rand.Rand, heads, frames int) Matrix {
	x := Matrix{Rows: frames * frames, Cols: heads, ColMajor: true, Data: make([]float32, frames*frames*heads)}
	for row := 0; row < len(x.Data); row += frames {
		sum := 0.0
		for k := range frames {
			e := math.Exp(r.NormFloat64())
			x.Data[row+k] = float32(e)
			sum += e
		}
		for k := range frames {
			x.Data[row+k] /= float32(sum)
		}
	}
	return x
}

func TestAttentionOrderAndWorkers(t *testing.T) {
	r := random(80)
	var maps [][]Matrix
	frames := []int{3, 190, 1, 12}
	for _, f := range frames {
		maps = append(maps, []Matrix{softmaxMaps(r, 4, f), softmaxMaps(r, 3, f), softmaxMaps(r, 4, f)})
	}
	var first []byte
	for _, workers := range []int{1, 2, 8} {
		a, err := NewAttentionRows(PureGo(), []int{4, 3, 4}, nil, nil, workers)
		if err != nil {
			t.Fatal(err)
		}
		for u := range maps {
			if err := a.Add(context.Background(), maps[u], frames[u]); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		if _, err := a.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b.Bytes()
		} else if !bytes.Equal(first, b.Bytes()) {
			t.Errorf("%d workers give other bits than one", workers)
		}
	}
	if _, err := ReadAttentionRows(strings.NewReader(strings.Replace(string(first), `"Frames":206`, `"Frames":207`, 1)), PureGo(), 1); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Error("a changed file was read:", err)
	}
}

// TestAttentionPearson: all cells of all utterances are the sample; a head with
// itself is 1, and constant attention is left out.
func TestAttentionPearson(t *testing.T) {
	r := random(81)
	var cells [2][][]float64
	m, err := NewMoments(PureGo(), []int{2, 3}, Options{Pairs: [][2]int{{0, 1}}, CrossOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for k := range cells {
		cells[k] = make([][]float64, m.Dim(k))
	}
	for _, frames := range []int{5, 60, 9} {
		maps := []Matrix{softmaxMaps(r, 2, frames), softmaxMaps(r, 3, frames)}
		if err := m.Add(context.Background(), maps); err != nil {
			t.Fatal(err)
		}
		for k, x := range maps {
			for h := range x.Cols {
				for _, v := range x.Data[h*x.Rows : (h+1)*x.Rows] {
					cells[k][h] = append(cells[k][h], float64(v))
				}
			}
		}
	}
	want := 0.0
	for _, a := range cells[0] {
		best := -1.0
		for _, b := range cells[1] {
			ma, mb, ab, aa, bb := average(a), average(b), 0.0, 0.0, 0.0
			for k := range a {
				ab += (a[k] - ma) * (b[k] - mb)
				aa += (a[k] - ma) * (a[k] - ma)
				bb += (b[k] - mb) * (b[k] - mb)
			}
			best = max(best, ab/math.Sqrt(aa*bb))
		}
		want += best / 2
	}
	near(t, "pearson", value(t, m, "attention", "pearson", 0, 1).Value, want, 1e-7)
}

func TestAttentionRefusals(t *testing.T) {
	r := random(82)
	a := rowsOf(t, PureGo(), nil, 2, 2)
	good := softmaxMaps(r, 2, 4)
	flat := Matrix{Rows: 16, Cols: 2, ColMajor: true, Data: make([]float32, 32)}
	for k := range flat.Data {
		flat.Data[k] = .25
	}
	bad := softmaxMaps(r, 2, 4)
	bad.Data[20] = float32(math.NaN())
	ctx := context.Background()
	if _, err := a.Value(0, 1, "js"); err == nil {
		t.Error("a value of no utterances")
	}
	for name, maps := range map[string][]Matrix{
		"layers": {good}, "heads": {good, softmaxMaps(r, 3, 4)}, "frames": {good, softmaxMaps(r, 2, 5)},
		"by row": {good, {Rows: 16, Cols: 2, Data: good.Data}}, "NaN": {good, bad},
	} {
		if err := a.Add(ctx, maps, 4); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := a.Add(ctx, []Matrix{good, flat}, 4); err != nil {
		t.Fatal(err)
	}
	v, err := a.Value(0, 1, "elkheir2024")
	if err != nil || v.Value != 0 || len(v.Warnings) != 1 {
		t.Error("constant attention:", v, err)
	}
	if _, err := NewAttentionRows(PureGo(), []int{2}, nil, []string{"frobenus"}, 1); err == nil || !strings.Contains(err.Error(), `"frobenius"`) {
		t.Error(err)
	}
}

func FuzzReadAttentionRows(f *testing.F) {
	a, err := NewAttentionRows(PureGo(), []int{2, 1}, nil, nil, 1)
	if err != nil {
		f.Fatal(err)
	}
	r := random(83)
	if err := a.Add(context.Background(), []Matrix{softmaxMaps(r, 2, 3), softmaxMaps(r, 1, 3)}, 3); err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := a.WriteTo(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ReadAttentionRows(bytes.NewReader(data), PureGo(), 1)
		if err != nil {
			return
		}
		for _, p := range a.state.Pairs {
			for _, v := range a.state.Variants {
				_, _ = a.Value(p[0], p[1], v) // must not panic
			}
		}
	})
}
