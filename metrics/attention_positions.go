package metrics

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"

	"speechsim/metrics/internal/linalg"
)

// PositionWindow is how many time steps from its query a key may be to have a
// place of its own in [AttentionPositions]. What is further away is gathered, on
// either side.
const PositionWindow = 64

const positionBins = 2*PositionWindow + 3 // what is before the window, the window, what is after

// AttentionPositions sums up the attention of heads by relative position: the
// time step of the key less that of the query. With A the map of a head, and over
// all utterances,
//
//	mean at d    = Σ_{(q, k): k - q = d} A[q, k] / number of such pairs
//	share at d   = Σ_{(q, k): k - q = d} A[q, k] / number of queries
//
// so that far positions, which few pairs have, are not taken for unattended, and
// shares say where the attention goes: they add up to 1 (to less where rows of a
// map do, because padding has the rest).
//
// Parts are merged exactly, up to the order of additions.
type AttentionPositions struct{ state positionState }

// positionState is all that is written to a file.
type positionState struct {
	Heads   []int // of each layer
	Queries int
	Pairs   []int       // of each bin
	Uniform []float64   // of each bin: the sum over its pairs where each query spreads its attention evenly
	Sums    [][]float64 // of each layer: [head * bins + bin]
}

// Sequence says how the rows of an utterance's maps follow one another in time.
type Sequence struct {
	Frames  int // rows of a map
	Patches int // of which so many are of one time step
	Piece   int // that are encoded apart from the next ones, which get no attention; 0: all belong together
}

// NewAttentionPositions returns empty sums for layers with heads heads each.
func NewAttentionPositions(heads []int) *AttentionPositions {
	s := positionState{Heads: slices.Clone(heads), Pairs: make([]int, positionBins), Uniform: make([]float64, positionBins)}
	for _, n := range heads {
		s.Sums = append(s.Sums, make([]float64, n*positionBins))
	}
	return &AttentionPositions{s}
}

// Add adds the maps of one utterance, as [AttentionRows.Add] takes them. A
// number that is not finite is a [NonFiniteError], and nothing is added.
func (a *AttentionPositions) Add(maps []Matrix, of Sequence) error {
	s := &a.state
	if len(maps) != len(s.Heads) {
		return fmt.Errorf("%d attention maps for %d layers", len(maps), len(s.Heads))
	}
	if of.Patches < 1 || of.Frames%of.Patches != 0 || of.Piece < 0 || of.Piece%of.Patches != 0 {
		return fmt.Errorf("%d rows in pieces of %d are no whole number of time steps of %d rows", of.Frames, of.Piece, of.Patches)
	}
	sums := make([][]float64, len(maps))
	for i, x := range maps {
		x, err := x.shaped()
		if err != nil {
			return fmt.Errorf("layer %d: %w", i, err)
		}
		if !x.ColMajor || x.Cols != s.Heads[i] || x.Rows != of.Frames*of.Frames {
			return fmt.Errorf("layer %d: attention must be ColMajor, [%d cells, %d heads]; it is [%d, %d]", i, of.Frames*of.Frames, s.Heads[i], x.Rows, x.Cols)
		}
		sums[i] = make([]float64, len(s.Sums[i]))
		x.lines(func(head int, f32 []float32, f64 []float64) {
			bins := sums[i][head*positionBins:][:positionBins]
			if f64 != nil {
				sumPositions(bins, f64, of)
			} else {
				sumPositions(bins, f32, of)
			}
		})
		if slices.ContainsFunc(sums[i], func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
			_, err := Finite(x, i)
			return err
		}
	}
	for i := range sums {
		addTo(s.Sums[i], sums[i])
	}
	uniform := make([]float64, positionBins)
	for from := 0; from < of.Frames; from += of.piece() {
		countPairs(s.Pairs, uniform, min(of.Frames-from, of.piece()), of.Patches)
	}
	addTo(s.Uniform, uniform)
	s.Queries += of.Frames
	return nil
}

// piece is how many rows belong together.
func (of Sequence) piece() int {
	if of.Piece > 0 {
		return of.Piece
	}
	return of.Frames
}

// countPairs adds the pairs of a piece to those of each bin, and what they get of evenly spread attention.
func countPairs(pairs []int, uniform []float64, rows, patches int) {
	steps := rows / patches
	for d := 1 - steps; d < steps; d++ {
		bin := min(max(d+PositionWindow+1, 0), positionBins-1)
		n := (steps - max(d, -d)) * patches * patches
		pairs[bin] += n
		uniform[bin] += float64(n) / float64(rows)
	}
}

// sumPositions adds up the cells of a head's map.
func sumPositions[T linalg.Float](bins []float64, cells []T, of Sequence) {
	for from := 0; from < of.Frames; from += of.piece() {
		to := min(from+of.piece(), of.Frames)
		for q := from; q < to; q++ {
			sumRow(bins, cells[q*of.Frames:][from:to], (q-from)/of.Patches, of.Patches)
		}
	}
}

// sumRow adds up the attention of a query of time step t over the keys of its piece.
func sumRow[T linalg.Float](bins []float64, row []T, t, patches int) {
	first, last := max(0, t-PositionWindow), min(len(row)/patches, t+PositionWindow+1)
	bins[0] += sumOf(row[:first*patches])
	bins[positionBins-1] += sumOf(row[last*patches:])
	bins = bins[first-t+PositionWindow+1:][:last-first]
	if patches == 1 { // nearly always
		for d, v := range row[first:last] {
			bins[d] += float64(v)
		}
		return
	}
	for d := range bins {
		bins[d] += sumOf(row[(first+d)*patches:][:patches])
	}
}

// sumOf adds in double precision, in four strands that need not wait for each other.
func sumOf[T linalg.Float](x []T) float64 {
	var s [4]float64
	for ; len(x) >= 4; x = x[4:] {
		s[0] += float64(x[0])
		s[1] += float64(x[1])
		s[2] += float64(x[2])
		s[3] += float64(x[3])
	}
	for k, v := range x {
		s[k] += float64(v)
	}
	return s[0] + s[1] + (s[2] + s[3])
}

func addTo(sum, more []float64) {
	for k, v := range more {
		sum[k] += v
	}
}

// Merge adds the utterances of o.
func (a *AttentionPositions) Merge(o *AttentionPositions) error {
	s, t := &a.state, &o.state
	if !slices.Equal(s.Heads, t.Heads) {
		return errors.New("attention of different layers can't be merged")
	}
	s.Queries += t.Queries
	for k, n := range t.Pairs {
		s.Pairs[k] += n
	}
	addTo(s.Uniform, t.Uniform)
	for i := range s.Sums {
		addTo(s.Sums[i], t.Sums[i])
	}
	return nil
}

// RelativePosition is the attention of a head at some relative positions.
type RelativePosition struct {
	From, To int // key less query, in time steps: the same, or, of what is beyond the window, with an end at math.MinInt or math.MaxInt
	Pairs    int
	Mean     float64 // over the pairs
	Uniform  float64 // what that would be if each query spread its attention evenly
	Share    float64 // of the head's attention
}

// Head lists the attention of a head of layer i, from the keys that are furthest
// before their queries to those that are furthest after. Positions that no pair
// has are left out.
func (a *AttentionPositions) Head(i, head int) (list []RelativePosition) {
	s := &a.state
	for bin, pairs := range s.Pairs {
		if pairs == 0 {
			continue
		}
		sum := s.Sums[i][head*positionBins+bin]
		p := RelativePosition{From: bin - PositionWindow - 1, To: bin - PositionWindow - 1, Pairs: pairs,
			Mean: sum / float64(pairs), Uniform: s.Uniform[bin] / float64(pairs), Share: sum / float64(s.Queries)}
		switch bin {
		case 0:
			p.From = math.MinInt
		case positionBins - 1:
			p.To = math.MaxInt
		}
		list = append(list, p)
	}
	return list
}

// PositionBytes is about the size of a file of sums of so many heads in all.
func PositionBytes(heads int) int64 { return 8 * positionBins * int64(heads+2) }

const positionMagic = "speechsim positions 1\n"

// mostHeads bounds what a damaged file may ask memory for.
const mostHeads = 1 << 20

// WriteTo writes the sums: a line that says what the file is; the number of
// layers, the heads of each, the queries, the pairs and the sums, all of 8 bytes,
// little-endian; and the CRC-32C of what comes before. It implements io.WriterTo.
func (a *AttentionPositions) WriteTo(w io.Writer) (int64, error) {
	s := &a.state
	b := []byte(positionMagic)
	for _, whole := range [][]int{{len(s.Heads)}, s.Heads, {s.Queries}, s.Pairs} {
		for _, n := range whole {
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		}
	}
	for _, sums := range append([][]float64{s.Uniform}, s.Sums...) {
		for _, v := range sums {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	n, err := w.Write(binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)))
	return int64(n), err
}

// ReadAttentionPositions reads what WriteTo wrote.
func ReadAttentionPositions(r io.Reader) (*AttentionPositions, error) {
	a, err := readPositions(r)
	if err != nil {
		return nil, fmt.Errorf("reading attention by relative position: %w", err)
	}
	return a, nil
}

func readPositions(r io.Reader) (*AttentionPositions, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	end := len(data) - crc32.Size
	rest, ours := bytes.CutPrefix(data, []byte(positionMagic))
	if !ours || len(rest) < crc32.Size {
		return nil, errors.New("the file is of another kind or version")
	}
	if sum, want := crc32.Checksum(data[:end], castagnoli), binary.LittleEndian.Uint32(data[end:]); sum != want {
		return nil, fmt.Errorf("the checksum is %08x and should be %08x: the file was changed", sum, want)
	}
	numbers := positionNumbers(rest[:len(rest)-crc32.Size])
	heads := make([]int, min(numbers.whole(), len(numbers)/8))
	total := 0
	for i := range heads {
		heads[i] = numbers.whole()
		total += heads[i]
	}
	if want := 8 * (1 + positionBins*(2+total)); total > mostHeads || len(numbers) != want {
		return nil, fmt.Errorf("the file has %d bytes of sums and should have %d", len(numbers), want)
	}
	a := NewAttentionPositions(heads)
	s := &a.state
	s.Queries = numbers.whole()
	for k := range s.Pairs {
		s.Pairs[k] = numbers.whole()
	}
	for _, sums := range append([][]float64{s.Uniform}, s.Sums...) {
		for k := range sums {
			sums[k] = math.Float64frombits(numbers.next())
		}
	}
	return a, nil
}

// positionNumbers hands out the numbers of a file, 0 after the last.
type positionNumbers []byte

func (p *positionNumbers) next() uint64 {
	if len(*p) < 8 {
		return 0
	}
	v := binary.LittleEndian.Uint64(*p)
	*p = (*p)[8:]
	return v
}

// whole is a count; what is none becomes one that no file holds.
func (p *positionNumbers) whole() int { return int(min(p.next(), 1<<40)) }
