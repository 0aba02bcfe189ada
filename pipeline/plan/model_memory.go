package plan

import (
	"cmp"
	"fmt"
	"slices"

	"speechsim/extract"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/load"
	"speechsim/pipeline/native"
)

const (
	ProcessBytes    = 60 << 20 // of a process at rest
	arenaPerSecond  = 24 << 20 // activations of a base model (12 layers, 768 units) per second of audio; scaled by units x layers
	referenceLayers = 13 * 768
	scoreCopies     = 3 // of one layer's attention scores, that a session holds at once: product, position bias, Softmax
)

// ModelMemory is what the models take while they run: their weights, and the activations of the utterances that are held at
// once (see extract.Walk), which grow with the length of an utterance, and those of attention with its square.
type ModelMemory struct {
	Bytes     int64
	longest   int   // the utterance that takes most, -1 if no model takes audio
	alone     int64 // what it takes
	attention int64 // of that, for attention

	inputs *load.Inputs
}

// ModelMemoryOf computes it for some sources from the lengths alone, for the case that the longest utterances are in memory together.
func ModelMemoryOf(in *load.Inputs, sources []int) ModelMemory {
	m := ModelMemory{longest: -1, inputs: in}
	order := make([]int, len(in.Lengths))
	for u := range order {
		order[u] = u
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(in.Lengths[b], in.Lengths[a]) })
	for _, i := range sources {
		s := in.Sources[i]
		if s.Features != nil {
			m.Bytes += featureBytes(in, s, order[:min(len(order), 2*in.Workers)])
		}
		if s.Model == nil || !s.IsAudio() { // log-mel frames hear too, and take next to nothing
			continue
		}
		m.Bytes += s.Model.WeightBytes()
		for rank, u := range order[:min(len(order), 2*in.Workers)] {
			if in.Lengths[u] <= 0 {
				break
			}
			states, maps, scores := activationBytes(in, s, in.Lengths[u])
			if rank >= in.Workers { // it waits to be collected, with what it gave alone
				states, scores = stateBytes(in, s, in.Lengths[u]), 0
			}
			m.Bytes += states + maps + scores
			if rank == 0 {
				m.longest = u
				m.alone += states + maps + scores
				m.attention += maps + scores
			}
		}
	}
	return m
}

// featureBytes is what the features of some utterances take.
func featureBytes(in *load.Inputs, s *extract.Source, utterances []int) (bytes int64) {
	for _, u := range utterances {
		if in.Lengths[u] > 0 {
			for _, l := range s.Layers() {
				bytes += 4 * int64(l.Units) * int64(s.Frames(in.Corpus, u, in.Lengths[u]))
			}
		}
	}
	return bytes
}

// stateBytes is what the states are that a source gives for one utterance of so many samples.
func stateBytes(in *load.Inputs, s *extract.Source, samples int) (bytes int64) {
	card := s.Model.Card()
	n := card.Padded(extract.Scale(samples, in.Corpus.Spec.Audio.Rate, card.SampleRate))
	for _, l := range s.Model.Layers() {
		bytes += 4 * int64(l.Units) * int64(card.LayerFrames(l, n))
	}
	return bytes
}

// activationBytes is what a source takes for one utterance of so many samples: for its states, for the attention maps that it
// gives, and for the scores of one layer inside the session.
func activationBytes(in *load.Inputs, s *extract.Source, samples int) (states, maps, scores int64) {
	card := s.Model.Card()
	n := card.Padded(extract.Scale(samples, in.Corpus.Spec.Audio.Rate, card.SampleRate))
	units := 0
	for _, l := range s.Layers() {
		units += l.Units
	}
	states = int64(float64(arenaPerSecond) * float64(units) / referenceLayers * float64(n) / float64(card.SampleRate))
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

// Warning says that so many bytes in all are more than there are, and what takes them; "" if they fit or if nobody knows.
func (m ModelMemory) Warning(total int64) string {
	free := native.FreeMemory()
	if free == 0 || total <= free {
		return ""
	}
	warning := fmt.Sprintf("about %s of memory will be needed, but only %s are free", text.Bytes(total), text.Bytes(free))
	if m.longest < 0 {
		return warning
	}
	return fmt.Sprintf("%s: utterance %s (%.0f s) alone takes %s, %s of it for attention, which grows with the square of the length; "+
		"cut long audio into utterances, use fewer --workers, or leave attention metrics out", warning, m.inputs.Corpus.Utterances[m.longest].ID,
		float64(m.inputs.Lengths[m.longest])/float64(m.inputs.Corpus.Spec.Audio.Rate), text.Bytes(m.alone), text.Bytes(m.attention))
}
