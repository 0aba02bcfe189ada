package report

import (
	"net/url"
	"path"

	"speechsim/pipeline/results"
)

// dataSpeech is the words or phones that carry the value of a layer pair, and those that pull it down.
type dataSpeech struct {
	Group int        `json:"group"` // among the groups of cells
	X     int        `json:"x"`     // layers
	Y     int        `json:"y"`
	Types []dataType `json:"types"`
}

type dataType struct {
	Label  string      `json:"label"`
	Rows   int         `json:"rows"`
	Share  float64     `json:"share"`
	Effect float64     `json:"effect"`
	Tokens []dataToken `json:"tokens"`
}

type dataToken struct {
	Utterance string  `json:"utterance"`
	File      string  `json:"file,omitempty"` // a relative link
	Start     float64 `json:"start"`
	End       float64 `json:"end"`
	Clip      [2]int  `json:"clip"` // samples of the clips; the same twice where it is not among them
}

// speech gathers contributions by layer pair and type.
func (p *Page) speech(at map[groupKey]int, layers *interner[results.Layer]) []dataSpeech {
	list := []dataSpeech{}
	for i := range p.Contributions {
		c := &p.Contributions[i]
		group, known := at[groupKey{c.Comparison, c.Metric, c.Variant, c.Params.String()}]
		if !known {
			continue
		}
		s := dataSpeech{Group: group, X: layers.id(c.X), Y: layers.id(c.Y)}
		if n := len(list); n == 0 || list[n-1].Group != s.Group || list[n-1].X != s.X || list[n-1].Y != s.Y {
			list = append(list, s)
		}
		types := &list[len(list)-1].Types
		if n := len(*types); n == 0 || (*types)[n-1].Label != c.Type {
			*types = append(*types, dataType{Label: c.Type, Rows: c.Rows, Share: c.Share, Effect: c.Effect})
		}
		t := &(*types)[len(*types)-1]
		t.Tokens = append(t.Tokens, dataToken{c.Utterance, p.soundLink(c.File), c.Start, c.End, [2]int{c.ClipFrom, c.ClipTo}})
	}
	return list
}

// soundLink is a link from the page to a file of the corpus.
func (p *Page) soundLink(file string) string {
	if p.Audio == "" {
		return ""
	}
	return (&url.URL{Path: path.Join(p.Audio, file)}).String()
}
