package asif

import (
	"context"
	"testing"

	"speechsim/metrics"
	"speechsim/metrics/internal/clock"
	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// BenchmarkASIF is one pair of layers of the thesis: 7035 queries, 39871
// anchors, 768 and 768 units, p = 6, k = 250. x-bare-products is its time over
// that of the similarities alone, queries with anchors and anchors among
// themselves, which are computed after it and thrown away.
func BenchmarkASIF(b *testing.B) { benchmarkASIF(b, 46906) }

// BenchmarkASIF8k is the same with few rows.
func BenchmarkASIF8k(b *testing.B) { benchmarkASIF(b, 8000) }

func benchmarkASIF(b *testing.B, n int) {
	r := random(97)
	layers := [2]metrics.Matrix{}
	for i := range layers {
		layers[i] = metrics.Matrix{Rows: n, Cols: 768, Stride: 768, Data: make([]float32, n*768)}
		for k := range layers[i].Data {
			layers[i].Data[k] = float32(r.NormFloat64())
		}
	}
	types := make([]int, n)
	for k := range types {
		types[k] = r.IntN(8001)
	}
	test := Split(n)
	backend := openBLAS(b)
	for b.Loop() {
		var ours, bare clock.Clock
		ours.Start()
		if _, err := Retrieve(context.Background(), backend, layers[0], layers[1], types, test, Options{P: 6, K: 250}); err != nil {
			b.Fatal(err)
		}
		ours.Stop()
		peak := clock.PeakMB()
		bare.Start()
		bareSimilarities(backend, layers[0], len(test))
		bare.Stop()
		b.ReportMetric(ours.Wall.Seconds(), "s/asif")
		b.ReportMetric(ours.CPU.Seconds(), "cpu-s/asif")
		b.ReportMetric(ours.Wall.Seconds()/bare.Wall.Seconds(), "x-bare-products")
		b.ReportMetric(ours.CPU.Seconds()/bare.CPU.Seconds(), "x-bare-cpu")
		b.ReportMetric(peak, "MB-peak")
	}
}

// bareSimilarities multiplies the first rows, the queries, with the others, and
// those among themselves.
func bareSimilarities(backend metrics.Backend, x metrics.Matrix, queries int) {
	rows := linalg.Dense[float32]{Rows: x.Rows, Cols: x.Cols, Stride: x.Stride, Data: x.Data}
	const edge = 1024 // as the search among rows cuts them
	work := make([][]float32, parallel.Workers(0))
	for w := range work {
		work[w] = make([]float32, edge*edge)
	}
	blocks := parallel.Cuts(rows.Rows, edge)
	var tasks [][2]int
	for i := range len(blocks) - 1 {
		for j := i; j < len(blocks)-1; j++ {
			if blocks[j+1] > queries { // not queries among themselves
				tasks = append(tasks, [2]int{i, j})
			}
		}
	}
	parallel.Run(0, len(tasks), func(worker, t int) {
		i, j := tasks[t][0], tasks[t][1]
		x, y := rows.Slice(blocks[i], blocks[i+1], 0, rows.Cols), rows.Slice(blocks[j], blocks[j+1], 0, rows.Cols)
		backend.Gemm32(false, true, x, y, linalg.Dense[float32]{Rows: x.Rows, Cols: y.Rows, Stride: y.Rows, Data: work[worker][:x.Rows*y.Rows]})
	})
}
