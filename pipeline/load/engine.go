package load

import (
	"cmp"
	"context"
	"fmt"

	"speechsim/metrics"
	"speechsim/models"
	"speechsim/pipeline/native"
)

// Engine is what multiplies: the linear algebra of the CPU, and the GPU for moments where the config says so.
type Engine struct {
	Backend       metrics.Backend
	Products      *models.Products // nil where the CPU multiplies
	ProductsError float64          // how far they are from double precision, as a share of a block's norm
	precision     string           // of products on the GPU
}

// openEngine opens the linear algebra, and what multiplies for moments where the config says that this is a GPU.
func openEngine(ctx context.Context, f *Files, m *Models) (*Engine, error) {
	e := &Engine{}
	backend, note, err := native.OpenBackend(f.Config.Path(f.Config.Libraries.OpenBLAS))
	if note != "" {
		f.Progress.Note("%s", note)
	}
	if err != nil {
		return e, err
	}
	e.Backend = backend
	asked := f.Config.Products
	if asked.Device != models.CUDA {
		return e, nil
	}
	rt, err := m.Runtime()
	if err != nil {
		return e, err
	}
	products, err := rt.Products(asked.Device, asked.Precision)
	if err != nil {
		return e, f.Config.Errorf(asked.Pos.Of("device"), "products: %v", err)
	}
	return e, e.UseProducts(ctx, f, products)
}

// UseProducts has moments multiplied elsewhere, and says how far that is from double precision.
func (e *Engine) UseProducts(ctx context.Context, f *Files, products *models.Products) (err error) {
	if e.ProductsError, err = metrics.Deviation(ctx, products); err != nil {
		return f.Config.Errorf(f.Config.Products.Pos.Of("device"), "products: %v", err)
	}
	e.Products, e.precision = products, cmp.Or(f.Config.Products.Precision, models.Float32)
	f.Progress.Note("%s", e.DescribeProducts())
	return nil
}

// singlePrecision is the most that products in single precision are off by, as a share of a block's norm: sums of 2048 terms. A
// CPU is off by 2e-7, an H200 by 8e-7.
const singlePrecision = 3e-6

// DescribeProducts says how far the products of moments are from double precision, where a GPU makes them.
func (e *Engine) DescribeProducts() string {
	return fmt.Sprintf("products of moments on the GPU in %s differ from double precision by %.1e of the norm", e.precision, e.ProductsError)
}

// Imprecise says whether the products are further from double precision than single precision is.
func (e *Engine) Imprecise() bool { return e.Products != nil && e.ProductsError > singlePrecision }

// Precision is that of products on the GPU.
func (e *Engine) Precision() string { return e.precision }

func (e *Engine) close() {
	if e.Products != nil {
		e.Products.Close()
	}
}
