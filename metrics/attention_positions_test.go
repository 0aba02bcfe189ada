package metrics

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// headMap is a map of so many rows, cell by cell.
func headMap(rows int, cell func(q, k int) float64) [][]float64 {
	out := make([][]float64, rows)
	for q := range out {
		for k := range rows {
			out[q] = append(out[q], cell(q, k))
		}
	}
	return out
}

func uniformMap(rows int) [][]float64 {
	return headMap(rows, func(int, int) float64 { return 1 / float64(rows) })
}

// previous looks at the frame before, the first at itself.
func previous(rows int) [][]float64 {
	return headMap(rows, func(q, k int) float64 {
		if k == max(q-1, 0) {
			return 1
		}
		return 0
	})
}

// positionsOf sums up utterances of one layer.
func positionsOf(t *testing.T, heads int, utterances ...[][][]float64) *AttentionPositions {
	t.Helper()
	a := NewAttentionPositions([]int{heads})
	for _, u := range utterances {
		if err := a.Add([]Matrix{mapsOf(u)}, Sequence{Frames: len(u[0]), Patches: 1}); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func position(t *testing.T, list []RelativePosition, d int) RelativePosition {
	t.Helper()
	for _, p := range list {
		if p.From <= d && d <= p.To {
			return p
		}
	}
	t.Fatalf("no pair has the position %d", d)
	return RelativePosition{}
}

// TestAttentionPositions: a head that looks at the frame before, and one that spreads its attention evenly, in utterances of 3, 5 and 200 frames.
func TestAttentionPositions(t *testing.T) {
	var utterances [][][][]float64
	for _, rows := range []int{3, 5, 200} {
		utterances = append(utterances, [][][]float64{previous(rows), uniformMap(rows)})
	}
	a := positionsOf(t, 2, utterances...)
	before, uniform := a.Head(0, 0), a.Head(0, 1)
	if len(before) != positionBins || len(uniform) != positionBins {
		t.Fatalf("%d and %d positions", len(before), len(uniform))
	}
	// Of 208 queries 3 have no frame before them: these look at themselves.
	p := position(t, before, -1)
	if p.Pairs != 205 {
		t.Errorf("%d pairs are a frame apart", p.Pairs)
	}
	near(t, "the mean at the frame before", p.Mean, 1, 1e-12)
	near(t, "its share", p.Share, 205./208, 1e-12)
	near(t, "the mean at the frame itself", position(t, before, 0).Mean, 3./208, 1e-12)
	for _, d := range []int{-300, -2, 1, 64, 65} {
		near(t, "the mean elsewhere", position(t, before, d).Mean, 0, 1e-12)
	}
	// A frame is attended to by 1/3 in the first utterance, by 1/5 in the second: a position has the mean over the pairs that have it.
	near(t, "the uniform mean at 2", position(t, uniform, 2).Mean, (1./3+3./5+198./200)/(1+3+198), 1e-12)
	near(t, "the uniform mean at -4", position(t, uniform, -4).Mean, (1./5+196./200)/(1+196), 1e-12)
	near(t, "the uniform mean at 64", position(t, uniform, 64).Mean, 1./200, 1e-12)
	far := position(t, uniform, 65)
	if far.From != 65 || far.To != math.MaxInt || position(t, uniform, -65).From != math.MinInt || position(t, uniform, -65).To != -65 {
		t.Errorf("beyond the window is %+v", far)
	}
	if pairs := 135 * 136 / 2; far.Pairs != pairs {
		t.Errorf("%d pairs are beyond the window, expected %d", far.Pairs, pairs)
	}
	for _, list := range [][]RelativePosition{before, uniform} {
		share := 0.
		for k, p := range list {
			share += p.Share
			near(t, "what evenly spread attention is", p.Uniform, uniform[k].Mean, 1e-12)
		}
		near(t, "all shares", share, 1, 1e-12)
	}
	if short := positionsOf(t, 1, [][][]float64{previous(3)}).Head(0, 0); len(short) != 5 || short[0].From != -2 {
		t.Errorf("an utterance of three frames has the positions %+v", short)
	}
}

// TestAttentionPiecesAndPatches: what is encoded apart are sequences of their own, and rows of one time step are one position.
func TestAttentionPiecesAndPatches(t *testing.T) {
	pieces := headMap(7, func(q, k int) float64 {
		if q/3 != k/3 {
			return 0
		}
		return 1 / float64(min(3, 7-q/3*3))
	})
	a := NewAttentionPositions([]int{1})
	if err := a.Add([]Matrix{mapsOf([][][]float64{pieces})}, Sequence{Frames: 7, Patches: 1, Piece: 3}); err != nil {
		t.Fatal(err)
	}
	list := a.Head(0, 0)
	if len(list) != 5 {
		t.Fatalf("the positions are %+v", list)
	}
	for _, p := range list {
		near(t, "the mean in a piece", p.Mean, p.Uniform, 1e-12)
	}
	near(t, "the mean at 1", position(t, list, 1).Mean, 1./3, 1e-12)
	near(t, "the mean at 0", position(t, list, 0).Mean, 3./7, 1e-12)

	b := NewAttentionPositions([]int{1})
	if err := b.Add([]Matrix{mapsOf([][][]float64{uniformMap(6)})}, Sequence{Frames: 6, Patches: 2}); err != nil {
		t.Fatal(err)
	}
	list = b.Head(0, 0)
	if len(list) != 5 || position(t, list, 2).Pairs != 4 || position(t, list, 0).Pairs != 12 {
		t.Errorf("three time steps of two patches have the positions %+v", list)
	}
	near(t, "the share of the time step itself", position(t, list, 0).Share, 1./3, 1e-12)
	near(t, "the mean of patches", position(t, list, -2).Mean, 1./6, 1e-12)
	if err := b.Add([]Matrix{mapsOf([][][]float64{uniformMap(5)})}, Sequence{Frames: 5, Patches: 2}); err == nil {
		t.Error("5 rows of time steps of 2 are taken")
	}
}

// randomMaps are maps of two layers in float32, whose rows sum to 1.
func randomMaps(r *rand.Rand, rows int) []Matrix {
	var list []Matrix
	for _, heads := range []int{2, 3} {
		x := Matrix{Rows: rows * rows, Cols: heads, ColMajor: true}
		for range heads * rows {
			row, sum := make([]float32, rows), float32(0)
			for k := range row {
				row[k] = r.Float32()
				sum += row[k]
			}
			for _, v := range row {
				x.Data = append(x.Data, v/sum)
			}
		}
		list = append(list, x)
	}
	return list
}

// TestAttentionPositionsMerge: parts that are written, read and merged are the whole.
func TestAttentionPositionsMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	whole, merged := NewAttentionPositions([]int{2, 3}), NewAttentionPositions([]int{2, 3})
	for _, rows := range []int{1, 4, 0, 90, 150} {
		maps, part := randomMaps(r, rows), NewAttentionPositions([]int{2, 3})
		for _, a := range []*AttentionPositions{whole, part} {
			if err := a.Add(maps, Sequence{Frames: rows, Patches: 1}); err != nil {
				t.Fatal(err)
			}
		}
		var file bytes.Buffer
		if _, err := part.WriteTo(&file); err != nil {
			t.Fatal(err)
		}
		if size := int64(file.Len()) - PositionBytes(5); size < 0 || size > 100 {
			t.Errorf("a file has %d bytes, foretold were %d", file.Len(), PositionBytes(5))
		}
		if err := Verify(bytes.NewReader(file.Bytes())); err != nil {
			t.Error(err)
		}
		back, err := ReadAttentionPositions(&file)
		if err != nil {
			t.Fatal(err)
		}
		if err := merged.Merge(back); err != nil {
			t.Fatal(err)
		}
	}
	for layer, heads := range []int{2, 3} {
		for head := range heads {
			if !slices.Equal(whole.Head(layer, head), merged.Head(layer, head)) {
				t.Errorf("head %d of layer %d differs", head, layer)
			}
		}
	}
	if err := merged.Merge(NewAttentionPositions([]int{2})); err == nil {
		t.Error("sums of other layers are merged")
	}
}

func TestAttentionPositionsFaults(t *testing.T) {
	maps := randomMaps(rand.New(rand.NewPCG(3, 4)), 8)
	a := NewAttentionPositions([]int{2, 3})
	maps[1].Data[70] = float32(math.NaN())
	var bad *NonFiniteError
	if err := a.Add(maps, Sequence{Frames: 8, Patches: 1}); !errors.As(err, &bad) || bad.Layer != 1 || bad.Row != 6 || bad.Unit != 1 {
		t.Errorf("a NaN is %v", err)
	}
	if len(a.Head(0, 0)) != 0 {
		t.Error("something of an utterance with a NaN was added")
	}
	if err := a.Add(maps, Sequence{Frames: 7, Patches: 1}); err == nil || !strings.Contains(err.Error(), "[49 cells, 2 heads]; it is [64, 2]") {
		t.Errorf("maps of another size: %v", err)
	}
	if err := a.Add(maps[:1], Sequence{Frames: 8, Patches: 1}); err == nil {
		t.Error("one map is taken for two layers")
	}
}

// FuzzReadAttentionPositions: no file is taken that was not written.
func FuzzReadAttentionPositions(f *testing.F) {
	var file bytes.Buffer
	NewAttentionPositions([]int{1, 2}).WriteTo(&file)
	f.Add(file.Bytes())
	f.Add(file.Bytes()[:40])
	f.Add([]byte(positionMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ReadAttentionPositions(bytes.NewReader(data))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if a.WriteTo(&again); !bytes.Equal(again.Bytes(), data) {
			t.Errorf("what is read is written as %d bytes, not %d", again.Len(), len(data))
		}
	})
}

func BenchmarkAttentionPositions(b *testing.B) {
	const rows, heads, layers = 499, 12, 12 // a base model, 10 s
	a := NewAttentionPositions(slices.Repeat([]int{heads}, layers))
	x := Matrix{Rows: rows * rows, Cols: heads, ColMajor: true, Data: make([]float32, rows*rows*heads)}
	maps := slices.Repeat([]Matrix{x}, layers)
	for b.Loop() {
		if err := a.Add(maps, Sequence{Frames: rows, Patches: 1}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/utterance")
}
