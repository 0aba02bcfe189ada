package pipeline

import (
	"cmp"
	"fmt"
	"slices"

	"speechsim/extract"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
)

const (
	processBytes    = 60 << 20 // of a process at rest
	arenaPerSecond  = 24 << 20 // activations of a base model (12 layers, 768 units) per second of audio; scaled by units x layers
	referenceLayers = 13 * 768
	scoreCopies     = 3 // of one layer's attention scores, that a session holds at once: product, position bias, Softmax
)

// modelMemory is what the models take while they run: their weights, and the activations of the utterances that are held at
// once (see extract.Walk), which grow with the length of an utterance, and those of attention with its square.
type modelMemory struct {
	bytes     int64
	longest   int   // the utterance that takes most, -1 if no model hears audio
	alone     int64 // what it takes
	attention int64 // of that, for attention
}

// modelMemory foretells it for some sources from the lengths alone, for the longest utterances meeting.
func (p *Plan) modelMemory(sources []int) modelMemory {
	m := modelMemory{longest: -1}
	order := make([]int, len(p.samples))
	for u := range order {
		order[u] = u
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p.samples[b], p.samples[a]) })
	for _, i := range sources {
		s := p.sources[i]
		if s.Model == nil || !s.IsAudio() { // log-mel frames hear too, and take next to nothing
			continue
		}
		m.bytes += s.Model.WeightBytes()
		for rank, u := range order[:min(len(order), 2*p.opts.Workers)] {
			if p.samples[u] <= 0 {
				break
			}
			states, maps, scores := p.activationBytes(s, p.samples[u])
			if rank >= p.opts.Workers { // it waits to be collected, with what it gave alone
				states, scores = p.stateBytes(s, p.samples[u]), 0
			}
			m.bytes += states + maps + scores
			if rank == 0 {
				m.longest = u
				m.alone += states + maps + scores
				m.attention += maps + scores
			}
		}
	}
	return m
}

// stateBytes is what the states are that a source gives for one utterance of so many samples.
func (p *Plan) stateBytes(s *extract.Source, samples int) (bytes int64) {
	card := s.Model.Card()
	n := extract.Scale(samples, p.Corpus.Spec.Audio.Rate, card.SampleRate)
	for _, l := range s.Model.Layers() {
		bytes += 4 * int64(l.Units) * int64(card.LayerFrames(l, n))
	}
	return bytes
}

// activationBytes is what a source takes for one utterance of so many samples: for its states, for the attention maps that it
// gives, and for the scores of one layer inside the session.
func (p *Plan) activationBytes(s *extract.Source, samples int) (states, maps, scores int64) {
	card, rate := s.Model.Card(), p.Corpus.Spec.Audio.Rate
	n := extract.Scale(samples, rate, card.SampleRate)
	units := 0
	for _, l := range s.Layers() {
		units += l.Units
	}
	states = int64(float64(arenaPerSecond) * float64(units) / referenceLayers * float64(samples) / float64(rate))
	square := func(n int) int64 {
		frames := int64(card.Frames(n))
		return 4 * frames * frames * int64(max(card.Heads, 1))
	}
	maps = square(n) * int64(len(s.Model.Attentions()))
	if card.Chunk > 0 {
		n = min(n, card.Chunk)
	}
	return states, maps, scoreCopies * square(n)
}

// warning says that so many bytes in all are more than there are, and what takes them; "" if they fit or if nobody knows.
func (m modelMemory) warning(p *Plan, total int64) string {
	free := native.FreeMemory()
	if free == 0 || total <= free {
		return ""
	}
	warning := fmt.Sprintf("about %s of memory will be needed, but only %s are free", text.Bytes(total), text.Bytes(free))
	if m.longest < 0 {
		return warning
	}
	return fmt.Sprintf("%s: utterance %s (%.0f s) alone takes %s, %s of it for attention, which grows with the square of the length; "+
		"cut long audio into utterances, use fewer --workers, or leave attention metrics out", warning, p.Corpus.Utterances[m.longest].ID,
		float64(p.samples[m.longest])/float64(p.Corpus.Spec.Audio.Rate), text.Bytes(m.alone), text.Bytes(m.attention))
}
