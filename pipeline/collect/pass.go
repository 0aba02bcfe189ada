// Package collect makes what a plan says is to be made of the audio: passes over it, in which models run and rows and sums go to
// the store, part by part. A run that is stopped goes on at the utterance that it came to.
package collect

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"speechsim/extract"
	"speechsim/pipeline/plan"
)

// Passes makes the passes over the audio of some parts, one after the other; after is called after each. Where there are
// several, each runs only the models that it needs. What is in the store is not made again.
func Passes(ctx context.Context, p *plan.Plan, parts []int, after func(pass int) error) error {
	for pass := range p.Passes {
		if slices.ContainsFunc(parts, func(part int) bool { return len(p.Pending(pass, part)) > 0 }) {
			if p.Passes > 1 {
				if err := p.Models.Only(ctx, p.SourcesOf(pass)); err != nil {
					return err
				}
			}
			if err := run(ctx, p, pass, parts); err != nil {
				return err
			}
		}
		if err := after(pass); err != nil {
			return err
		}
	}
	return nil
}

// run makes one pass over the utterances of those of the given parts, in order, that lack something. A part is written as
// soon as its last utterance is collected, while the models are at work on the next: no core waits for the end of a part.
// A run that is stopped saves the part that it is at.
func run(ctx context.Context, p *plan.Plan, pass int, parts []int) error {
	if err := findDirections(ctx, p, pass, parts); err != nil {
		return err
	}
	seconds := 0.0
	for _, part := range parts {
		seconds += p.SecondsOf(p.Usable(part))
	}
	stage := "extracting"
	if p.Passes > 1 {
		stage = fmt.Sprintf("extracting (pass %d of %d)", pass+1, p.Passes)
	}
	if again := p.Again(); pass == 0 && again != "" {
		p.Progress.Note("%s", again)
	}
	p.Progress.Stage(stage, seconds, "s of audio")
	collecting, cancel := withGrace(ctx, collectWithin)
	defer cancel()
	saving, cancel := withGrace(ctx, saveWithin)
	defer cancel()
	v := &visitor{plan: p, ctx: collecting, saving: saving, jobs: make([][]*job, len(p.Parts)), at: -1, next: time.Now().Add(savePause(0)),
		partOf: make([]int, len(p.Lengths)), position: make([]int, len(p.Lengths))}
	defer v.close()
	var utterances []int
	spare := &spareMemory{alone: len(parts) == len(p.Parts)}
	for _, part := range parts {
		v.jobs[part] = resume(p, pass, part, spare)
		usable, first := p.Usable(part), math.MaxInt
		for _, j := range v.jobs[part] {
			first = min(first, j.first)
		}
		first = min(first, len(usable))
		p.Progress.Skip(p.SecondsOf(usable[:first]))
		for i, u := range usable {
			v.partOf[u], v.position[u] = part, i
		}
		utterances = append(utterances, usable[first:]...)
	}
	if len(utterances) > 0 {
		m := plan.ModelMemoryOf(p.Inputs, p.SourcesOf(pass))
		if warning := m.Warning(plan.ProcessBytes + m.Bytes); warning != "" {
			p.Progress.Note("%s", warning)
		}
	}
	err := extract.Walk(ctx, p.Corpus, utterances, p.Sources, p.Workers, v)
	if err == nil {
		err = v.advance(len(p.Parts))
	}
	if err != nil {
		v.save()
	}
	return err
}

// JoinRows joins the parts of rows to one file a layer.
func JoinRows(ctx context.Context, p *plan.Plan) error {
	joined := func(r *plan.RowProduct) bool { return r.Entry.Finished() }
	if lacking := slices.DeleteFunc(slices.Clone(p.Rows), joined); len(lacking) > 0 {
		p.Progress.Stage("joining rows", float64(len(lacking)), "sources")
	}
	utterances := p.UsableParts()
	for _, r := range p.Rows {
		was := joined(r)
		if err := r.Entry.Finish(ctx, p.Corpus, r.Table, r.Form, utterances); err != nil {
			return err
		}
		if !was {
			p.Progress.Add(1)
		}
	}
	return nil
}
