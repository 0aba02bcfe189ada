package extract

import (
	"context"
	"fmt"

	"speechsim/corpus"
	"speechsim/models"
	"speechsim/models/vectors"
)

// TextEncoder cuts a text into the tokens of a text model. places[i] are the code points [from, to) of the text that token i
// stands for; from = to for tokens that the model adds.
type TextEncoder interface {
	Encode(text string) (ids []int64, places [][2]int)
}

// Source gives activations for an utterance: an audio model, a text model (with Text), word vectors, labels, or features.
type Source struct {
	Name     string
	Model    *models.Model
	Text     TextEncoder
	Vectors  *vectors.Vectors
	Labels   *Labels
	Features *Features
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
	case s.Features != nil:
		return s.Features.files.Layers()
	}
	var out []Layer
	for _, l := range s.Model.Layers() {
		out = append(out, Layer{l.Name, l.Units})
	}
	return out
}

// IsAudio says whether the source reads the audio.
func (s *Source) IsAudio() bool {
	return s.Model != nil && s.Text == nil || s.Labels != nil && s.Labels.sound != nil
}

// HasFrames says whether the source has frames of its own.
func (s *Source) HasFrames() bool { return s.IsAudio() || s.Features != nil }

// InTime says whether the source is a function of time, which is asked at the frames of a model: see [Source.At].
func (s *Source) InTime() bool { return s.Labels != nil || s.Features != nil }

// Card says when the frames of a source are that has some, or what a text model reads.
func (s *Source) Card() *models.Card {
	switch {
	case s.Labels != nil:
		return s.Labels.sound.Card()
	case s.Features != nil:
		return s.Features.card
	}
	return s.Model.Card()
}

// outputs says which layers have frames of their own.
func (s *Source) outputs() []models.LayerOutput {
	if s.Model == nil {
		return make([]models.LayerOutput, len(s.Layers()))
	}
	return s.Model.Layers()
}

// Frames is how many frames the source has of utterance u of so many samples at the corpus rate.
func (s *Source) Frames(c *corpus.Corpus, u, samples int) int {
	return s.layerFrames(c, u, models.LayerOutput{}, samples)
}

func (s *Source) layerFrames(c *corpus.Corpus, u int, l models.LayerOutput, samples int) int {
	if s.Features != nil {
		return s.Features.files.Frames(c.Utterances[u].ID)
	}
	card := s.Card()
	return card.LayerFrames(l, Scale(samples, c.Spec.Audio.Rate, card.SampleRate))
}

// Steps is how much the model of a source reads of utterance u of so many samples at the corpus rate: samples at its own rate, or tokens.
func (s *Source) Steps(c *corpus.Corpus, u, samples int) int {
	if s.Text != nil {
		ids, _ := s.Text.Encode(TextOf(c, &c.Utterances[u]))
		return len(ids)
	}
	return Scale(samples, c.Spec.Audio.Rate, s.Model.Card().SampleRate)
}

// At gives a layer of a function of time at n frames of a model, [n, units]. a is what [Source.Activate] gave for the utterance.
func (s *Source) At(c *corpus.Corpus, u, layer int, a *Activations, card *models.Card, n int) (models.Tensor, error) {
	if s.Labels != nil {
		return s.Labels.At(u, a, card, n)
	}
	return atFrames(a.Layers[layer], s.Features.card, card, n, c.Spec.Audio.Rate), nil
}

// Activations are what one source gave for one utterance. Layers are [frames, units] (tokens for a text model), attention
// maps [heads, frames, frames]. Places are the code points of the text that each token of a text model stands for. The data is
// the runtime's memory: valid until Close.
type Activations struct {
	Layers     []models.Tensor
	Attentions []models.Tensor
	Places     [][2]int
	close      func()
}

// Close gives the memory back.
func (a *Activations) Close() {
	if a != nil && a.close != nil {
		a.close()
		a.close = nil
	}
}

// Activate runs the source on one utterance. audio may be nil for text models, which read the text ([TextOf]), and features, which read
// their files; word vectors and most labels have nothing to run and give empty activations.
func (s *Source) Activate(ctx context.Context, c *corpus.Corpus, u *corpus.Utterance, audio *corpus.Audio) (*Activations, error) {
	switch {
	case s.Vectors != nil, s.Labels != nil && s.Labels.sound == nil:
		return &Activations{}, nil
	case s.Labels != nil:
		return &Activations{Layers: []models.Tensor{s.Labels.sound.Frames(audio.Samples)}}, nil
	case s.Features != nil:
		layers, err := s.Features.files.Read(u.ID)
		if err != nil {
			return nil, fmt.Errorf("model %s, utterance %s: %w", s.Name, u.ID, err)
		}
		return &Activations{Layers: layers}, nil
	}
	var in models.Input
	var places [][2]int
	if s.Text != nil {
		in.IDs, places = s.Text.Encode(TextOf(c, u))
	} else {
		in.Samples = c.Spec.Audio.At(audio, s.Model.Card().SampleRate).Samples
	}
	out, err := s.Model.Run(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("model %s, utterance %s: %w", s.Name, u.ID, err)
	}
	return &Activations{Layers: out.Layers, Attentions: out.Attentions, Places: places, close: out.Close}, nil
}

// TextOf is what text models read of an utterance: the transcript as it is written, with its punctuation and its case. Without
// a transcript these are the words of the alignment; without that too, which only what needs no words allows, nothing.
func TextOf(c *corpus.Corpus, u *corpus.Utterance) string {
	if u.Text != "" {
		return u.Text
	}
	a, err := c.Align(u)
	if err != nil {
		return ""
	}
	return a.Text()
}
