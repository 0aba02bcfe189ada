package extract

import (
	"math"

	"speechsim/models"
)

// FeatureFiles hold frames that were computed or measured elsewhere, of each utterance of a corpus by its ID. They may be
// read by several goroutines.
type FeatureFiles interface {
	Layers() []Layer
	Frames(utterance string) int                    // how many an utterance has
	Read(utterance string) ([]models.Tensor, error) // a tensor a layer, [frames, units]
}

// Features take the place of a model: articulography, EEG, pitch, what another toolkit computed. Like labels they are
// functions of time: where they are compared with a model on frames, a frame of the model gets their mean over one hop of the model
// around its centre, which is the very frame where both have the same times.
type Features struct {
	files FeatureFiles
	card  *models.Card
}

// ticks are what times of features are counted in, so many a second.
const ticks = 1e9

// NewFeatures makes features of which the first frame of an utterance has its centre at offset and the others follow every hop,
// in seconds.
func NewFeatures(files FeatureFiles, hop, offset float64) *Features {
	return &Features{files, &models.Card{Kind: models.Audio, SampleRate: ticks, Hop: int(math.Round(hop * ticks)), Window: 2 * int(math.Round(offset*ticks))}}
}

// beyond says whether a row lies where an utterance of so many frames has none: more than a hop before the first or after the
// last. rate is that of the row's samples.
func (f *Features) beyond(r Row, rate, frames int) bool {
	return r.To*ticks <= (f.card.Centre(0)-f.card.Hop)*rate || r.From*ticks >= (f.card.Centre(frames-1)+f.card.Hop)*rate
}

// FrameRow is frame i of a model as a row of utterance u: a point in time, which stands for one hop around it.
func FrameRow(card *models.Card, u, i, rate int) Row {
	centre := card.Centre(i)
	seconds := float64(centre) / float64(card.SampleRate)
	return Row{
		Utterance: u, Segment: i, Start: seconds, End: seconds, Word: -1,
		From: (2*centre - card.Hop) * rate / (2 * card.SampleRate), To: (2*centre + card.Hop) * rate / (2 * card.SampleRate),
	}
}

// middle is the middle of a row that is a point in time, and any other row itself: what has frames of the very times of a
// point, or a label at each time, is asked for just that.
func (r Row) middle() Row {
	if r.Start == r.End && r.From < r.To {
		r.From += (r.To - r.From + 1) / 2
		r.To = r.From + 1
	}
	return r
}

// atFrames gives for n frames of a model the means of frames of another kind, each over one hop of the model around its centre.
func atFrames(t models.Tensor, own, model *models.Card, n, rate int) models.Tensor {
	units := t.Shape[1]
	out := models.Tensor{Name: t.Name, Shape: []int{n, units}, Data: make([]float32, n*units)}
	sum := make([]float64, units)
	for i := range n {
		lo, hi := Centre.FrameRange(own, models.LayerOutput{}, FrameRow(model, 0, i, rate), rate, t.Shape[0])
		mean(t, lo, hi, sum, out.Data[i*units:(i+1)*units])
	}
	return out
}
