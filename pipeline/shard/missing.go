package shard

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/load"
	"speechsim/pipeline/plan"
)

// MissingError says which work the shards of a run have not left in the store.
type MissingError struct {
	Parts  []string // groups of the parts that lack something
	Shards []string // what is known of the shards they belong to, a line each
}

func (e *MissingError) Error() string {
	s := fmt.Sprintf("%s not in the store: %s", text.Count(len(e.Parts), "part is", "parts are"), strings.Join(e.Parts, ", "))
	for _, line := range e.Shards {
		s += "\n  " + line
	}
	if len(e.Shards) == 0 {
		s += "; no shard of this run has been started with this store (pipeline run CONFIG --shard 1/N)"
	}
	return s
}

// Missing says what the store lacks, nil when it has everything that needs a pass over the corpus.
func Missing(p *plan.Plan) (*MissingError, error) {
	lacks := map[string]bool{}
	e := &MissingError{}
	for part := range p.Parts {
		if p.Lacks(part) {
			lacks[p.Parts[part].Name] = true
			e.Parts = append(e.Parts, p.Parts[part].Name)
		}
	}
	if len(e.Parts) == 0 {
		return nil, nil
	}
	records, err := ReadRecords(p.Store.Dir, p.Config.Name)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return e, nil
	}
	// The newest record tells into how many shards the run is being cut.
	newest := slices.MaxFunc(records, func(a, b *Record) int { return a.Beat.Compare(b.Beat) })
	now, _ := Parse(newest.Shard)
	byName := map[string]*Record{}
	for _, r := range records {
		byName[r.Shard] = r
	}
	for i, parts := range Shares(p.PartSeconds(), now.Count) {
		var names []string
		for _, part := range parts {
			if name := p.Parts[part].Name; lacks[name] {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			s := Shard{i + 1, now.Count}
			e.Shards = append(e.Shards, fmt.Sprintf("shard %s (%s): %s", s, strings.Join(names, ", "), whyMissing(p, byName[s.String()])))
		}
	}
	return e, nil
}

// whyMissing says in words why a shard's parts are not there.
func whyMissing(p *plan.Plan, r *Record) string {
	if r == nil {
		return "never started"
	}
	if other := otherInputs(r.Inputs, p.Fingerprint); len(other) > 0 {
		return "was made from other inputs (" + strings.Join(other, ", ") + "): run it again with this config"
	}
	for _, key := range p.Keys() {
		if !slices.Contains(r.Work, key) {
			return "was made for other comparisons, layers or rows: run it again with this config, what both share is not made again"
		}
	}
	switch {
	case r.State == Failed:
		return "failed on " + r.Host + ": " + r.Error
	case r.State == Interrupted:
		return "was interrupted on " + r.Host + "; run it again, it goes on where it stopped"
	case r.State == Done:
		return "says that it is done, so its parts were deleted, or the folder is not yet up to date; run it again, what is there is not made again"
	case r.Alive(time.Now()):
		return fmt.Sprintf("running on %s since %s", r.Host, r.Began.Format(time.RFC3339))
	}
	return fmt.Sprintf("was killed on %s, last sign of life %s; run it again, it goes on where it stopped", r.Host, r.Beat.Format(time.RFC3339))
}

// otherInputs names what differs between the inputs of a record and those of this plan.
func otherInputs(f, ours load.Fingerprint) []string {
	var out []string
	if f.Version != ours.Version {
		out = append(out, fmt.Sprintf("version %s of the program, not %s", f.Version, ours.Version))
	}
	if f.Corpus != ours.Corpus {
		out = append(out, "other audio, transcripts or groups")
	}
	differ := func(theirs, own map[string]string, what string) {
		for _, name := range slices.Sorted(maps.Keys(own)) {
			if theirs[name] != own[name] {
				out = append(out, what+" "+name)
			}
		}
	}
	differ(f.Models, ours.Models, "another file of model")
	differ(f.Cards, ours.Cards, "another card or vocabulary of model")
	differ(f.Labels, ours.Labels, "other alignments of unit")
	return out
}
