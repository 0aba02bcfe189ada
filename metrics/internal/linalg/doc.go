// Package linalg holds the few dense operations that the measures are built
// from, behind one interface with two implementations: OpenBLAS, opened at run
// time, and pure Go (gonum).
//
// Matrices are row-major and carry their stride, so that a tile of a larger
// matrix is a matrix too. Shapes are checked once, before either
// implementation sees them; a wrong shape is a mistake of the caller and
// panics, as in gonum. What depends on the data (a decomposition that does not
// converge) is an error.
//
// Every operation runs on the goroutine that calls it and may be called from
// many at once: a caller that wants more cores cuts its work into tiles. For
// the same operands in the same layout a result has the same bits each time.
package linalg
