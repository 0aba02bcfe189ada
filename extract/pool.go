package extract

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"speechsim/corpus"
	"speechsim/models"
)

// Pooling is the rule that says which frames a segment owns.
type Pooling string

// The rules of design: names, what they do, who uses them.
const (
	Centre      Pooling = "centre"      // frames whose centre lies in [start, end); none: the frame nearest to the middle
	Bolanos2024 Pooling = "bolanos2024" // int(s/hop) .. int(e/hop), end inclusive (Bolaños 2024, layer-analysis)
	Pasad2021   Pooling = "pasad2021"   // floor(s/hop) .. ceil(e/hop), end exclusive (Pasad, Chou, Livescu 2021)
	Middle      Pooling = "middle"      // the middle third of pasad2021's frames, as that paper takes of phones
	Max         Pooling = "max"         // centre's frames, the largest value of each unit instead of the mean
	First       Pooling = "first"       // the first of centre's frames alone
)

// FrameRange is the half-open range of frames [lo, hi) that a row owns in a layer of so many frames. It is empty when the
// rule gives the row no frame of this utterance. rate is the corpus rate, in which the row's samples are counted.
func (p Pooling) FrameRange(card *models.Card, l models.LayerOutput, r Row, rate, frames int) (lo, hi int) {
	// The papers' rules count time steps; a step of BEATs is eight rows, its frequency patches.
	patches, hop := max(card.Patches, 1), hopSeconds(card, l)
	switch p {
	case Bolanos2024:
		lo, hi = int(r.Start/hop), int(r.End/hop)+1
	case Pasad2021, Middle:
		lo, hi = int(math.Floor(r.Start/hop)), int(math.Ceil(r.End/hop))
		if p == Middle {
			third := (hi - lo + 1) / 3
			lo, hi = lo+third, hi-third
		}
		hi = max(hi, lo+1)
	default:
		lo, hi = centred(card, l, r, rate, frames)
		if p == First {
			hi = min(hi, (lo/patches+1)*patches)
		}
		return lo, hi
	}
	return max(lo, 0) * patches, min(hi*patches, frames)
}

// hopSeconds is the stride as the papers' code computes it, milliseconds divided by 1000.0: the rounding of this very
// expression decides that 0.58 s lies in frame 28 of a 20 ms model.
func hopSeconds(card *models.Card, l models.LayerOutput) float64 {
	hop := card.Hop
	if l.Hop > 0 {
		hop = l.Hop
	}
	return 1000 * float64(hop) / float64(card.SampleRate) / 1000.0
}

// centred compares in whole numbers, sample times rate, so that no rounding moves a frame across a boundary.
func centred(card *models.Card, l models.LayerOutput, r Row, rate, frames int) (lo, hi int) {
	first := func(twice int) int { // the first frame whose centre is not before half of twice, in samples x rates
		return sort.Search(frames, func(i int) bool { return 2*card.LayerCentre(l, i)*rate >= twice })
	}
	lo, hi = first(2*r.From*card.SampleRate), first(2*r.To*card.SampleRate)
	if lo < hi || frames == 0 {
		return lo, hi
	}
	// No centre inside: the frame whose centre is nearest to the middle, the earlier one of two; with it the others of
	// that very centre, the frequency patches of one time step.
	middle := (r.From + r.To) * card.SampleRate
	dist := func(i int) int { return abs(2*card.LayerCentre(l, i)*rate - middle) }
	best := min(lo, frames-1)
	if best > 0 && dist(best-1) <= dist(best) {
		best--
	}
	centre := 2 * card.LayerCentre(l, best) * rate
	return first(centre), first(centre + 1)
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}

// reduce makes one vector of rows [lo, hi) of a [rows, units] tensor.
func (p Pooling) reduce(t models.Tensor, lo, hi int, sum []float64, out []float32) {
	if p != Max {
		mean(t, lo, hi, sum, out)
		return
	}
	units := t.Shape[1]
	copy(out, t.Data[lo*units:])
	for i := lo + 1; i < hi; i++ {
		for j, v := range t.Data[i*units : (i+1)*units] {
			out[j] = max(out[j], v)
		}
	}
}

// mean writes the mean of rows [lo, hi) of a [rows, units] tensor to out, summing in float64.
func mean(t models.Tensor, lo, hi int, sum []float64, out []float32) {
	units := t.Shape[1]
	clear(sum)
	for i := lo; i < hi; i++ {
		for j, v := range t.Data[i*units : (i+1)*units] {
			sum[j] += float64(v)
		}
	}
	inv := 1 / float64(hi-lo)
	for j, s := range sum {
		out[j] = float32(s * inv)
	}
}

// Pool writes one vector a row and layer: out[l] is [len(rows), units of layer l]. rate is the corpus rate.
func (s *Source) Pool(a *Activations, rows []Row, p Pooling, rate int, out [][]float32) error {
	switch {
	case s.Vectors != nil:
		for i, r := range rows {
			v, _ := s.Vectors.Vector(r.Label)
			copy(out[0][i*len(v):], v)
		}
		return nil
	case !s.IsAudio() && s.Labels != nil:
		d := s.Labels.layer().Units
		for i, r := range rows {
			at := r.middle()
			s.Labels.mean(r.Utterance, at.From, at.To, out[0][i*d:(i+1)*d])
		}
		return nil
	case s.Text != nil:
		return s.poolTokens(a, rows, out)
	}
	outputs := s.outputs()
	for l, t := range a.Layers {
		d := t.Shape[1]
		sum := make([]float64, d)
		for i, r := range rows {
			at := r
			if !s.InTime() {
				at = r.middle()
			}
			lo, hi := p.FrameRange(s.Card(), outputs[l], at, rate, t.Shape[0])
			if lo >= hi {
				return fmt.Errorf("model %s, layer %s: row %q at %g s has no frame under the pooling %s", s.Name, t.Name, r.Label, r.Start, p)
			}
			p.reduce(t, lo, hi, sum, out[l][i*d:(i+1)*d])
		}
	}
	return nil
}

// poolTokens pools what a text model gave: a word is the mean of its tokens.
func (s *Source) poolTokens(a *Activations, rows []Row, out [][]float32) error {
	for l, t := range a.Layers {
		d := t.Shape[1]
		sum := make([]float64, d)
		for i, r := range rows {
			lo, hi := tokensOf(a.Places, r.Place)
			if lo >= hi {
				return fmt.Errorf("model %s, layer %s: word %q at %g s has no token", s.Name, t.Name, r.Label, r.Start)
			}
			mean(t, lo, hi, sum, out[l][i*d:(i+1)*d])
		}
	}
	return nil
}

// tokensOf is the range of tokens that have a code point of a place. Tokens stand in the order of the text.
func tokensOf(tokens [][2]int, place [2]int) (lo, hi int) {
	for lo < len(tokens) && tokens[lo][1] <= place[0] {
		lo++
	}
	for hi = lo; hi < len(tokens) && tokens[hi][0] < place[1] && tokens[hi][1] > place[0]; hi++ {
	}
	return lo, hi
}

// SelectBolanos2024 keeps, of the rows of one utterance, the first of each word type, in alphabetical order; words with an
// apostrophe never matched in the original. dropped is called for each row left out.
func SelectBolanos2024(rows []Row, dropped func(Row, string)) []Row {
	var out []Row
	seen := map[string]bool{}
	for _, r := range rows {
		switch {
		case strings.Contains(corpus.WordType(r.Label), "'"):
			dropped(r, ApostropheWord)
		case seen[corpus.WordType(r.Label)]:
			dropped(r, RepeatedWord)
		default:
			seen[corpus.WordType(r.Label)] = true
			out = append(out, r)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return corpus.WordType(out[i].Label) < corpus.WordType(out[j].Label) })
	return out
}
