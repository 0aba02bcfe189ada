package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"speechsim/metrics"
	"speechsim/models"
	"speechsim/pipeline/native"
)

// openProducts prepares what multiplies for moments, where the config says that this is a GPU, and says how far it is from
// double precision.
func (p *Plan) openProducts(ctx context.Context) error {
	asked := p.Config.Products
	if asked.Device != models.CUDA {
		return nil
	}
	rt, err := p.openRuntime()
	if err != nil {
		return err
	}
	products, err := rt.Products(asked.Device, asked.Precision)
	if err != nil {
		return p.Config.Errorf(asked.Pos, "products: %v", err)
	}
	return p.useProducts(ctx, products)
}

func (p *Plan) useProducts(ctx context.Context, products *models.Products) (err error) {
	if p.gpuOff, err = metrics.Deviation(ctx, products); err != nil {
		return p.Config.Errorf(p.Config.Products.Pos, "products: %v", err)
	}
	p.gpuProducts = products
	p.opts.Progress.Note("%s", p.productsText())
	return nil
}

// openRuntime opens ONNX Runtime, once.
func (p *Plan) openRuntime() (*models.Runtime, error) {
	if p.runtime == nil {
		rt, err := native.OpenRuntime(p.Config.Path(p.Config.Libraries.ONNXRuntime))
		if err != nil {
			return nil, err
		}
		p.runtime = rt
	}
	return p.runtime, nil
}

// singlePrecision is the most that products in single precision are off by, as a share of a block's norm: sums of 2048 terms. A
// CPU is off by 2e-7, an H200 by 8e-7.
const singlePrecision = 3e-6

func (p *Plan) productsText() string {
	return fmt.Sprintf("products of moments on the GPU in %s differ from double precision by %.1e of the norm", p.productsPrecision(), p.gpuOff)
}

func (p *Plan) productsPrecision() string {
	return cmp.Or(p.Config.Products.Precision, models.Float32)
}

// productSpeed is how many multiplications of moments this machine does in a second: on the GPU, with the way there and back of
// two layers, where that multiplies.
func (p *Plan) productSpeed(ctx context.Context) (float64, error) {
	if p.gpuProducts == nil {
		return metrics.Speed(p.backend, p.opts.Workers), nil
	}
	const chunks, rows, units = 8, 2048, 1024
	panel := make([]float32, chunks*rows*units)
	out := [][]float64{make([]float64, units*units)}
	multiply := func() error {
		return p.gpuProducts.Multiply(ctx, chunks, rows, []int{units, units}, [][]float32{panel, panel}, [][2]int{{0, 1}}, out)
	}
	if err := multiply(); err != nil { // the first starts the device
		return 0, err
	}
	start := time.Now()
	err := multiply()
	return chunks * rows * units * units / time.Since(start).Seconds(), err
}

// multipliesElsewhere says whether the moments of a basis are multiplied on a GPU: those of layers. Attention maps are too
// narrow to be worth the way.
func (p *Plan) multipliesElsewhere(b *basis) bool { return p.gpuProducts != nil && b.input == layers }

// blockSize is how many rows go into the products of the moments of a basis at once.
func (p *Plan) blockSize(b *basis) int {
	if p.multipliesElsewhere(b) {
		return p.gpuProducts.Rows()
	}
	return blockRows
}
