package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"

	"speechsim/corpus"
	"speechsim/models"
)

// LabelTier is the tier that a kind of labels is read from, "" when it needs none.
func LabelTier(kind string) string {
	switch kind {
	case "phone":
		return "phone"
	case "word", "length":
		return "word"
	}
	return ""
}

// noSegment is the class of what lies in no segment of a tier: silence, and what is no word. No segment is called so.
const noSegment = ""

// Labels take the place of a model, so that a layer is compared with what it should represent: a function of time with
// one layer, made from the annotations of the corpus. Their kinds:
//
//	phone    one-hot: a unit for each phone of the corpus
//	word     one-hot: a unit for each word type, without regard to case
//	speaker  one-hot: a unit for each speaker
//	length   one unit: the length in seconds of the word, 0 where there is none
//	logmel   80 bands, see [models.NewLogMel]
//	mfcc     13 coefficients with their deltas and the deltas of these, see [models.NewMFCC]
//
// A frame of a model gets the value at its centre, logmel and mfcc their mean over one hop of the model around it. A row of words
// or phones gets the mean over its time; so the phones of a word are shares of its length.
type Labels struct {
	kind     string
	corpus   *corpus.Corpus
	segments *Table            // of the tier
	classes  map[string]int    // units of the one-hot kinds
	sound    *models.Acoustics // of the kinds that are computed from the audio
}

// NewLabels makes labels of a kind. segments are the candidates of the kind's tier (see [LabelTier]), nil when it has none.
// silence adds a class for what lies in no segment, which frames need. What does not vary is an error.
func NewLabels(kind string, c *corpus.Corpus, segments *Table, silence bool) (*Labels, error) {
	l := &Labels{kind: kind, corpus: c, segments: segments}
	var names []string
	switch kind {
	case "logmel":
		l.sound = models.NewLogMel(c.Spec.Audio.Rate)
		return l, nil
	case "mfcc":
		l.sound = models.NewMFCC(c.Spec.Audio.Rate)
		return l, nil
	case "length":
		return l, nil
	case "speaker":
		for i := range c.Utterances {
			u := &c.Utterances[i]
			if u.Speaker == "" {
				return nil, fmt.Errorf("labels: speaker: utterance %s has no speaker", u.ID)
			}
			names = append(names, u.Speaker)
		}
	default:
		if silence {
			names = append(names, noSegment)
		}
		for i := range segments.Rows {
			names = append(names, l.classOf(segments.Rows[i].Label))
		}
	}
	l.classes = number(names)
	if len(l.classes) < 2 {
		return nil, fmt.Errorf("labels: %s: the corpus has %d, and a label that does not vary can't be compared", kind, len(l.classes))
	}
	return l, nil
}

// classOf is the class of a label of a segment: letter case makes no difference.
func (l *Labels) classOf(label string) string {
	if l.kind == "word" {
		return intern(corpus.WordType(label))
	}
	return intern(strings.ToLower(label))
}

// number gives each distinct name its place in alphabetical order.
func number(names []string) map[string]int {
	classes := map[string]int{}
	for _, n := range names {
		classes[n] = 0
	}
	sorted := make([]string, 0, len(classes))
	for n := range classes {
		sorted = append(sorted, n)
	}
	sort.Strings(sorted)
	for i, n := range sorted {
		classes[n] = i
	}
	return classes
}

// Classes is how many classes the labels have, of which a row has one or two; 0 where they are numbers.
func (l *Labels) Classes() int { return len(l.classes) }

// layer is the only layer of the labels, named like their kind.
func (l *Labels) layer() Layer {
	switch {
	case l.sound != nil:
		return Layer{l.kind, l.sound.Units()}
	case l.kind == "length":
		return Layer{l.kind, 1}
	}
	return Layer{l.kind, len(l.classes)}
}

// mean writes the mean over samples [from, to) of utterance u, at the corpus rate, to out. A segment of just that stretch
// counts alone; where two overlap, the earlier one does.
func (l *Labels) mean(u, from, to int, out []float32) {
	clear(out)
	if l.kind == "speaker" {
		out[l.classes[l.corpus.Utterances[u].Speaker]] = 1
		return
	}
	segments := l.segments.Of(u)
	for i := range segments {
		if s := &segments[i]; s.From == from && s.To == to {
			l.add(s, 1, out)
			return
		}
	}
	to = max(to, from+1)
	share := 1 / float32(to-from)
	left, at := to-from, from
	for i := range segments {
		s := &segments[i]
		if begin, end := max(s.From, at), min(s.To, to); begin < end {
			l.add(s, share*float32(end-begin), out)
			left, at = left-(end-begin), end
		}
	}
	if silence, ok := l.classes[noSegment]; ok {
		out[silence] = share * float32(left)
	}
}

// add adds a share of what a segment says.
func (l *Labels) add(s *Row, share float32, out []float32) {
	if l.kind == "length" {
		out[0] += share * float32(s.End-s.Start)
		return
	}
	out[l.classes[l.classOf(s.Label)]] += share
}

// At gives the labels of utterance u at the centres of n frames of a model, [n, units]. a is what [Source.Activate] gave.
func (l *Labels) At(u int, a *Activations, card *models.Card, n int) (models.Tensor, error) {
	rate := l.corpus.Spec.Audio.Rate
	if l.sound != nil {
		if a.Layers[0].Shape[0] == 0 {
			return models.Tensor{}, fmt.Errorf("labels: %s: utterance %s is too short for a window", l.kind, l.corpus.Utterances[u].ID)
		}
		return atFrames(a.Layers[0], l.sound.Card(), card, n, rate), nil
	}
	units := l.layer().Units
	t := models.Tensor{Name: l.kind, Shape: []int{n, units}, Data: make([]float32, n*units)}
	for i := range n {
		at := card.Centre(i) * rate / card.SampleRate
		l.mean(u, at, at+1, t.Data[i*units:(i+1)*units])
	}
	return t, nil
}

// Digest identifies what the labels are made of, apart from the segments.
func (l *Labels) Digest() string {
	h := sha256.New()
	fmt.Fprintln(h, "labels", l.kind, l.layer().Units)
	if l.kind == "speaker" {
		for i := range l.corpus.Utterances {
			fmt.Fprintf(h, "%q\n", l.corpus.Utterances[i].Speaker)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
