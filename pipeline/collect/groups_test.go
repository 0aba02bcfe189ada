package collect

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"speechsim/metrics"
	"speechsim/pipeline/load"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/sums"
)

// TestGroups: where parts are many, the store keeps their moments in groups, with the same bytes after shards, damage, and a kill while parts are joined; and the
// groups add up to what the parts do.
func TestGroups(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	one := "speaker,group\n" // of one group the utterances are the groups
	speakers, err := os.ReadDir(filepath.Join(plantest.Root(t), "corpus", "demo", "LibriSpeech", "demo"))
	check(t, err)
	for _, s := range speakers {
		one += s.Name() + ",all\n"
	}
	check(t, os.WriteFile(filepath.Join(dir, "groups.csv"), []byte(one), 0o644))
	make := func(store string) (*plan.Plan, *plan.Tile) {
		cfg := plantest.Config(t, plantest.Small, fmt.Sprintf("corpus={librispeech: {root: ../../corpus/demo/LibriSpeech, subset: demo, groups: %s}}", filepath.Join(dir, "groups.csv")),
			"comparisons=[{name: frames, models: [hubert], metrics: [cka]}]")
		p := plantest.Plan(t, cfg, load.Options{Workers: 2, Runs: t.TempDir(), Store: store}, plan.Options{})
		return p, p.Tasks[0].Tiles[0]
	}
	store := t.TempDir()
	p, tile := make(store)
	if len(p.Parts) != load.MaxParts || len(tile.Groups()) != plan.MostGroups {
		t.Fatalf("%d parts in %d groups", len(p.Parts), len(tile.Groups()))
	}
	check(t, makeAll(ctx, p))
	want := storeBytes(t, store)
	group := tile.Groups()[3]
	first, last := group[0], group[len(group)-1]
	if info, err := os.Stat(tile.Sums.PartPath(first)); err != nil || info.Size() > 200 {
		t.Errorf("part %d of group %v: %v, %v", first, group, info, err)
	}
	total, err := sums.Moments(tile)
	check(t, err)
	if damaged, err := p.Store.Verify(tile.Sums.Key, metrics.Verify); len(damaged) > 0 || err != nil {
		t.Errorf("verify says %v %v", damaged, err)
	}

	apart := t.TempDir() // shards leave the parts as they are
	for _, parts := range [][]int{p.AllParts()[:21], p.AllParts()[21:]} {
		p, _ := make(apart)
		check(t, Passes(ctx, p, parts, func(int) error { return nil }))
	}
	p, tile = make(apart)
	whole, err := sums.New(tile)
	check(t, err)
	for part := range p.Parts {
		_, err := tile.Sums.ReadPart(part, whole.MergeFrom)
		check(t, err)
	}
	kept, err := os.ReadFile(tile.Sums.PartPath(first))
	check(t, err)
	_, err = sums.Moments(tile)
	check(t, err)
	sameStore(t, want, apart)
	a, err := metrics.CKA(total.Whole, 0, 1, "debiased")
	check(t, err)
	b, err := metrics.CKA(whole, 0, 1, "debiased")
	check(t, err)
	if math.Abs(a.Value-b.Value) > 1e-7 {
		t.Errorf("the groups give %v, the parts %v", a.Value, b.Value)
	}

	check(t, os.WriteFile(tile.Sums.PartPath(first), kept, 0o644)) // killed after the group was written
	_, err = sums.Moments(tile)
	check(t, err)
	sameStore(t, want, apart)

	check(t, os.Remove(tile.Sums.PartPath(last))) // a damaged group was deleted: all of its parts are to be made again
	p, _ = make(apart)
	for part := range p.Parts {
		if lacks := part == first || part == last; p.Lacks(part) != lacks {
			t.Errorf("part %d: lacks it: %v", part, !lacks)
		}
	}
	check(t, makeAll(ctx, p))
	sameStore(t, want, apart)
}
