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
				f.Contributed += f.askSeconds(m.Name, float64(rows), float64(x.Units), float64(y.Units)) / float64(f.Workers)
			}
		}
		f.spoken = max(f.spoken, meanSeconds(t))
	}
}

// askSeconds is what one processor takes for one layer pair.
func (f *forecaster) askSeconds(metric string, rows, x, y float64) float64 {
	speed := f.Forecast.Products / float64(f.Workers)
	switch metric {
	case "cka": // products of each layer with itself and of both, twice, in double precision, in three readings
		return askSeconds + 2*2*rows*(x*y+x*x+y*y)/speed + 3*rows*(x+y)/numbersPerSecond
	case "knn": // each row with each
		return askSeconds + rows*rows*(x+y)/speed
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

// clips counts the clips of the words and phones that are listed: for each the audio of its utterance is decoded.
func (f *forecaster) clips() {
	if f.Config.Report.Audio != "clips" || f.spoken == 0 {
		return
	}
	const bytes = 2 // of a sample
	room := float64(base64.StdEncoding.DecodedLen(study.ClipBytes)) / bytes / float64(f.Corpus.Spec.Audio.Rate) / f.spoken
	clips := min(float64(f.asked*2*study.MostTypes*study.MostTokens), room)
	f.Contributed += clips * f.clock.decoding / float64(f.Workers)
}
