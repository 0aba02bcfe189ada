package linalg

// Sparse is a matrix of which few numbers are not zero: those of row r are Entries[Starts[r]:Starts[r+1]].
type Sparse struct {
	Starts  []int64
	Entries []SparseEntry
}

// SparseEntry is a number of a row, in a column of its own.
type SparseEntry struct {
	Column int32
	Value  float32
}

// AddRows adds rows, times their weights, to sum, which has a number for each
// column, one row after the other.
func (s Sparse) AddRows(sum []float64, rows []int32, weights []float64) {
	s.addRows(sum, rows, weights[:len(rows)])
}
