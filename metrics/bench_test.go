package metrics

import (
	"context"
	"slices"
	"testing"

	"speechsim/metrics/internal/clock"
	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
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

// BenchmarkCKA12x12Few is the same with few rows: MB-peak shows that memory does
// not depend on them, and is that of the whole process, the rows of one block
// included; MB-stated is what MemoryOf says of the moments.
func BenchmarkCKA12x12Few(b *testing.B) { benchmarkCKA(b, 12, 4096) }

// BenchmarkMoments8x1024 is one pass over 100 000 rows of 8 layers of 1024 units, all pairs, as a large model's frames make it.
func BenchmarkMoments8x1024(b *testing.B) { benchmarkMoments(b, 8, 1024, 100_000, between(8, 1)) }

// BenchmarkMapOfOne, OfTwo and OfFour add few rows to the moments of maps of base
// models, 12 layers each: of one with itself, of two, and of all pairs of four.
func BenchmarkMapOfOne(b *testing.B)  { benchmarkMoments(b, 12, 768, 4096, between(12, 1)) }
func BenchmarkMapOfTwo(b *testing.B)  { benchmarkMoments(b, 24, 768, 4096, between(24, 12)) }
func BenchmarkMapOfFour(b *testing.B) { benchmarkMoments(b, 48, 768, 2048, between(48, 12)) }

// between are the pairs of layers of different models, each of so many layers.
func between(layers, each int) [][2]int {
	var pairs [][2]int
	for i := range layers {
		for j := (i/each + 1) * each; j < layers; j++ {
			pairs = append(pairs, [2]int{i, j})
		}
	}
	return pairs
}

// benchmarkMoments adds n rows to the moments of pairs of layers. x-bare-cpu is the
// processor time over that of the BLAS products alone, block by block.
func benchmarkMoments(b *testing.B, layers, units, n int, pairs [][2]int) {
	backend := openBLAS(b)
	block := benchBlock(layers, units)
	dims := slices.Repeat([]int{units}, layers)
	for b.Loop() {
		var ours, bare clock.Clock
		o := Options{SquaredNorms: true, Pairs: pairs}
		stated, err := MemoryOf(dims, o)
		if err != nil {
			b.Fatal(err)
		}
		m, err := NewMoments(backend, dims, o)
		if err != nil {
			b.Fatal(err)
		}
		repeated(b, m, block, 1) // not counted: memory is given by the system once, whatever the number of rows
		for from := 0; from < n; from += 2048 {
			rows := slice(block, 0, min(2048, n-from))
			ours.Start()
			if err := m.Add(context.Background(), rows); err != nil {
				b.Fatal(err)
			}
			ours.Stop()
			bare.Start()
			bareProductsOf(backend, rows, pairs)
			bare.Stop()
		}
		b.ReportMetric(ours.Wall.Seconds(), "s")
		b.ReportMetric(ours.CPU.Seconds(), "cpu-s")
		b.ReportMetric(ours.Wall.Seconds()/bare.Wall.Seconds(), "x-bare-products")
		b.ReportMetric(ours.CPU.Seconds()/bare.CPU.Seconds(), "x-bare-cpu")
		flops := float64(n*units*units) * float64(2*len(pairs)+layers)
		b.ReportMetric(flops/ours.Wall.Seconds()/1e9, "GFLOP/s")
		b.ReportMetric(clock.PeakMB(), "MB-peak")
		b.ReportMetric(float64(stated.State+stated.Work)/1e6, "MB-stated")
	}
}

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
		var ours, bare, cells clock.Clock
		o := Options{Pairs: bipartite(layers, layers), SquaredNorms: true}
		stated, err := MemoryOf(dims, o)
		if err != nil {
			b.Fatal(err)
		}
		m, err := NewMoments(backend, dims, o)
		if err != nil {
			b.Fatal(err)
		}
		for from := 0; from < n; from += 2048 {
			rows := slice(block, 0, min(2048, n-from))
			ours.Start()
			if err := m.Add(context.Background(), rows); err != nil {
				b.Fatal(err)
			}
			ours.Stop()
			bare.Start()
			bareProductsOf(backend, rows, bipartite(layers, layers))
			bare.Stop()
		}
		var wanted []Cell
		for _, variant := range []string{"biased", "debiased"} {
			for _, p := range bipartite(layers, layers) {
				wanted = append(wanted, Cell{"cka", variant, p[0], p[1]})
			}
		}
		ours.Start()
		cells.Start()
		if _, err := ComputeCells(context.Background(), m, wanted); err != nil {
			b.Fatal(err)
		}
		cells.Stop()
		ours.Stop()
		b.ReportMetric(ours.Wall.Seconds(), "s/map")
		b.ReportMetric(cells.Wall.Seconds(), "s/cells")
		b.ReportMetric(ours.Wall.Seconds()/bare.Wall.Seconds(), "x-bare-products")
		b.ReportMetric(ours.CPU.Seconds()/bare.CPU.Seconds(), "x-bare-cpu")
		b.ReportMetric(clock.PeakMB(), "MB-peak")
		b.ReportMetric(float64(stated.State+stated.Work)/1e6, "MB-stated")
	}
}

// bareProductsOf runs gemm on each pair across and syrk on each layer, and nothing else.
func bareProductsOf(backend Backend, rows []Matrix, pairs [][2]int) {
	dense := func(x Matrix) linalg.Dense[float32] {
		return linalg.Dense[float32]{Rows: x.Rows, Cols: x.Cols, Stride: x.Stride, Data: x.Data}
	}
	scratch := make([]linalg.Dense[float32], parallel.Workers(0))
	for w := range scratch {
		scratch[w] = linalg.New[float32](rows[0].Cols, rows[0].Cols)
	}
	parallel.Run(0, len(pairs)+len(rows), func(worker, k int) {
		if k < len(pairs) {
			backend.Gemm32(true, false, dense(rows[pairs[k][0]]), dense(rows[pairs[k][1]]), scratch[worker])
		} else {
			backend.Syrk32(true, dense(rows[k-len(pairs)]), scratch[worker])
		}
	})
}

// repeated adds the block again and again until n rows are in.
func repeated(b *testing.B, m *Moments, block []Matrix, n int) {
	for from := 0; from < n; from += 2048 {
		if err := m.Add(context.Background(), slice(block, 0, min(2048, n-from))); err != nil {
			b.Fatal(err)
		}
	}
}

// related are layers of 768 units that have something to do with each other.
func related(layers, rows int) []Matrix {
	r := random(98)
	const units, common = 768, 32
	shared := gaussian(r, rows, common)
	block := make([]Matrix, layers)
	for i := range block {
		block[i] = Matrix{Rows: rows, Cols: units, Stride: units, Data: make([]float32, rows*units)}
		for t := range rows {
			for u := range units {
				block[i].Data[t*units+u] = float32(shared.Data64[t*common+(u+i)%common] + r.NormFloat64())
			}
		}
	}
	return block
}

// BenchmarkCCA768x300 is exact CCA of all word rows of dev-clean with word
// vectors of 300 dimensions, moments included.
func BenchmarkCCA768x300(b *testing.B) {
	backend := openBLAS(b)
	block := []Matrix{benchBlock(1, 768)[0], benchBlock(1, 300)[0]}
	for b.Loop() {
		m := emptyFor(b, backend, Options{}, block...)
		repeated(b, m, block, 46906)
		value(b, m, "cca", "mean", 0, 1)
	}
}

// BenchmarkCubic12x12 is svcca, pwcca and neuron_layer (the last two in both
// directions) for all pairs of two base models, from moments.
func BenchmarkCubic12x12(b *testing.B) { benchmarkCubic(b, 12) }

// BenchmarkCubic2x2 is the same for two layers each.
func BenchmarkCubic2x2(b *testing.B) { benchmarkCubic(b, 2) }

func benchmarkCubic(b *testing.B, layers int) {
	block := related(2*layers, 4096)
	var cells []Cell
	for _, p := range bipartite(layers, layers) {
		cells = append(cells, Cell{"svcca", "", p[0], p[1]})
		for _, metric := range []string{"pwcca", "neuron_layer"} {
			cells = append(cells, Cell{metric, "", p[0], p[1]}, Cell{metric, "", p[1], p[0]})
		}
	}
	m := emptyFor(b, openBLAS(b), Options{Pairs: bipartite(layers, layers)}, block...)
	repeated(b, m, block, 4096)
	for b.Loop() {
		m.cache.clear()
		var c clock.Clock
		c.Start()
		if _, err := ComputeCells(context.Background(), m, cells); err != nil {
			b.Fatal(err)
		}
		c.Stop()
		b.ReportMetric(c.CPU.Seconds(), "cpu-s/map")
	}
}

// BenchmarkIntervals12x12 gives a map of 12 x 12 base layers its values and intervals from 10 groups: debiased CKA by the jackknife over moments, and
// grouped CKA, whose values without each group come with it.
func BenchmarkIntervals12x12(b *testing.B) {
	const layers, groups, rows = 12, 10, 1024
	pairs := bipartite(layers, layers)
	block := related(2*layers, groups*rows)
	parts := make([]*Moments, groups)
	whole := emptyFor(b, openBLAS(b), Options{Pairs: pairs, SquaredNorms: true}, block...)
	for g := range parts {
		parts[g] = whole.Empty()
		if err := parts[g].Add(context.Background(), slice(block, g*rows, (g+1)*rows)); err != nil {
			b.Fatal(err)
		}
		if err := whole.Merge(parts[g]); err != nil {
			b.Fatal(err)
		}
	}
	var cells []Cell
	for _, p := range pairs {
		cells = append(cells, Cell{"cka", "debiased", p[0], p[1]})
	}
	for b.Loop() {
		var grouped, debiased clock.Clock
		grouped.Start()
		if _, err := CKAGrouped(context.Background(), whole, each(parts), pairs); err != nil {
			b.Fatal(err)
		}
		grouped.Stop()
		debiased.Start()
		left := whole.Empty()
		_, err := Jackknife(context.Background(), whole, func(yield func(*Moments, error) bool) {
			for _, part := range parts {
				left.set(part) // it is overwritten by what is left without it
				if !yield(left, nil) {
					return
				}
			}
		}, Statistics(context.Background(), cells))
		if err != nil {
			b.Fatal(err)
		}
		debiased.Stop()
		b.ReportMetric(grouped.Wall.Seconds(), "s-grouped")
		b.ReportMetric(debiased.Wall.Seconds(), "s-debiased")
	}
}

// BenchmarkNullCKA12x12 draws one pairing of the null of BenchmarkCKA12x12.
func BenchmarkNullCKA12x12(b *testing.B) { benchmarkNullCKA(b, 1) }

// BenchmarkNullCKA12x12K200 is a null of 200 draws.
func BenchmarkNullCKA12x12K200(b *testing.B) { benchmarkNullCKA(b, 200) }

func benchmarkNullCKA(b *testing.B, draws int) {
	const layers, groups = 12, 24
	const n = 46906 / groups * groups // rows that groups of one size have: a null keeps no others
	block := benchBlock(2*layers, 768)
	dims := make([]int, 2*layers)
	for i := range dims {
		dims[i] = 768
	}
	// The denominators are of no interest here, so few rows give the moments.
	m := emptyFor(b, openBLAS(b), Options{Pairs: bipartite(layers, layers), SquaredNorms: true}, block...)
	repeated(b, m, block, 2048)
	m.n = n
	sketch, err := NewPrincipalSketch(m, nil, SketchWidth, 1, 0)
	if err != nil {
		b.Fatal(err)
	}
	for from := 0; from < n; from += 2048 {
		if err := sketch.Add(context.Background(), slice(block, 0, min(2048, n-from))); err != nil {
			b.Fatal(err)
		}
	}
	shuffle, _, err := PermuteGroups(equalParts(n, groups), 1)
	if err != nil {
		b.Fatal(err)
	}
	sketch.finish()
	for b.Loop() {
		var c clock.Clock
		c.Start()
		if _, err := NullCKA(context.Background(), m, sketch, "biased", bipartite(layers, layers), shuffle, draws); err != nil {
			b.Fatal(err)
		}
		c.Stop()
		b.ReportMetric(c.CPU.Seconds()/float64(draws+1), "cpu-s/draw") // the true pairing is a draw too
		b.ReportMetric(c.Wall.Seconds(), "s")
		b.ReportMetric(clock.PeakMB(), "MB-peak")
	}
}

// BenchmarkWordDistance8001 is the thesis's comparison of 8001 word types over
// 46906 rows, at 15 thresholds. x-bare-cpu is its processor time over that of the
// products alone, of the types' means and of their word vectors.
func BenchmarkWordDistance8001(b *testing.B) {
	const n, words = 46906, 8001
	r := random(96)
	x, vectors := single(gaussian(r, n, 768)), single(gaussian(r, words, 300))
	types, phones := make([]int, n), make([][]int, words)
	for k := range types {
		types[k] = k % words
	}
	for w := range phones {
		for range 2 + r.IntN(9) {
			phones[w] = append(phones[w], r.IntN(39))
		}
	}
	var thresholds []float64
	for k := range 15 {
		thresholds = append(thresholds, .05*float64(k+1))
	}
	backend := openBLAS(b)
	for b.Loop() {
		var c clock.Clock
		c.Start()
		means, _, err := typeMeans(x, types, true)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := WordDistance(context.Background(), backend, Words{means, phones, vectors}, thresholds, 0); err != nil {
			b.Fatal(err)
		}
		c.Stop()
		var bare clock.Clock
		bare.Start()
		bareTriangle(backend, denseRows[float32](means, false), wordBlock, words)
		bareTriangle(backend, denseRows[float32](vectors, false), wordBlock, words)
		bare.Stop()
		b.ReportMetric(c.CPU.Seconds(), "cpu-s")
		b.ReportMetric(c.CPU.Seconds()/bare.CPU.Seconds(), "x-bare-cpu")
	}
}

// bareTriangle multiplies each block of rows with itself and those after it, so many at once, and nothing else.
func bareTriangle(backend Backend, rows linalg.Dense[float32], edge, columns int) {
	blocks := parallel.Cuts(rows.Rows, edge)
	scratch := make([][]float32, parallel.Workers(0))
	for w := range scratch {
		scratch[w] = make([]float32, edge*min(columns, rows.Rows))
	}
	parallel.Run(0, len(blocks)-1, func(worker, i int) {
		x := rows.Slice(blocks[i], blocks[i+1], 0, rows.Cols)
		for from := blocks[i]; from < rows.Rows; from += columns {
			y := rows.Slice(from, min(from+columns, rows.Rows), 0, rows.Cols)
			backend.Gemm32(false, true, x, y, linalg.Dense[float32]{Rows: x.Rows, Cols: y.Rows, Stride: y.Rows, Data: scratch[worker][:x.Rows*y.Rows]})
		}
	})
}

// BenchmarkAttention10s adds the attention of two 12-layer models on one
// utterance of 10 s: 2 x 12 layers, 12 heads, 499 frames.
func BenchmarkAttention10s(b *testing.B) {
	const layers, heads, frames = 24, 12, 499
	r := random(95)
	maps, dims := make([]Matrix, layers), make([]int, layers)
	for i := range maps {
		maps[i], dims[i] = softmaxMaps(r, heads, frames), heads
	}
	m, err := NewMoments(openBLAS(b), dims, Options{Pairs: bipartite(layers/2, layers/2), CrossOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var c clock.Clock
		c.Start()
		if err := m.Add(context.Background(), maps); err != nil {
			b.Fatal(err)
		}
		c.Stop()
		b.ReportMetric(c.CPU.Seconds(), "cpu-s/utterance")
	}
}

// BenchmarkKNN8k finds the 10 neighbours of 8000 rows of 768 units. x-bare-cpu is
// its processor time over that of the similarities alone.
func BenchmarkKNN8k(b *testing.B) {
	x := single(gaussian(random(94), 8000, 768))
	backend := openBLAS(b)
	for b.Loop() {
		var c, bare clock.Clock
		c.Start()
		if _, err := FindNeighbours(context.Background(), backend, x, 10, 0); err != nil {
			b.Fatal(err)
		}
		c.Stop()
		bare.Start()
		bareTriangle(backend, denseRows[float32](x, false), 1024, 1024) // as the search among rows cuts them
		bare.Stop()
		b.ReportMetric(c.CPU.Seconds(), "cpu-s")
		b.ReportMetric(c.CPU.Seconds()/bare.CPU.Seconds(), "x-bare-cpu")
	}
}

// BenchmarkSketchedCKA12x12 is the map of BenchmarkCKA12x12 from projected rows: pilot, projections, moments, cells.
func BenchmarkSketchedCKA12x12(b *testing.B) {
	const n, layers = 46906, 12
	block := related(2*layers, 2048)
	backend, ctx := openBLAS(b), context.Background()
	dims := slices.Repeat([]int{ProjectedUnits(768)}, 2*layers)
	var wanted []Cell
	for _, p := range bipartite(layers, layers) {
		wanted = append(wanted, Cell{"cka", "sketched", p[0], p[1]})
	}
	for b.Loop() {
		var pilot, projecting, adding, cells clock.Clock
		pilot.Start()
		found, err := OwnMoments(backend, slices.Repeat([]int{768}, 2*layers), Options{})
		for from := 0; err == nil && from < PilotRows; from += 2048 {
			err = found.Add(ctx, block)
		}
		if err != nil {
			b.Fatal(err)
		}
		projections, err := NewProjections(found, nil, 1, 0)
		if err != nil {
			b.Fatal(err)
		}
		pilot.Stop()
		m, err := NewMoments(backend, dims, Options{Pairs: bipartite(layers, layers), SquaredNorms: true})
		if err != nil {
			b.Fatal(err)
		}
		for from := 0; from < n; from += 2048 {
			projecting.Start()
			rows, err := projections.Project(ctx, slice(block, 0, min(2048, n-from)))
			projecting.Stop()
			adding.Start()
			if err == nil {
				err = m.Add(ctx, rows)
			}
			adding.Stop()
			if err != nil {
				b.Fatal(err)
			}
		}
		cells.Start()
		values, err := ComputeCells(ctx, m, wanted)
		cells.Stop()
		if err != nil {
			b.Fatal(err)
		}
		worst := 0.0
		for _, v := range values {
			worst = max(worst, *v.Approximation)
		}
		for name, c := range map[string]clock.Clock{"pilot": pilot, "projecting": projecting, "adding": adding, "cells": cells} {
			b.ReportMetric(c.CPU.Seconds(), name+"-cpu-s")
		}
		b.ReportMetric(worst, "largest-error")
	}
}

// equalParts are so many groups that have n rows together, of one size but for the last.
func equalParts(n, groups int) []int {
	out := sizes(groups, n/groups)
	out[groups-1] += n % groups
	return out
}
