package results

// Set is what a run finds.
type Set struct {
	Cells       []Cell
	Matches     []Match
	Differences []Difference
	Retrieved   []Retrieved
	Replicates  []Replicates
}

// Undefined are the cells without a value.
func (s *Set) Undefined() AllUndefined { return UndefinedOf(s.Cells) }

// Add adds what another part of the run found.
func (s *Set) Add(o Set) {
	for _, r := range o.Replicates {
		for k := range r.Cells {
			r.Cells[k] += len(s.Cells)
		}
		s.Replicates = append(s.Replicates, r)
	}
	s.Cells = append(s.Cells, o.Cells...)
	s.Matches = append(s.Matches, o.Matches...)
	s.Differences = append(s.Differences, o.Differences...)
	s.Retrieved = append(s.Retrieved, o.Retrieved...)
}
