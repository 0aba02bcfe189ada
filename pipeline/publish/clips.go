package publish

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"

	"speechsim/corpus"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/results"
	"speechsim/pipeline/study"
)

// clipsName is the file of a run directory that holds the clips which its page packs, one after another.
const clipsName = "clips.wav"

const (
	clipRate     = 16000 // Hz, at most
	clipSeconds  = 2     // of a clip, at most
	wavHeader    = 44
	bytesOfPoint = 2
)

// token is a stretch of an utterance.
type token struct {
	utterance string
	from, to  float64 // seconds in the file
}

// cutClips cuts the tokens of contributions out of the audio, as a WAV file, and notes where in it each stands; nil where the config asks for
// none. The first token of each type comes first, then the second of each, until the page has no room for more.
func cutClips(ctx context.Context, p *plan.Plan, list []results.Contribution) ([]byte, error) {
	if p.Config.Report.Audio != "clips" || len(list) == 0 {
		return nil, nil
	}
	rate := min(clipRate, p.Corpus.Spec.Audio.Rate)
	tokens, spare := byTurns(list), (base64.StdEncoding.DecodedLen(study.ClipBytes)-wavHeader)/bytesOfPoint
	for k, t := range tokens {
		if spare -= int(math.Ceil(clipLength(t) * float64(rate))); spare < 0 {
			tokens = tokens[:k]
			break
		}
	}
	of := map[string][]int{} // the tokens of an utterance
	for k, t := range tokens {
		of[t.utterance] = append(of[t.utterance], k)
	}
	utterances := slices.Sorted(maps.Keys(of))
	cut := make([][]float32, len(tokens))
	p.Progress.Stage("cutting clips", float64(len(utterances)), "utterances")
	if err := progress.Each(ctx, p.Workers, len(utterances), p.Progress, func(i int) error {
		sound, err := soundOf(p, utterances[i], rate)
		if err != nil {
			return err
		}
		for _, k := range of[utterances[i]] {
			cut[k] = sound(tokens[k])
		}
		return nil
	}); err != nil {
		return nil, err
	}
	var points []float32
	places := map[token][2]int{}
	for k, t := range tokens {
		places[t] = [2]int{len(points), len(points) + len(cut[k])}
		points = append(points, cut[k]...)
	}
	for i := range list {
		at := places[tokenOf(&list[i])]
		list[i].ClipFrom, list[i].ClipTo = at[0], at[1]
	}
	return wave(points, rate), nil
}

func tokenOf(c *results.Contribution) token { return token{c.Utterance, c.Start, c.End} }

func clipLength(t token) float64 { return min(t.to-t.from, clipSeconds) }

// byTurns lists the tokens, each once: the first of each type of each pair of layers, then the second of each, and so on.
func byTurns(list []results.Contribution) (tokens []token) {
	turns := [][]token{}
	turn := 0
	for i := range list {
		c := &list[i]
		if turn++; i == 0 || !sameType(c, &list[i-1]) {
			turn = 0
		}
		if turn == len(turns) {
			turns = append(turns, nil)
		}
		turns[turn] = append(turns[turn], tokenOf(c))
	}
	seen := map[token]bool{}
	for _, some := range turns {
		for _, t := range some {
			if !seen[t] {
				seen[t] = true
				tokens = append(tokens, t)
			}
		}
	}
	return tokens
}

func sameType(a, b *results.Contribution) bool {
	return a.Type == b.Type && a.Comparison == b.Comparison && a.Metric == b.Metric && a.Variant == b.Variant && a.Params == b.Params && a.X == b.X && a.Y == b.Y
}

// soundOf reads an utterance, and gives the sound of its tokens.
func soundOf(p *plan.Plan, utterance string, rate int) (func(token) []float32, error) {
	all := p.Corpus.Utterances // in the order of their IDs
	i, _ := slices.BinarySearchFunc(all, utterance, func(u corpus.Utterance, id string) int { return strings.Compare(u.ID, id) })
	u := &all[i]
	a, err := p.Corpus.Audio(u)
	if err != nil {
		return nil, err
	}
	a = p.Corpus.Spec.Audio.At(a, rate)
	at := func(seconds float64) int {
		return min(max(int(math.Round((seconds-u.From)*float64(rate))), 0), len(a.Samples))
	}
	return func(t token) []float32 { return slices.Clone(a.Samples[at(t.from):at(t.from+clipLength(t))]) }, nil
}

// wave is a WAV file of one channel, in 16 bits.
func wave(points []float32, rate int) []byte {
	n := bytesOfPoint * len(points)
	b := append(make([]byte, 0, wavHeader+n), "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(wavHeader-8+n))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	for _, v := range []uint16{1, 1} { // PCM, one channel
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(bytesOfPoint*rate))
	for _, v := range []uint16{bytesOfPoint, 8 * bytesOfPoint} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	for _, v := range points {
		whole := math.Round(float64(v) * 32768)
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(min(max(whole, math.MinInt16), math.MaxInt16))))
	}
	return b
}
