package models

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"speechsim/models/internal/onnxproto"
	"speechsim/models/internal/ort"
)

// Products multiplies matrices in ONNX Runtime: what moments are made of, on a
// GPU. It is a graph of its own in addition to those of models, so the program needs no
// library for GPUs but ONNX Runtime.
//
// It is a metrics.Products.
type Products struct {
	runtime   *Runtime
	device    string
	precision string
	options   ort.Options

	mu       sync.Mutex
	sessions map[string]*ort.Session // of each set of blocks
}

// productRows is how many rows go to a device at once. Blocks come back after
// each, so it must be many: 16384 rows take a GPU about as long as the way of
// their blocks to the host.
const productRows = 16384

// Products prepares products on a device (CPU or CUDA) in a precision (Float32
// or TF32). CUDA in a build without is an error.
func (r *Runtime) Products(device, precision string) (*Products, error) {
	if precision != "" && precision != Float32 && precision != TF32 {
		return nil, fmt.Errorf("products: precision %q is not one of %s, %s", precision, Float32, TF32)
	}
	o, err := r.sessionOptions(Options{Device: device, Precision: precision})
	if err != nil {
		return nil, err
	}
	if device == CUDA {
		o.Config["session.disable_cpu_ep_fallback"] = "1" // what was asked for on a GPU never runs on the CPU
	}
	return &Products{runtime: r, device: device, precision: precision, options: o, sessions: map[string]*ort.Session{}}, nil
}

// Rows is how many rows it should get at once.
func (p *Products) Rows() int { return productRows }

// Multiply sets out[k], [widths[i], widths[j]], to the sum of products x_i' x_j
// of panels i and j of blocks[k]. panels[i] is [chunks, rows, widths[i]]: products
// are made over the rows of a chunk in single precision and added over the
// chunks in double, on the device.
func (p *Products) Multiply(ctx context.Context, chunks, rows int, widths []int, panels [][]float32, blocks [][2]int, out [][]float64) error {
	s, err := p.session(widths, blocks)
	if err != nil {
		return err
	}
	inputs := make([]ort.Input, len(s.Inputs))
	for k, in := range s.Inputs {
		i, err := strconv.Atoi(in.Name)
		if err != nil {
			return err
		}
		inputs[k] = ort.Input{Name: in.Name, Shape: []int64{int64(chunks), int64(rows), int64(widths[i])}, Float32: panels[i][:chunks*rows*widths[i]]}
	}
	shapes := make([][]int64, len(blocks))
	for k, b := range blocks {
		shapes[k] = []int64{int64(widths[b[0]]), int64(widths[b[1]])}
	}
	if err := s.RunInto(ctx, inputs, shapes, out); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("products on %s: %w", p.device, err)
	}
	return nil
}

// session loads the graph of some blocks, once.
func (p *Products) session(widths []int, blocks [][2]int) (*ort.Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := fmt.Sprint(widths, blocks)
	if s := p.sessions[key]; s != nil {
		return s, nil
	}
	for k, s := range p.sessions { // one set of blocks is multiplied after the other
		delete(p.sessions, k)
		if err := s.Close(); err != nil {
			return nil, err
		}
	}
	s, err := p.runtime.lib.Session(productsModel(widths, blocks), p.options)
	if err != nil {
		if p.device == CUDA {
			err = explainCUDA(err)
		}
		return nil, fmt.Errorf("products: %w", err)
	}
	p.sessions[key] = s
	return s, nil
}

// Close ends its sessions.
func (p *Products) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, s := range p.sessions {
		delete(p.sessions, k)
		if err := s.Close(); err != nil {
			return err
		}
	}
	return nil
}

// productsModel is the graph: an input for each panel that some block has, named
// by its number, and for each block MatMul(x_i', x_j) of each chunk, cast to
// double and summed.
func productsModel(widths []int, blocks [][2]int) ort.Model {
	const opset = 17
	var b onnxproto.Builder
	var m ort.Model
	b.Int64s("chunks", 0)
	transposed := map[int]bool{}
	used := map[int]bool{}
	for _, block := range blocks {
		for _, i := range block {
			if !used[i] {
				used[i] = true
				name := strconv.Itoa(i)
				b.Input(name, int(ort.Float32), -1, -1, int64(widths[i]))
				m.Inputs = append(m.Inputs, ort.Info{Name: name, Element: ort.Float32})
			}
		}
	}
	for k, block := range blocks {
		i, j := strconv.Itoa(block[0]), strconv.Itoa(block[1])
		if !transposed[block[0]] {
			transposed[block[0]] = true
			b.Node("Transpose", i+"'", []string{i}, onnxproto.Setting{Name: "perm", Ints: []int64{0, 2, 1}})
		}
		name := "block " + strconv.Itoa(k)
		b.Node("MatMul", name+" products", []string{i + "'", j})
		b.Node("Cast", name+" double", []string{name + " products"}, onnxproto.Setting{Name: "to", Int: int64(ort.Float64)})
		b.Node("ReduceSum", name, []string{name + " double", "chunks"}, onnxproto.Setting{Name: "keepdims", Int: 0})
		b.Output(name, int(ort.Float64), int64(widths[block[0]]), int64(widths[block[1]]))
		m.Outputs = append(m.Outputs, name)
	}
	m.Bytes = b.Bytes(opset)
	return m
}
