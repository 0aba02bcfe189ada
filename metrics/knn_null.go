package metrics

import "errors"

// ErrRepeatedRows says that a pairing uses rows more than once, so that neighbours would have to be found again for each draw.
var ErrRepeatedRows = errors.New("rows are used more than once, and their neighbours would have to be found again for each draw")

// NullKNN draws the null distribution of [MutualKNN] for pairs of layers: near has the neighbours of each layer, whose rows stand
// in the order of the shuffle, and pairs its positions of x and y. No neighbours are found again: under a pairing those of y's
// rows move with them.
func NullKNN(near map[int]*Neighbours, pairs [][2]int, s *Shuffle, draws int) (*Null, error) {
	s, draws = s.Exhaust(draws)
	null := &Null{About: s.About}
	for k := -1; k < draws; k++ {
		values := make([]float64, len(pairs))
		for c, p := range pairs {
			y := near[p[1]]
			if k >= 0 {
				var ok bool
				if y, ok = y.paired(s.Draw(k)); !ok {
					return nil, ErrRepeatedRows
				}
			}
			v, err := MutualKNN(near[p[0]], y)
			if err != nil {
				return nil, err
			}
			values[c] = v.Value
		}
		if k < 0 {
			null.Observed = values
		} else {
			null.Draws = append(null.Draws, values)
		}
	}
	return null, nil
}

// paired returns the neighbours after row r has become row pairing[r]; ok is false unless every row is used once.
func (n *Neighbours) paired(pairing []int) (moved *Neighbours, ok bool) {
	back := make([]int32, len(pairing))
	for r := range back {
		back[r] = -1
	}
	for r, from := range pairing {
		if back[from] >= 0 {
			return nil, false
		}
		back[from] = int32(r)
	}
	moved = &Neighbours{K: n.K, Dim: n.Dim, Rows: make([][]int32, len(n.Rows))}
	for r, from := range pairing {
		for _, near := range n.Rows[from] {
			moved.Rows[r] = append(moved.Rows[r], back[near])
		}
	}
	return moved, true
}
