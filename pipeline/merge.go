package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// MissingError says which work the shards of a run have not left in the store.
type MissingError struct {
	Parts  []string // groups of the parts that lack something
	Shards []string // what is known of the shards they belong to, a line each
}

func (e *MissingError) Error() string {
	s := fmt.Sprintf("%d parts are not in the store: %s", len(e.Parts), strings.Join(e.Parts, ", "))
	for _, line := range e.Shards {
		s += "\n  " + line
	}
	if len(e.Shards) == 0 {
		s += "; no shard of this run has been started with this store (pipeline run CONFIG --shard 1/N)"
	}
	return s
}

// pollEvery is how often Merge looks again for parts that it waits for.
var pollEvery = 2 * time.Second

// Merge computes the cells from what the shards left, and refuses to make parts itself. It waits for missing parts as
// long as wait. The result is that of [Plan.Run] on one machine, byte for byte: a shard makes whole parts, and these are
// added in the same order.
func (p *Plan) Merge(ctx context.Context, wait time.Duration) (*Outcome, error) {
	if p.finished != nil {
		return p.finished, nil
	}
	until := time.Now().Add(wait)
	said := false
	for {
		missing, err := p.missing()
		if err != nil {
			return nil, err
		}
		if missing == nil {
			return p.Run(ctx)
		}
		if time.Now().After(until) {
			return nil, missing
		}
		if !said {
			p.opts.Progress.Note("waiting for %d parts of other shards", len(missing.Parts))
			said = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// missing says what the store lacks, nil when it has everything that needs a walk over the corpus.
func (p *Plan) missing() (*MissingError, error) {
	lacks := map[string]bool{}
	e := &MissingError{}
	for part := range p.parts {
		if p.lacks(part) {
			lacks[p.parts[part].name] = true
			e.Parts = append(e.Parts, p.parts[part].name)
		}
	}
	if len(e.Parts) == 0 {
		return nil, nil
	}
	records, err := ReadShards(p.store.Dir, p.Config.Name)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return e, nil
	}
	// The newest record tells into how many shards the run is being cut.
	newest := slices.MaxFunc(records, func(a, b *ShardRecord) int { return a.Beat.Compare(b.Beat) })
	now, _ := ParseShard(newest.Shard)
	byName := map[string]*ShardRecord{}
	for _, r := range records {
		byName[r.Shard] = r
	}
	for i, parts := range p.sharesOf(now.Count) {
		var names []string
		for _, part := range parts {
			if name := p.parts[part].name; lacks[name] {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			s := Shard{i + 1, now.Count}
			e.Shards = append(e.Shards, fmt.Sprintf("shard %s (%s): %s", s, strings.Join(names, ", "), p.whyMissing(byName[s.String()])))
		}
	}
	return e, nil
}

// whyMissing says in words why a shard's parts are not there.
func (p *Plan) whyMissing(r *ShardRecord) string {
	if r == nil {
		return "never started"
	}
	if other := p.otherInputs(r.Inputs); len(other) > 0 {
		return "was made from other inputs (" + strings.Join(other, ", ") + "): run it again with this config"
	}
	for _, key := range p.products() {
		if !slices.Contains(r.Work, key) {
			return "was made for other comparisons, layers or rows: run it again with this config, what both share is not made again"
		}
	}
	switch {
	case r.State == ShardFailed:
		return "failed on " + r.Host + ": " + r.Error
	case r.State == ShardInterrupted:
		return "was interrupted on " + r.Host + "; run it again, it goes on where it stopped"
	case r.State == ShardDone:
		return "says that it is done, so its parts were deleted, or the folder is not yet up to date; run it again, what is there is not made again"
	case r.Alive(time.Now()):
		return fmt.Sprintf("running on %s since %s", r.Host, r.Began.Format(time.RFC3339))
	}
	return fmt.Sprintf("was killed on %s, last sign of life %s; run it again, it goes on where it stopped", r.Host, r.Beat.Format(time.RFC3339))
}

// otherInputs names what differs between the inputs of a record and those of this plan.
func (p *Plan) otherInputs(f fingerprint) []string {
	var out []string
	if f.Version != p.fingerprint.Version {
		out = append(out, fmt.Sprintf("version %s of the program, not %s", f.Version, p.fingerprint.Version))
	}
	if f.Corpus != p.fingerprint.Corpus {
		out = append(out, "other audio, transcripts or groups")
	}
	differ := func(theirs, ours map[string]string, what string) {
		for _, name := range slices.Sorted(maps.Keys(ours)) {
			if theirs[name] != ours[name] {
				out = append(out, what+" "+name)
			}
		}
	}
	differ(f.Models, p.fingerprint.Models, "another file of model")
	differ(f.Cards, p.fingerprint.Cards, "another card or vocabulary of model")
	differ(f.Labels, p.fingerprint.Labels, "other alignments of unit")
	return out
}
