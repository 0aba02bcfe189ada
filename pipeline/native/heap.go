package native

import (
	"os"
	"runtime"
	"runtime/debug"
)

// The heap of a large run is a few arrays without pointers: collecting them is cheap, and keeping garbage of their size is not.
// That of a small run is collected each time that so much has been allocated, not five hundred times in five seconds.
const (
	garbagePercent = 20
	LeastGarbage   = 32 << 20 // of a heap on which nothing lives
)

// ballast counts as alive for as long as the process lives. Nobody writes to it, so that it takes no memory.
var ballast []byte

// SpareGarbage sets when the heap is collected: after a fifth of what lives, and at least LeastGarbage, was allocated anew; GOGC in
// the environment has precedence.
func SpareGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
		ballast = make([]byte, LeastGarbage*100/garbagePercent)
	}
}

// HeapBytes is what lives on the heap.
func HeapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) - int64(len(ballast))
}

// WithGarbage is what the heap grows to where so many bytes live, beside LeastGarbage.
func WithGarbage(bytes int64) int64 { return bytes + bytes*garbagePercent/100 }
