package configs

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Pos is where an element stands: in the config itself, or in File, the base it came from. Set is the --set argument it
// came from instead, if it did.
type Pos struct {
	File      string
	Line, Col int
	Set       string

	elsewhere map[string]Pos // keys of the element whose values came from another --set or file than the element
}

// Of is where a mistake in one of these keys of the element is to be mended: where the first of them came from that came from
// elsewhere than the element, else the element.
func (p Pos) Of(keys ...string) Pos {
	for _, key := range keys {
		if at, ok := p.elsewhere[key]; ok {
			return at
		}
	}
	return p
}

// Blame chooses among the places that made a mistake together: the first that a --set gave, else the first.
func Blame(places ...Pos) Pos {
	for _, p := range places {
		if p.Set != "" {
			return p
		}
	}
	return places[0]
}

// Or is the other place where that is of a --set and this one is not.
func (p Pos) Or(other Pos) Pos { return Blame(p, other) }

// Error is a mistake in a config with its place.
type Error struct {
	File      string
	Line, Col int
	Msg       string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// Errors are all the mistakes found in one config, a line each.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// meant are words of the field for what has another name here, with what that name says.
var meant = map[string]struct{ name, about string }{
	"mean":         {"centre", "the mean of the frames whose centre lies in the segment"},
	"average":      {"centre", "the mean of the frames whose centre lies in the segment"},
	"speaker":      {"group", "a group is a speaker, or what groups: of the corpus says"},
	"speakers":     {"group", "a group is a speaker, or what groups: of the corpus says"},
	"gpu":          {"cuda", ""},
	"dataset":      {"corpus", ""},
	"data":         {"corpus", ""},
	"permutations": {"draws", ""},
	"bootstrap":    {"jackknife", ""},
	"unbiased":     {"debiased", ""},
	"linear_cka":   {"cka", "it is linear"},
	"mutual_knn":   {"knn", ""},
}

// didYouMean is "; did you mean "x"?" for the candidate that got is another word for, or that is nearest to it, or nothing when
// none is near.
func didYouMean(got string, candidates []string) string {
	if other, ok := meant[strings.ToLower(got)]; ok && contains(candidates, other.name) {
		if other.about == "" {
			return fmt.Sprintf("; did you mean %q?", other.name)
		}
		return fmt.Sprintf("; did you mean %q (%s)?", other.name, other.about)
	}
	best, bestDist := "", len(got)/3+2
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(strings.ToLower(got), strings.ToLower(c)); d < bestDist {
			best, bestDist = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// Nearest exports the same search for others who answer an unknown name.
func Nearest(got string, candidates []string) string { return didYouMean(got, candidates) }
