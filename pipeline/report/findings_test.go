package report

import (
	"slices"
	"strings"
	"testing"

	"speechsim/pipeline/results"
)

// TestKindsOfWarnings: warnings that differ in their numbers are one kind, and those that differ in nothing keep theirs.
func TestKindsOfWarnings(t *testing.T) {
	cells := []results.Cell{
		{Value: new(.5), Warnings: []string{"n = 700 < 5 (dx + dy) = 1280", "y has rank 42 with 43 units"}},
		{Value: new(.5), Warnings: []string{"n = 7,000.5 < 5 (dx + dy) = -1e-05"}},
		{Value: new(.5), Warnings: []string{"y has rank 42 with 43 units", "n = 3 < 5 (dx + dy) = 4"}},
		{Value: new(.5), Warnings: []string{"a"}}, {Value: new(.5), Warnings: []string{"b"}}, {Value: new(.5), Warnings: []string{"c"}},
	}
	_, warned := reasons(cells)
	want := []reason{{"n = \u2026 < \u2026 (dx + dy) = \u2026", 3, "n = 700 < 5 (dx + dy) = 1280"}, {"y has rank 42 with 43 units", 2, ""}, {"a", 1, ""}, {"b", 1, ""}, {"c", 1, ""}}
	if !slices.Equal(warned, want) {
		t.Errorf("got %+v", warned)
	}
	if got := kindsOf(warned); got != "3 such as \u201cn = 700 < 5 (dx + dy) = 1280\u201d; 2 that \u201cy has rank 42 with 43 units\u201d; 1 that \u201ca\u201d; 1 that \u201cb\u201d; 1 other kind" {
		t.Error(got)
	}
}

// TestOfCorpus: what pipeline check found is one sentence, and nothing where it found nothing.
func TestOfCorpus(t *testing.T) {
	if got := ofCorpus(nil); got != "" {
		t.Error(got)
	}
	list := []Finding{{Kind: "unreadable", Count: 1}, {Kind: "overlap", Count: 30}, {Kind: "a", Count: 1}, {Kind: "b", Count: 1}, {Kind: "c", Count: 1}, {Kind: "d", Count: 1}, {Kind: "e", Count: 1}}
	if got := ofCorpus(list); !strings.HasPrefix(got, "pipeline check has 36 findings about the corpus: unreadable (1), overlap (30), a (1), b (1), c (1), d (1), 1 other kind.") {
		t.Error(got)
	}
}
