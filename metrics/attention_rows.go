package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// AttentionRows accumulates the attention metrics that are averages over the
// rows of maps (one row is the attention of one query over all keys) or over
// utterances. With A and B the maps of heads h of x and g of y, [T, T],
//
//	elkheir2024:  Σ over utterances and queries of cov(row_h, row_g)/(s_h s_g), over
//	              all frames, where cov divides by T and s by T - 1: a head with
//	              itself is (T-1)/T (Wu et al. 2020, PearsonMaxMinCorr)
//	js:           1 - the mean over all queries of the Jensen-Shannon divergence of
//	              the two rows, in nats: from 1 down to 1 - ln 2
//	frobenius:    1 - the mean over utterances of |A - B|_F, not divided by T
//
// and the value is the mean over x's heads of the maximum over y's heads. All
// are directed and signed. In elkheir2024 an utterance of one frame adds nothing
// but its frame, as in the code; so does a row of constant attention, which
// makes the code's value NaN.
//
// Parts are merged exactly, up to the order of additions.
type AttentionRows struct {
	backend Backend
	workers int
	state   attentionState
	xs, ys  []int // the layers that are an x, a y of some pair
}

// attentionState is all that is written to a file.
type attentionState struct {
	Heads      []int // of each layer
	Pairs      [][2]int
	Variants   []string
	Utterances int
	Frames     int
	Flat       []int // of each layer: rows of constant attention, summed over heads
	// Sums of each variant: [pair][head of x * heads of y + head of y].
	Sums map[string][][]float64
}

// rowVariants are the variants that AttentionRows knows.
var rowVariants = []string{"elkheir2024", "js", "frobenius"}

// NewAttentionRows returns an empty accumulator for layers with heads heads
// each. pairs are the ordered pairs (x, y) to compare, nil for all, and
// variants those to compute, nil for all; js costs the most by far.
func NewAttentionRows(b Backend, heads []int, pairs [][2]int, variants []string, workers int) (*AttentionRows, error) {
	a := &AttentionRows{backend: b, workers: workers}
	a.state = attentionState{Heads: slices.Clone(heads), Pairs: slices.Clone(pairs), Variants: slices.Clone(variants),
		Flat: make([]int, len(heads)), Sums: map[string][][]float64{}}
	if pairs == nil {
		for i := range heads {
			for j := range heads {
				a.state.Pairs = append(a.state.Pairs, [2]int{i, j})
			}
		}
	}
	if variants == nil {
		a.state.Variants = slices.Clone(rowVariants)
	}
	if err := a.prepare(); err != nil {
		return nil, err
	}
	for _, v := range a.state.Variants {
		for _, p := range a.state.Pairs {
			a.state.Sums[v] = append(a.state.Sums[v], make([]float64, heads[p[0]]*heads[p[1]]))
		}
	}
	return a, nil
}

// prepare checks the state's plan and lists the layers on each side.
func (a *AttentionRows) prepare() error {
	s := &a.state
	if len(s.Heads) == 0 {
		return ErrNoLayers
	}
	for i, h := range s.Heads {
		if h < 1 || h > 1<<16 {
			return fmt.Errorf("attention layer %d has %d heads", i, h)
		}
	}
	for _, v := range s.Variants {
		if !slices.Contains(rowVariants, v) {
			return &UnknownError{What: "variant of attention by rows", Name: v, Known: rowVariants, Nearest: nearest(v, rowVariants)}
		}
	}
	for _, p := range s.Pairs {
		for side, to := range []*[]int{&a.xs, &a.ys} {
			if p[side] < 0 || p[side] >= len(s.Heads) {
				return fmt.Errorf("the pair (%d, %d) names a layer outside 0 to %d", p[0], p[1], len(s.Heads)-1)
			}
			if !slices.Contains(*to, p[side]) {
				*to = append(*to, p[side])
			}
		}
	}
	slices.Sort(a.xs)
	slices.Sort(a.ys)
	return nil
}

// has reports whether a variant is computed.
func (a *AttentionRows) has(variant string) bool { return slices.Contains(a.state.Variants, variant) }

// N is the number of queries: the frames of all utterances.
func (a *AttentionRows) N() int { return a.state.Frames }

// Merge adds the utterances of o.
func (a *AttentionRows) Merge(o *AttentionRows) error { return a.combine(o, 1, 1) }

func (a *AttentionRows) complement(whole *AttentionRows) error { return a.combine(whole, -1, 1) }

// combine makes a to own*a + other*o.
func (a *AttentionRows) combine(o *AttentionRows, own, other int) error {
	s, t := &a.state, &o.state
	if !slices.Equal(s.Heads, t.Heads) || !slices.Equal(s.Pairs, t.Pairs) || !slices.Equal(s.Variants, t.Variants) {
		return errors.New("attention of different layers, pairs or variants can't be merged")
	}
	s.Utterances = own*s.Utterances + other*t.Utterances
	s.Frames = own*s.Frames + other*t.Frames
	for i, n := range t.Flat {
		s.Flat[i] = own*s.Flat[i] + other*n
	}
	for v, pairs := range t.Sums {
		for p, sums := range pairs {
			for k, x := range sums {
				s.Sums[v][p][k] = float64(own)*s.Sums[v][p][k] + float64(other)*x
			}
		}
	}
	return nil
}

// Value is the value of a variant for layers i (x) and j (y). N is the number of
// queries (frames), or of utterances for frobenius.
func (a *AttentionRows) Value(i, j int, variant string) (Value, error) {
	s := &a.state
	p := slices.Index(s.Pairs, [2]int{i, j})
	if p < 0 || !a.has(variant) {
		return Value{}, fmt.Errorf("attention %s of layers %d and %d was not accumulated", variant, i, j)
	}
	if s.Frames == 0 {
		return Value{}, undefined("attention", variant, "there are no utterances")
	}
	v := Value{N: s.Frames, DX: s.Heads[i], DY: s.Heads[j]}
	similarity := func(sum float64) float64 { return sum / float64(s.Frames) }
	switch variant {
	case "js":
		similarity = func(sum float64) float64 { return 1 - sum/float64(s.Frames) }
	case "frobenius":
		v.N = s.Utterances
		similarity = func(sum float64) float64 { return 1 - sum/float64(s.Utterances) }
	default:
		for k, layer := range []int{i, j} {
			if s.Flat[layer] > 0 {
				v.warn("%d rows of heads of %s are constant and count as uncorrelated", s.Flat[layer], [2]string{"x", "y"}[k])
			}
		}
	}
	for h := range s.Heads[i] {
		best := Match{X: h, Y: -1, Value: math.Inf(-1)}
		for g, sum := range s.Sums[variant][p][h*s.Heads[j] : (h+1)*s.Heads[j]] {
			if r := similarity(sum); r > best.Value {
				best.Y, best.Value = g, r
			}
		}
		v.Match = append(v.Match, best)
		v.Value += best.Value / float64(s.Heads[i])
	}
	return v, nil
}
