package load_test

import (
	"testing"

	"speechsim/pipeline/plantest"
)

// TestPartition: parts cover every utterance once, at most fifty of them, and never cut a group.
func TestPartition(t *testing.T) {
	in := plantest.Inputs(t, plantest.Config(t, plantest.Small, "corpus.timit.split=", "comparisons.1.rows.pooling=centre"), plantest.In(t.TempDir()))
	seen := map[int]int{}
	groupOf := map[string]int{}
	for n, part := range in.Parts {
		if len(part.Utterances) == 0 {
			t.Errorf("part %d is empty", n)
		}
		for _, u := range part.Utterances {
			seen[u]++
			g := in.Corpus.Utterances[u].Group
			if first, ok := groupOf[g]; ok && first != n {
				t.Errorf("group %s is in parts %d and %d", g, first, n)
			}
			groupOf[g] = n
		}
	}
	if len(seen) != len(in.Corpus.Utterances) {
		t.Errorf("%d utterances of %d", len(seen), len(in.Corpus.Utterances))
	}
}
