// Command bench computes, on matrices that peers.py wrote, what the peers
// compute, and prints for each piece of work one JSON line: the seconds without
// reading files, the processor seconds, the peak memory of the process, and the
// values. See peers.py, which runs it.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"speechsim/metrics"
	"speechsim/metrics/asif"
	"speechsim/metrics/internal/clock"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// shape is what meta.json says of the data: rows and units of the 2 x layers
// matrices LAYER.f32, the units of words.f32, the rows that ASIF translates.
type shape struct {
	Rows, Layers, Units, Words, Queries int
}

// bench is the data and the clock.
type bench struct {
	shape
	folder  string
	backend metrics.Backend
	clock   clock.Clock
}

func run(ctx context.Context) error {
	folder := flag.String("data", "", "folder that peers.py filled")
	work := flag.String("work", "", "maps, sketched, cca or asif")
	library := flag.String("lib", "lib", "folder of OpenBLAS")
	flag.Parse()
	b := &bench{folder: *folder}
	text, err := os.ReadFile(filepath.Join(*folder, "meta.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &b.shape); err != nil {
		return err
	}
	if b.backend, err = metrics.OpenBLAS([]string{*library}); err != nil {
		return err
	}
	switch *work {
	case "maps":
		return b.maps(ctx)
	case "own":
		return b.own(ctx)
	case "sketched":
		return b.sketched(ctx)
	case "cca":
		return b.cca(ctx)
	case "asif":
		return b.asif(ctx)
	}
	return fmt.Errorf("-work %q: it is maps, own, sketched, cca or asif", *work)
}

// timed runs f with the clock on.
func (b *bench) timed(f func() error) error {
	b.clock.Start()
	defer b.clock.Stop()
	return f()
}

// report prints the line and sets the clock back.
func (b *bench) report(name string, values any) error {
	line := map[string]any{"name": name, "seconds": b.clock.Wall.Seconds(), "cpu": b.clock.CPU.Seconds(), "peak_mb": clock.PeakMB(), "values": values}
	b.clock = clock.Clock{}
	return json.NewEncoder(os.Stdout).Encode(line)
}

const blockRows = 2048

// eachBlock reads the matrices block by block and runs add on each, timed.
func (b *bench) eachBlock(names []string, units []int, rows int, add func(block []metrics.Matrix) error) error {
	files := make([]*os.File, len(names))
	block := make([]metrics.Matrix, len(names))
	for i, name := range names {
		f, err := os.Open(filepath.Join(b.folder, name+".f32"))
		if err != nil {
			return err
		}
		defer f.Close()
		files[i] = f
		block[i].Data = make([]float32, min(blockRows, rows)*units[i])
	}
	for from := 0; from < rows; from += blockRows {
		n := min(blockRows, rows-from)
		for i, f := range files {
			block[i] = metrics.Matrix{Rows: n, Cols: units[i], Data: block[i].Data[:n*units[i]]}
			if err := binary.Read(f, binary.LittleEndian, block[i].Data); err != nil {
				return err
			}
		}
		if err := b.timed(func() error { return add(block) }); err != nil {
			return err
		}
	}
	return nil
}

// layers are the names and units of x's layers and then y's, and all pairs across.
func (b *bench) layers() (names []string, units []int, pairs [][2]int) {
	for _, side := range []string{"x", "y"} {
		for i := range b.Layers {
			names, units = append(names, fmt.Sprint(side, i)), append(units, b.Units)
		}
	}
	for i := range b.Layers {
		for j := range b.Layers {
			pairs = append(pairs, [2]int{i, b.Layers + j})
		}
	}
	return names, units, pairs
}

// maps are linear CKA, biased and debiased, then svcca, pwcca and neuron_layer,
// of all pairs of layers, from one pass.
func (b *bench) maps(ctx context.Context) error {
	names, units, pairs := b.layers()
	m, err := metrics.NewMoments(b.backend, units, metrics.Options{Pairs: pairs, SquaredNorms: true})
	if err != nil {
		return err
	}
	if err := b.eachBlock(names, units, b.Rows, func(block []metrics.Matrix) error { return m.Add(ctx, block) }); err != nil {
		return err
	}
	for _, work := range []struct {
		name  string
		cells [][2]string
	}{
		{"cka", cka},
		{"svcca pwcca neuron_layer", [][2]string{{"svcca", "elkheir2024"}, {"pwcca", "elkheir2024"}, {"neuron_layer", "r"}}},
	} {
		if err := b.cells(ctx, m, work.name, work.cells, pairs); err != nil {
			return err
		}
	}
	return nil
}

var cka = [][2]string{{"cka", "biased"}, {"cka", "debiased"}}

// own is the map of one model's layers with each other, likewise: half of the
// pairs, and each layer with itself, stand for all.
func (b *bench) own(ctx context.Context) error {
	names, units, _ := b.layers()
	names, units = names[:b.Layers], units[:b.Layers]
	m, err := metrics.NewMoments(b.backend, units, metrics.Options{SquaredNorms: true})
	if err != nil {
		return err
	}
	if err := b.eachBlock(names, units, b.Rows, func(block []metrics.Matrix) error { return m.Add(ctx, block) }); err != nil {
		return err
	}
	var pairs [][2]int
	for i := range b.Layers {
		for j := range b.Layers {
			pairs = append(pairs, [2]int{i, j})
		}
	}
	return b.cells(ctx, m, "own", cka, pairs)
}

// cells computes and reports maps of some metrics.
func (b *bench) cells(ctx context.Context, m *metrics.Moments, name string, wanted [][2]string, pairs [][2]int) error {
	values := map[string][][]float64{}
	err := b.timed(func() error {
		for _, c := range wanted {
			var cells []metrics.Cell
			for _, p := range pairs {
				cells = append(cells, metrics.Cell{Metric: c[0], Variant: c[1], X: p[0], Y: p[1]})
			}
			found, err := metrics.ComputeCells(ctx, m, cells)
			if err != nil {
				return err
			}
			rows := make([][]float64, b.Layers)
			for k, v := range found {
				if v.Err != nil {
					return v.Err
				}
				rows[k/b.Layers] = append(rows[k/b.Layers], v.Value.Value)
			}
			values[c[0]+" "+c[1]] = rows
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.report(name, values)
}

// sketched is debiased CKA of all pairs of layers, approximately, from projected rows.
func (b *bench) sketched(ctx context.Context) error {
	names, units, pairs := b.layers()
	dims := make([]int, len(units))
	for i, d := range units {
		dims[i] = metrics.ProjectedUnits(d)
	}
	m, err := metrics.NewMoments(b.backend, dims, metrics.Options{Pairs: pairs, SquaredNorms: true})
	if err != nil {
		return err
	}
	pilot, err := metrics.OwnMoments(b.backend, units, metrics.Options{})
	if err != nil {
		return err
	}
	err = b.eachBlock(names, units, min(metrics.PilotRows, b.Rows), func(block []metrics.Matrix) error {
		return pilot.Add(ctx, block)
	})
	if err != nil {
		return err
	}
	var projections *metrics.Projections
	err = b.timed(func() (err error) {
		projections, err = metrics.NewProjections(pilot, nil, 1, 0)
		return err
	})
	if err != nil {
		return err
	}
	err = b.eachBlock(names, units, b.Rows, func(block []metrics.Matrix) error {
		rows, err := projections.Project(ctx, block)
		if err != nil {
			return err
		}
		return m.Add(ctx, rows)
	})
	if err != nil {
		return err
	}
	return b.cells(ctx, m, "sketched", [][2]string{{"cka", "sketched"}}, pairs)
}

// cca is the mean canonical correlation of the first layer and word vectors.
func (b *bench) cca(ctx context.Context) error {
	units := []int{b.Units, b.Words}
	m, err := metrics.NewMoments(b.backend, units, metrics.Options{})
	if err != nil {
		return err
	}
	if err := b.eachBlock([]string{"x0", "words"}, units, b.Rows, func(block []metrics.Matrix) error { return m.Add(ctx, block) }); err != nil {
		return err
	}
	var v metrics.Value
	err = b.timed(func() (err error) {
		v, err = metrics.CCA(m, 0, 1, "mean")
		return err
	})
	if err != nil {
		return err
	}
	return b.report("cca", v.Value)
}

// asif translates the first layer of x to that of y; every row is a word of its own.
func (b *bench) asif(ctx context.Context) error {
	var layers []metrics.Matrix
	types, test := make([]int, b.Rows), make([]int, b.Queries)
	for _, name := range []string{"x0", "y0"} {
		x := metrics.Matrix{Rows: b.Rows, Cols: b.Units}
		err := b.eachBlock([]string{name}, []int{b.Units}, b.Rows, func(block []metrics.Matrix) error {
			x.Data = append(x.Data, block[0].Data...)
			return nil
		})
		if err != nil {
			return err
		}
		layers = append(layers, x)
	}
	b.clock = clock.Clock{}
	for r := range types {
		types[r] = r
	}
	for q := range test {
		test[q] = q
	}
	err := b.timed(func() error {
		_, err := asif.Retrieve(ctx, b.backend, layers[0], layers[1], types, test, asif.Options{P: 6, K: 250})
		return err
	})
	if err != nil {
		return err
	}
	return b.report("asif", nil)
}
