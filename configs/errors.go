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
}

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

// didYouMean is "; did you mean "x"?" for the candidate nearest to got, or nothing when none is near.
func didYouMean(got string, candidates []string) string {
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
