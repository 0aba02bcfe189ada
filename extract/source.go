package extract

import (
	"context"
	"fmt"

	"speechsim/corpus"
	"speechsim/models"
	"speechsim/models/vectors"
)

// TextEncoder cuts the words of a transcript into the tokens of a text model. word[i] is the index of the word that token
// i belongs to, -1 for tokens that the model adds.
type TextEncoder interface {
	EncodeWords(words []string) (ids []int64, word []int)
}

// Source gives activations for an utterance: an audio model, a text model (with Text), word vectors, or labels.
type Source struct {
	Name    string
	Model   *models.Model
	Text    TextEncoder
	Vectors *vectors.Vectors
	Labels  *Labels
}

// VectorLayer is the layer name of word vectors, which have just one.
const VectorLayer = "vector"

// Layer is a named layer of a source and its number of units.
type Layer struct {
	Name  string
	Units int
}

// Layers lists what a row of the source holds, in the model's order.
func (s *Source) Layers() []Layer {
	switch {
	case s.Vectors != nil:
		return []Layer{{VectorLayer, s.Vectors.Dim()}}
	case s.Labels != nil:
		return []Layer{s.Labels.layer()}
	}
	var out []Layer
	for _, l := range s.Model.Layers() {
		out = append(out, Layer{l.Name, l.Units})
	}
	return out
}

// IsAudio says whether the source reads the audio and so has frames.
func (s *Source) IsAudio() bool {
	return s.Model != nil && s.Text == nil || s.Labels != nil && s.Labels.sound != nil
}

// card says when the frames of an audio source are, and outputs which layers have frames of their own.
func (s *Source) card() *models.Card {
	if s.Labels != nil {
		return s.Labels.sound.Card()
	}
	return s.Model.Card()
}

func (s *Source) outputs() []models.LayerOutput {
	if s.Labels != nil {
		return make([]models.LayerOutput, 1)
	}
	return s.Model.Layers()
}

// Activations are what one source gave for one utterance. Layers are [frames, units] (tokens for a text model), attention
// maps [heads, frames, frames]. Word maps each token of a text model to its transcript word. The data is the runtime's
// memory: valid until Close.
type Activations struct {
	Layers     []models.Tensor
	Attentions []models.Tensor
	Word       []int
	close      func()
}

// Close gives the memory back.
func (a *Activations) Close() {
	if a != nil && a.close != nil {
		a.close()
		a.close = nil
	}
}

// Activate runs the source on one utterance. audio may be nil for text models, which read the transcript; word vectors
// and most labels have nothing to run and give empty activations.
func (s *Source) Activate(ctx context.Context, c *corpus.Corpus, u *corpus.Utterance, audio *corpus.Audio) (*Activations, error) {
	switch {
	case s.Vectors != nil, s.Labels != nil && s.Labels.sound == nil:
		return &Activations{}, nil
	case s.Labels != nil:
		return &Activations{Layers: []models.Tensor{s.Labels.sound.Frames(audio.Samples)}}, nil
	}
	var in models.Input
	var word []int
	if s.Text != nil {
		in.IDs, word = s.Text.EncodeWords(c.TranscriptWords(u))
	} else {
		in.Samples = audio.Samples
		if rate := s.Model.Card().SampleRate; audio.Rate != rate {
			in.Samples = corpus.Resample(audio.Samples, audio.Rate, rate)
		}
	}
	out, err := s.Model.Run(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("model %s, utterance %s: %w", s.Name, u.ID, err)
	}
	return &Activations{Layers: out.Layers, Attentions: out.Attentions, Word: word, close: out.Close}, nil
}
