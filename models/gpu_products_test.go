package models

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// testProducts multiplies known matrices and compares with sums in double precision.
func testProducts(t *testing.T, rt *Runtime, device, precision string, tolerance float64) {
	p, err := rt.Products(device, precision)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r := rand.New(rand.NewPCG(1, 2))
	widths := []int{130, 7, 64, 5}
	blocks := [][2]int{{0, 0}, {0, 1}, {1, 2}, {2, 2}} // no block has panel 3
	for _, shape := range [][2]int{{1, 33}, {3, 256}, {1, 1}} {
		chunks, rows := shape[0], shape[1]
		panels := make([][]float32, len(widths))
		for i, w := range widths {
			panels[i] = make([]float32, chunks*rows*w+3) // more than is wanted
			for k := range panels[i] {
				panels[i][k] = float32(r.NormFloat64())
			}
		}
		out, again := newBlocks(widths, blocks), newBlocks(widths, blocks)
		for _, to := range [][][]float64{out, again} {
			if err := p.Multiply(context.Background(), chunks, rows, widths, panels, blocks, to); err != nil {
				t.Fatal(err)
			}
		}
		for k, b := range blocks {
			x, y, wx, wy := panels[b[0]], panels[b[1]], widths[b[0]], widths[b[1]]
			var off, norm float64
			for u := range wx {
				for v := range wy {
					sum := 0.0
					for row := range chunks * rows {
						sum += float64(x[row*wx+u]) * float64(y[row*wy+v])
					}
					off += (out[k][u*wy+v] - sum) * (out[k][u*wy+v] - sum)
					norm += sum * sum
				}
			}
			t.Logf("%d chunks of %d rows, block %v: off by %.1e of the norm", chunks, rows, b, math.Sqrt(off/norm))
			if share := math.Sqrt(off / norm); share > tolerance {
				t.Errorf("%d chunks of %d rows, block %v: off by %.1e of the norm", chunks, rows, b, share)
			}
			if !slices.Equal(out[k], again[k]) {
				t.Errorf("block %v: a second time gives other bits", b)
			}
		}
	}
}

func newBlocks(widths []int, blocks [][2]int) [][]float64 {
	out := make([][]float64, len(blocks))
	for k, b := range blocks {
		out[k] = make([]float64, widths[b[0]]*widths[b[1]])
	}
	return out
}

func TestProducts(t *testing.T) { testProducts(t, testRuntime(t), CPU, Float32, 1e-6) }

func TestProductsCUDA(t *testing.T) { testProducts(t, cudaRuntime(t), CUDA, Float32, 1e-6) }

func TestProductsCUDATF32(t *testing.T) { testProducts(t, cudaRuntime(t), CUDA, TF32, 1e-2) }

// TestProductsRefused: CUDA in a build without it, a precision that products have not, and a run that was told to stop.
func TestProductsRefused(t *testing.T) {
	rt := testRuntime(t)
	if _, err := rt.Products(CPU, FP16); err == nil || !strings.Contains(err.Error(), `precision "fp16" is not one of float32, tf32`) {
		t.Error(err)
	}
	if !slices.Contains(rt.Providers(), "CUDAExecutionProvider") {
		if _, err := rt.Products(CUDA, Float32); err == nil || !strings.Contains(err.Error(), "is a build without CUDA") {
			t.Error(err)
		}
	}
	p, err := rt.Products(CPU, "")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Multiply(ctx, 1, 2, []int{3}, [][]float32{make([]float32, 6)}, [][2]int{{0, 0}}, newBlocks([]int{3}, [][2]int{{0, 0}})); err != context.Canceled {
		t.Error(err)
	}
}
