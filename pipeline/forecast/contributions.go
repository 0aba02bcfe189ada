package forecast

import (
	"encoding/base64"
	"slices"

	"speechsim/pipeline/plan"
	"speechsim/pipeline/study"
)

// askSeconds is what a processor takes to find out which words or phones carry the value of a layer pair, beside the products: it opens
// the rows, adds them up by type, and keeps the answer.
const askSeconds = .03

// contributions counts what it takes to take values of a task on so many rows apart, of which the store has none.
func (f *forecaster) contributions(t *plan.Task, rows int) {
	left := lacking(t)
	for _, m := range t.Measures {
		if !t.OnSegments() || !m.Apart(t.RowSet) {
			continue
		}
		fresh := slices.ContainsFunc(left, func(l study.Measure) bool { return l.Name == m.Name && l.Variant.Name == m.Variant.Name })
		seen := map[[2]int]bool{} // sources
		for _, at := range t.Cells {
			x, y := t.Layers[at.X], t.Layers[at.Y]
			sources := [2]int{x.Source, y.Source}
			if x.Source == y.Source || seen[sources] || f.asked == study.MostAsked {
				continue
			}
			seen[sources] = true
			f.asked++
			if fresh {
				f.Contributed += f.askSeconds(m.Name, float64(rows), float64(x.Units+y.Units), f.multiplied(x), f.multiplied(y)) / float64(f.Workers)
			}
		}
		f.spoken = max(f.spoken, meanSeconds(t))
	}
}

// multiplied is the units of a layer that take part in products: none of labels, of which nearly all numbers are 0.
func (f *forecaster) multiplied(l plan.Layer) float64 {
	if labels := f.Sources[l.Source].Labels; labels != nil && labels.Classes() > 0 {
		return 0
	}
	return float64(l.Units)
}

// askSeconds is what one processor takes for one layer pair of so many units in all, of which x and y are multiplied.
func (f *forecaster) askSeconds(metric string, rows, units, x, y float64) float64 {
	speed := f.Forecast.Products / float64(f.Workers)
	switch metric {
	case "cka": // products of each layer with itself and of both, twice, in double precision, in three readings
		return askSeconds + 2*2*rows*(x*y+x*x+y*y)/speed + 3*rows*units/numbersPerSecond
	case "knn": // each row with each
		return askSeconds + rows*rows*units/speed
	}
	return 0 // asif has its answer
}

// meanSeconds is how long the segments of a task are.
func meanSeconds(t *plan.Task) float64 {
	sum, segments := 0.0, t.RowsFrom[0].Table.Rows
	for i := range segments {
		sum += segments[i].End - segments[i].Start
	}
	return sum / float64(max(1, len(segments)))
}

// clips counts the utterances with the words and phones that are listed, each of which is decoded once.
func (f *forecaster) clips() {
	if f.Config.Report.Audio != "clips" || f.spoken == 0 {
		return
	}
	const bytes = 2 // of a sample
	room := float64(base64.StdEncoding.DecodedLen(study.ClipBytes)) / bytes / float64(f.Corpus.Spec.Audio.Rate) / f.spoken
	utterances := min(float64(f.asked*2*study.MostTypes*study.MostTokens), room, float64(len(f.Corpus.Utterances)))
	f.Contributed += utterances * f.clock.decoding / float64(f.Workers)
}
