package results

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestContributions: what is written is read again, and a mistake names its line.
func TestContributions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "contributions.csv")
	list := []Contribution{
		{Comparison: "words", Metric: "cka", Variant: "debiased", X: Layer{"hubert", "3"}, Y: Layer{"glove", "vector"}, Params: Params{First: 60},
			Type: "o'clock, \"é\"", Rows: 12, Share: 1. / 3, Effect: -.25, Utterance: "10-1-0000", File: "a b/10-1-0000.flac", Start: 1.5, End: 1.75, ClipTo: 4000},
		{Comparison: "words", Metric: "knn", Variant: "mutual", X: Layer{"hubert", "3"}, Y: Layer{"glove", "vector"}, Type: "<b>", Utterance: "u", File: "u.wav", End: .5},
	}
	if err := WriteContributionsFile(path, list); err != nil {
		t.Fatal(err)
	}
	back, err := ReadContributionsFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, back); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(strings.Replace(string(data), ",12,", ",twelve,", 1)), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err = ReadContributionsFile(path); err == nil || !strings.Contains(err.Error(), "contributions.csv:2: rows: \"twelve\", expected a whole number") {
		t.Errorf("error %v", err)
	}
}
