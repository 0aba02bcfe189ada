package plan

import (
	"fmt"

	"speechsim/extract"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/load"
	"speechsim/pipeline/native"
)

const (
	processBytes = 60<<20 + native.LeastGarbage // of a process at rest
	workerBytes  = 9 << 20                      // of copies of matrices that OpenBLAS makes for each thread, and keeps
)

// ProcessBytes is what a process takes on so many workers, beside what its work takes.
func ProcessBytes(workers int) int64 { return processBytes + workerBytes*int64(workers) }

// ModelMemory is what the models take while they run: their weights, and the activations of the utterances that are held at
// once (see extract.Walk), which grow with the length of an utterance, and those of attention with its square.
type ModelMemory struct {
	Bytes     int64
	Loaded    int64 // of that, before they run
	Loading   int64 // at the most while one model after the other is loaded
	longest   int   // the utterance that takes most, -1 if no model takes audio
	alone     int64 // what it takes
	attention int64 // of that, for attention

	inputs *load.Inputs
}

// ModelMemoryOf computes it for some sources from the lengths alone, for the worst case: that of all utterances which can be in memory together
// the longest are.
func ModelMemoryOf(in *load.Inputs, sources []int) ModelMemory {
	m := ModelMemory{longest: -1, inputs: in}
	for _, i := range sources {
		switch s := in.Sources[i]; {
		case s.Features != nil:
			m.Bytes += featureBytes(in, s)
		case s.Model != nil:
			weights, loading := s.Model.SessionMemory()
			m.Loading = max(m.Loading, m.Loaded+loading)
			m.Loaded += weights
			m.add(s)
		}
	}
	m.Bytes += m.Loaded
	return m
}

// add adds what a model takes that runs on some utterances at once.
func (m *ModelMemory) add(s *extract.Source) {
	for rank, u := range m.inputs.Together {
		run := s.Model.RunMemory(s.Steps(m.inputs.Corpus, u, m.inputs.Lengths[u]))
		m.Bytes += run.Outputs
		if rank < m.inputs.Workers { // the others wait to be collected
			m.Bytes += run.Inside
		}
		if rank == 0 && s.IsAudio() {
			m.longest = u
			m.alone += run.Outputs + run.Inside
			m.attention += run.Attention
		}
	}
}

// featureBytes is what the features of the utterances take that are held at once.
func featureBytes(in *load.Inputs, s *extract.Source) (bytes int64) {
	for _, u := range in.Together {
		for _, l := range s.Layers() {
			bytes += 4 * int64(l.Units) * int64(s.Frames(in.Corpus, u, in.Lengths[u]))
		}
	}
	return bytes
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
