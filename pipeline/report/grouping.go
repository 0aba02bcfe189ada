package report

import (
	"fmt"
	"math"
	"strings"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// Trait says by what two models may be alike: what they were trained to do,
// and how large they are.
type Trait struct {
	Model     string `json:"model"`
	Objective string `json:"objective"`
	Size      string `json:"size"`
}

// groupings are the sentences on what layers group by, one for each measure on
// models of at least two objectives and two sizes.
func groupings(groups []*group, traits []Trait) []string {
	var list []string
	for _, g := range groups {
		if s := g.grouping(traits, true); len(traits) > 0 && s != "" {
			list = append(list, s)
		}
	}
	return list
}

// grouping tests whether layers are more like those of the model that shares
// their training objective (and not their size) or of the one that shares
// their size (and not their objective).
//
// A layer's difference is its value with the best layer of the former less
// that with the best layer of the latter. Under the null hypothesis that objective and size
// matter equally, its sign is random. Neighbouring layers are not
// independent, so the signs of thirds of models (early, middle and late layers)
// are flipped together, in all ways, and p is the share of ways in which the
// sum of the differences is as far from 0.
func (g *group) grouping(traits []Trait, several bool) string {
	of := map[string]Trait{}
	for _, t := range traits {
		of[t.Model] = t
	}
	objective, size := map[results.Layer]float64{}, map[results.Layer]float64{}
	var layers []results.Layer
	seen := map[results.Layer]bool{}
	note := func(best map[results.Layer]float64, x results.Layer, v float64) {
		if old, ok := best[x]; !ok || v > old {
			best[x] = v
		}
	}
	for _, c := range g.cells {
		a, knownA := of[c.X.Model]
		b, knownB := of[c.Y.Model]
		if !c.OK() || !knownA || !knownB {
			continue
		}
		if !seen[c.X] {
			seen[c.X] = true
			layers = append(layers, c.X)
		}
		switch {
		case a.Objective == b.Objective && a.Size != b.Size:
			note(objective, c.X, *c.Value)
		case a.Objective != b.Objective && a.Size == b.Size:
			note(size, c.X, *c.Value)
		}
	}
	byModel := map[string][]float64{}
	var models, odd []string // odd: models with exceptions
	exceptions := map[string][]string{}
	more, all := 0, 0
	var average figures.Mean
	for _, l := range layers {
		o, okO := objective[l]
		s, okS := size[l]
		if !okO || !okS {
			continue
		}
		if byModel[l.Model] == nil {
			models = append(models, l.Model)
		}
		byModel[l.Model] = append(byModel[l.Model], o-s)
		average.Add(o - s)
		all++
		if o > s {
			more++
		} else {
			if exceptions[l.Model] == nil {
				odd = append(odd, l.Model)
			}
			exceptions[l.Model] = append(exceptions[l.Model], l.Layer)
		}
	}
	if all == 0 {
		return ""
	}
	var blocks []float64
	for _, m := range models {
		d := byModel[m]
		for third := range 3 {
			sum := 0.0
			for _, v := range d[third*len(d)/3 : (third+1)*len(d)/3] {
				sum += v
			}
			blocks = append(blocks, sum)
		}
	}
	text := fmt.Sprintf("%s: %d of %s are more similar to a layer of the model with the same training objective than to one of the model with the same size (mean difference %s; p = %.2g that objective and size matter equally, from flipping the signs of the differences of the early, middle and late layers of each model)",
		g.name(several), more, figures.Plural(all, "layer"), figures.Short(average.Value), signFlips(blocks))
	if more > 0 && more < all {
		var list []string
		for _, m := range odd {
			list = append(list, m+" "+strings.Join(exceptions[m], ", "))
		}
		text += "; exceptions: " + strings.Join(list, "; ")
	}
	return text + "."
}

// signFlips is the two-sided p of a sum under all changes of sign of its
// terms. With more than 20 terms, the first 20 are flipped and the others stay
// with the last of them, which keeps the test exact.
func signFlips(terms []float64) float64 {
	const most = 20
	if len(terms) > most {
		joined := 0.0
		for _, v := range terms[most-1:] {
			joined += v
		}
		terms = append(terms[:most-1:most-1], joined)
	}
	observed := 0.0
	for _, v := range terms {
		observed += v
	}
	as := 0
	for mask := range 1 << len(terms) {
		sum := 0.0
		for i, v := range terms {
			if mask>>i&1 == 1 {
				v = -v
			}
			sum += v
		}
		if math.Abs(sum) >= math.Abs(observed)*(1-1e-12) {
			as++
		}
	}
	return float64(as) / float64(int(1)<<len(terms))
}
