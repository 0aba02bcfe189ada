package metrics

import (
	"context"
	"runtime"
	"testing"
)

// TestMemoryOfRows adds more and more rows: what is held and what an Add takes
// stay what MemoryOf says, whatever their number.
func TestMemoryOfRows(t *testing.T) {
	block := benchBlock(3, 64)
	dims := []int{64, 64, 64}
	o := Options{SquaredNorms: true, Workers: 2}
	stated, err := MemoryOf(dims, o)
	if err != nil {
		t.Fatal(err)
	}
	heap := func() (held, ever int64) {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return int64(s.HeapAlloc), int64(s.TotalAlloc)
	}
	start, _ := heap()
	m, err := NewMoments(PureGo(), dims, o)
	if err != nil {
		t.Fatal(err)
	}
	add := func(times int) {
		for range times {
			if err := m.Add(context.Background(), block); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(1)
	few, before := heap()
	if took, said := few-start, stated.State+stated.Work; took > said*11/10 || took < said*9/10 {
		t.Errorf("moments and the buffers of an Add hold %d bytes, MemoryOf says %d", took, said)
	}
	add(8)
	many, after := heap()
	if many-few > 1<<16 || after-before > 8<<18 {
		t.Errorf("8 more blocks of rows: %d bytes more are held, %d passed through", many-few, after-before)
	}
	runtime.KeepAlive(m)
	runtime.KeepAlive(block)
}

// TestWorkOn: a few rows take less than a whole block of them, and more take no more.
func TestWorkOn(t *testing.T) {
	m, err := MemoryOf([]int{30, 20}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if all := m.WorkOn(BlockRows); all != m.Work || m.WorkOn(10*BlockRows) != all {
		t.Errorf("%d bytes for a block, of %d", all, m.Work)
	}
	if saved := m.WorkOn(BlockRows) - m.WorkOn(BlockRows-100); saved != 100*4*(30+20) {
		t.Errorf("100 rows take %d bytes", saved)
	}
}
