package metrics

import "speechsim/metrics/internal/linalg"

// Backend is an implementation of the linear algebra: OpenBLAS, or pure Go. It
// says its Name, its Version and the Path it was loaded from, and may be
// shared by everything in a program.
//
// A backend never starts threads: this package cuts work into tiles and runs
// those on a bounded number of goroutines. That is faster than a
// multi-threaded library for many small factorisations, as fast for large
// products, and its results have the same bits for any number of workers.
type Backend = linalg.Backend

// OpenBLAS opens the first OpenBLAS library among places: files, folders that
// hold one, or bare names for the system's loader. Its error names every place
// that was tried, and why each failed.
func OpenBLAS(places []string) (Backend, error) { return linalg.OpenBLAS(places) }

// PureGo returns the implementation that needs no library. Expect about a
// fifth of OpenBLAS's speed.
func PureGo() Backend { return linalg.PureGo() }
