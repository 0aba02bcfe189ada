package metrics

import (
	"context"
	"testing"
	"time"

	"speechsim/metrics/internal/linalg"
)

// benchBlock are n layers of 2048 rows; a benchmark adds them again and again.
func benchBlock(layers, units int) []Matrix {
	r := random(99)
	block := make([]Matrix, layers)
	for i := range block {
		block[i] = Matrix{Rows: 2048, Cols: units, Stride: units, Data: make([]float32, 2048*units)}
		for k := range block[i].Data {
			block[i].Data[k] = float32(r.ExpFloat64())
		}
	}
	return block
}

// bipartite are the pairs of the first x layers with the other y.
func bipartite(x, y int) [][2]int {
	var pairs [][2]int
	for i := range x {
		for j := range y {
			pairs = append(pairs, [2]int{i, x + j})
		}
	}
	return pairs
}

// BenchmarkCKA12x12 is the map of two base models on LibriSpeech's dev-clean:
// n = 46906, d = 768, biased and debiased. x-bare-products is its time over
// that of the BLAS products alone, which run in between, block by block, so that
// both see the same machine.
func BenchmarkCKA12x12(b *testing.B) { benchmarkCKA(b, 12, 46906) }

// BenchmarkCKA3x3 is the same with few layers and rows.
func BenchmarkCKA3x3(b *testing.B) { benchmarkCKA(b, 3, 8192) }

func benchmarkCKA(b *testing.B, layers, n int) {
	backend := openBLAS(b)
	block := benchBlock(2*layers, 768)
	dims := make([]int, 2*layers)
	for i := range dims {
		dims[i] = 768
	}
	for b.Loop() {
		var ours, bare time.Duration
		m, err := NewMoments(backend, dims, Options{Pairs: bipartite(layers, layers), SquaredNorms: true})
		if err != nil {
			b.Fatal(err)
		}
		for from := 0; from < n; from += 2048 {
			rows := slice(block, 0, min(2048, n-from))
			start := time.Now()
			if err := m.Add(context.Background(), rows); err != nil {
				b.Fatal(err)
			}
			ours += time.Since(start)
			start = time.Now()
			bareProducts(backend, rows, layers)
			bare += time.Since(start)
		}
		start := time.Now()
		for _, variant := range []string{"biased", "debiased"} {
			for _, p := range bipartite(layers, layers) {
				value(b, m, "cka", variant, p[0], p[1])
			}
		}
		cells := time.Since(start)
		ours += cells
		b.ReportMetric(ours.Seconds(), "s/map")
		b.ReportMetric(cells.Seconds(), "s/cells")
		b.ReportMetric(ours.Seconds()/bare.Seconds(), "x-bare-products")
	}
}

// bareProducts runs gemm on each pair and syrk on each layer, and nothing else.
func bareProducts(backend Backend, rows []Matrix, layers int) {
	dense := func(x Matrix) linalg.Dense[float32] {
		return linalg.Dense[float32]{Rows: x.Rows, Cols: x.Cols, Stride: x.Stride, Data: x.Data}
	}
	scratch := make([]linalg.Dense[float32], workerCount(0))
	for w := range scratch {
		scratch[w] = linalg.New[float32](rows[0].Cols, rows[0].Cols)
	}
	pairs := bipartite(layers, layers)
	parallel(0, len(pairs)+len(rows), func(worker, k int) {
		if k < len(pairs) {
			backend.Gemm32(true, false, dense(rows[pairs[k][0]]), dense(rows[pairs[k][1]]), scratch[worker])
		} else {
			backend.Syrk32(true, dense(rows[k-len(pairs)]), scratch[worker])
		}
	})
}
