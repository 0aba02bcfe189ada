package metrics

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel runs task(worker, i) for i in [0, n) on at most workers goroutines
// (0: one a processor), each with its own worker number. Tasks must write to
// places of their own, so that no result depends on who ran what.
func parallel(workers, n int, task func(worker, i int)) {
	workers = min(workerCount(workers), n)
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

// workerCount resolves 0 to one worker a processor.
func workerCount(workers int) int {
	if workers <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return workers
}
