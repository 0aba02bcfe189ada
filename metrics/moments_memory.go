package metrics

import (
	"speechsim/metrics/internal/linalg"
	"speechsim/metrics/internal/parallel"
)

// Memory is what moments need, in bytes.
type Memory struct {
	State int64 // held by each Moments
	File  int64 // of WriteRounded, within a few hundred bytes and those of the pairs
	Work  int64 // used during an Add, and shared by moments made with Empty
	row   int64 // of Work, for each row that an Add takes at once
}

// WorkOn is the Work where there are no more than so many rows.
func (m Memory) WorkOn(rows int) int64 { return m.Work - m.row*int64(max(0, chunkRows-rows)) }

// MemoryOf says what moments of layers with dims units would need.
func MemoryOf(dims []int, o Options) (Memory, error) {
	l, err := newLayout(dims, o)
	if err != nil {
		return Memory{}, err
	}
	return l.memory(o), nil
}

func (l *layout) memory(o Options) Memory {
	var mem Memory
	for k := range l.blocks {
		mem.State += 8 * int64(l.size(k))
		size, each := int64(l.size(k)), int64(8)
		if b := l.blocks[k]; b.p == b.q {
			width := int64(l.panels[b.p].width())
			size = width * (width + 1) / 2
		}
		if !o.Float64 && l.unitsOnly(k) {
			each = 4
		}
		mem.File += size * each
	}
	columns := 4 * 8 * int64(l.columns())
	mem.State, mem.File = mem.State+columns, mem.File+columns
	element := int64(4)
	if o.Float64 {
		element = 8
	}
	rows := int64(chunkRows)
	if o.Products != nil {
		rows = int64(o.Products.Rows()) + chunkRows
	}
	for _, p := range l.panels {
		width := p.width()
		if o.Products == nil {
			width = lineStride(width, int(element))
		}
		mem.row += element * int64(width)
	}
	if l.norms {
		mem.row += 8 * int64(len(l.dims))
	}
	mem.Work = mem.row * rows
	if o.Products != nil { // the blocks of one chunk, and no tiles
		for k := range l.blocks {
			mem.Work += 8 * int64(l.size(k))
		}
		return mem
	}
	largest := 0
	for _, t := range l.tiles {
		largest = max(largest, (t.r1-t.r0)*(t.c1-t.c0))
	}
	mem.Work += element * int64(largest) * int64(parallel.Workers(o.Workers))
	return mem
}

// SpeedTest is work by which the speed of single precision products is known: a product of a few hundredths of a second for each worker.
type SpeedTest struct {
	Products float64 // multiplications of a run
	multiply func()
}

// NewSpeedTest prepares such work for so many workers.
func NewSpeedTest(b Backend, workers int) *SpeedTest {
	const n = 512
	workers = parallel.Workers(workers)
	x, y, z := linalg.New[float32](n, n), linalg.New[float32](n, n), make([]linalg.Dense[float32], workers)
	for w := range z {
		z[w] = linalg.New[float32](n, n)
	}
	return &SpeedTest{float64(workers) * n * n * n, func() {
		parallel.Run(workers, workers, func(_, w int) { b.Gemm32(false, false, x, y, z[w]) })
	}}
}

// Run does the work once.
func (t *SpeedTest) Run() { t.multiply() }
