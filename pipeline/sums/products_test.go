package sums_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"speechsim/metrics"
	"speechsim/models"
	"speechsim/pipeline/native"
)

// productsOn opens products on a device; CUDA is skipped where there is none.
func productsOn(t testing.TB, device, precision string) *models.Products {
	t.Helper()
	rt, err := native.OpenRuntime("")
	if err != nil {
		t.Skipf("ONNX Runtime not found: %v", err)
	}
	if device == models.CUDA {
		if !slices.Contains(rt.Providers(), "CUDAExecutionProvider") {
			t.Skipf("the ONNX Runtime in %s is built without CUDA", rt.Path())
		}
		if _, err := os.Stat("/dev/nvidiactl"); err != nil {
			t.Skip("there is no NVIDIA GPU here")
		}
	}
	p, err := rt.Products(device, precision)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// related are layers of so many units that share something, [rows, units] each.
func related(r *rand.Rand, rows int, offset float64, units ...int) []metrics.Matrix {
	shared := make([]float64, rows)
	for t := range shared {
		shared[t] = r.NormFloat64()
	}
	var out []metrics.Matrix
	for _, w := range units {
		x := metrics.Matrix{Rows: rows, Cols: w, Data: make([]float32, rows*w)}
		for k := range x.Data {
			x.Data[k] = float32(offset + r.NormFloat64() + shared[k/w])
		}
		out = append(out, x)
	}
	return out
}

// rowsOf are rows [from, to) of layers.
func rowsOf(layers []metrics.Matrix, from, to int) []metrics.Matrix {
	var out []metrics.Matrix
	for _, x := range layers {
		out = append(out, metrics.Matrix{Rows: to - from, Cols: x.Cols, Data: x.Data[from*x.Cols : to*x.Cols]})
	}
	return out
}

// testMoments holds moments whose products are made elsewhere to those in double precision: blocks of any length, merged,
// with large offsets, layers that share panels and layers that do not.
func testMoments(t *testing.T, products metrics.Products, tolerance float64) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct {
		options metrics.Options
		offset  float64
		metrics []string
	}{
		{metrics.Options{SquaredNorms: true}, 0, []string{"cka debiased", "cka biased", "neuron_neuron absolute", "cca mean", "procrustes score"}},
		{metrics.Options{Pairs: [][2]int{{0, 2}, {3, 1}}, SquaredNorms: true}, 3, []string{"cka debiased", "neuron_layer r"}},
		{metrics.Options{Pairs: [][2]int{{0, 2}, {1, 2}}, CrossOnly: true}, 1e4, []string{"neuron_neuron signed"}},
	} {
		layers := related(r, 5000, c.offset, 12, 12, 300, 280)
		dims := []int{12, 12, 300, 280}
		exact, o := c.options, c.options
		exact.Float64, o.Products = true, products
		want, err := metrics.NewMoments(metrics.PureGo(), dims, exact)
		if err != nil {
			t.Fatal(err)
		}
		got, err := metrics.NewMoments(metrics.PureGo(), dims, o)
		if err != nil {
			t.Fatal(err)
		}
		for from, sizes := 0, []int{1, 33, 2048, 2049, 869}; len(sizes) > 0; sizes = sizes[1:] {
			rows := rowsOf(layers, from, from+sizes[0])
			from += sizes[0]
			one := got.Empty()
			if err := errors.Join(want.Add(ctx, rows), one.Add(ctx, rows), got.Merge(one)); err != nil {
				t.Fatal(err)
			}
		}
		if got.N() != want.N() {
			t.Fatalf("%d rows, want %d", got.N(), want.N())
		}
		for _, name := range c.metrics {
			var metric, variant string
			fmt.Sscan(name, &metric, &variant)
			for _, p := range want.Pairs() {
				if p[0] == p[1] {
					continue
				}
				a, err := metrics.Compute(want, metric, variant, p[0], p[1])
				b, err2 := metrics.Compute(got, metric, variant, p[0], p[1])
				if err := errors.Join(err, err2); err != nil {
					t.Fatal(name, err)
				}
				if math.Abs(a.Value-b.Value) > tolerance {
					t.Errorf("%s of %v, offset %g: %v, want %v", name, p, c.offset, b.Value, a.Value)
				}
			}
		}
	}
	off, err := metrics.Deviation(ctx, products)
	t.Logf("deviation from double precision: %.2e of the norm", off)
	if err != nil || off > tolerance || off == 0 {
		t.Errorf("deviation %v %v", off, err)
	}
}

func TestMomentsOnProducts(t *testing.T) { testMoments(t, productsOn(t, models.CPU, ""), 1e-6) }

func TestMomentsOnProductsCUDA(t *testing.T) {
	testMoments(t, productsOn(t, models.CUDA, models.Float32), 1e-6)
}

func TestMomentsOnProductsCUDATF32(t *testing.T) {
	testMoments(t, productsOn(t, models.CUDA, models.TF32), 1e-2)
}

// TestProductsFail: moments that lost half a block to a failure say so, and what is not finite is found before.
func TestProductsFail(t *testing.T) {
	ctx := context.Background()
	layers := related(rand.New(rand.NewPCG(1, 1)), 9, 0, 3, 4)
	failing := failingProducts{}
	m, err := metrics.NewMoments(metrics.PureGo(), []int{3, 4}, metrics.Options{Products: failing})
	if err != nil {
		t.Fatal(err)
	}
	layers[1].Data[5] = float32(math.NaN())
	var bad *metrics.NonFiniteError
	if err := m.Add(ctx, layers); !errors.As(err, &bad) || bad.Layer != 1 {
		t.Error(err)
	}
	layers[1].Data[5] = 0
	if err := m.Add(ctx, layers); !errors.Is(err, errFailing) {
		t.Error(err)
	}
	if _, err := metrics.Compute(m, "cka", "biased", 0, 1); !errors.Is(err, metrics.ErrInterrupted) {
		t.Error(err)
	}
	if _, err := metrics.NewMoments(metrics.PureGo(), []int{3}, metrics.Options{Products: failing, Float64: true}); err == nil {
		t.Error("products in single precision for moments in double")
	}
}

var errFailing = errors.New("out of memory")

type failingProducts struct{}

func (failingProducts) Rows() int { return 4096 }

func (failingProducts) Multiply(context.Context, int, int, []int, [][]float32, [][2]int, [][]float64) error {
	return errFailing
}

// BenchmarkProducts adds rows to moments whose products are made on a device: 8 layers of 1024 units, all pairs, 100 000
// rows, and 24 layers, 65 536 rows. x-cpu is the time that the CPU takes in the same run, over ours; on-device is the share of ours
// in which products are made, the way there and back included.
func BenchmarkProducts(b *testing.B) {
	for _, device := range []struct{ name, precision string }{{models.CUDA, models.Float32}, {models.CUDA, models.TF32}} {
		for _, size := range []struct{ layers, rows int }{{8, 100_000}, {24, 65_536}} {
			b.Run(fmt.Sprintf("%s-%s/%dx1024/%d", device.name, device.precision, size.layers, size.rows), func(b *testing.B) {
				benchmarkProducts(b, productsOn(b, device.name, device.precision), size.layers, size.rows)
			})
		}
	}
}

func benchmarkProducts(b *testing.B, products *models.Products, layers, rows int) {
	ctx := context.Background()
	backend, _, err := native.OpenBackend("")
	if err != nil {
		b.Fatal(err)
	}
	const units = 1024
	dims := make([]int, layers)
	for i := range dims {
		dims[i] = units
	}
	data := related(rand.New(rand.NewPCG(1, 1)), products.Rows(), 0, dims...)
	moments := func(p metrics.Products) *metrics.Moments {
		m, err := metrics.NewMoments(backend, dims, metrics.Options{Products: p})
		if err != nil {
			b.Fatal(err)
		}
		return m
	}
	add := func(m *metrics.Moments, n int) float64 { // in memory that was used before, as the parts of a run are made
		m.Reset()
		start := time.Now()
		for from := 0; from < n; from += products.Rows() {
			if err := m.Add(ctx, rowsOf(data, 0, min(products.Rows(), n-from))); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(start).Seconds()
	}
	timed := &timedProducts{Products: products}
	onDevice, onHost := moments(timed), moments(nil)
	few := products.Rows() / 8
	add(onDevice, products.Rows()) // the first starts the device
	add(onHost, few)
	for b.Loop() {
		timed.spent = 0
		ours := add(onDevice, rows)
		cpu := add(onHost, few) * float64(rows) / float64(few)
		flops := float64(rows) * float64(layers*(layers+1)) * units * units
		b.ReportMetric(ours, "s")
		b.ReportMetric(flops/ours/1e12, "TFLOP/s")
		b.ReportMetric(cpu/ours, "x-cpu")
		b.ReportMetric(timed.spent.Seconds()/ours, "on-device")
	}
}

type timedProducts struct {
	metrics.Products
	spent time.Duration
}

func (t *timedProducts) Multiply(ctx context.Context, chunks, rows int, widths []int, panels [][]float32, blocks [][2]int, out [][]float64) error {
	start := time.Now()
	defer func() { t.spent += time.Since(start) }()
	return t.Products.Multiply(ctx, chunks, rows, widths, panels, blocks, out)
}
