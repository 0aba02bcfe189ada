// Package parallel cuts work into parts and runs them on a bounded number of
// goroutines, so that no result depends on who ran what.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Run runs task(worker, i) for i in [0, n) on at most workers goroutines
// (0: one a processor), each with its own worker number. Tasks must write to
// places of their own, so that no result depends on who ran what.
func Run(workers, n int, task func(worker, i int)) {
	workers = min(Workers(workers), n)
	if workers <= 1 {
		for i := range n {
			task(0, i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				task(w, i)
			}
		})
	}
	group.Wait()
}

// Workers resolves 0 to one worker a processor.
func Workers(workers int) int {
	if workers <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return workers
}

// Cuts divides [0, n) into equal parts of at most edge.
func Cuts(n, edge int) []int {
	parts := (n + edge - 1) / edge
	at := make([]int, parts+1)
	for k := range at {
		at[k] = k * n / parts
	}
	return at
}
