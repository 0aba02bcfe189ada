package collect

import (
	"context"
	"time"

	"speechsim/extract"
	"speechsim/extract/store"
	"speechsim/pipeline/plan"
)

// A run that is told to stop has so long to finish adding the utterance that is being collected, and from then on to save what
// it is at. Slurm and Kubernetes kill a process half a minute after they asked it to end, people sooner.
const (
	collectWithin = 3 * time.Second
	saveWithin    = 7 * time.Second
)

// saveEvery is how often the part that is being made is saved, for runs that are killed without a word.
const saveEvery = 10 * time.Minute

// savePause is how long after a save that took so long the next one comes. Where sums are gigabytes on a slow disk, saving
// takes 2 % of the time.
var savePause = func(took time.Duration) time.Duration { return max(saveEvery, 50*took) }

// withGrace returns a context that ends so long after ctx does.
func withGrace(ctx context.Context, long time.Duration) (context.Context, context.CancelFunc) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(long, cancel) })
	return lasting, func() { stop(); cancel() }
}

// builder makes one part of one product while the utterances go by. begin comes before the first collect, with what an
// earlier run had saved of the part (nil: nothing), and finish after the last; reduce may come before begin, while the part
// before is still being collected.
type builder interface {
	product() *store.Entry
	sources(u int) []int
	reduce(u int, acts []*extract.Activations) (any, error)
	begin(saved *store.Partial) error
	collect(ctx context.Context, u int, reduced any, acts []*extract.Activations, unreadable error) error
	save(ctx context.Context, utterances int) error // what there is after the part's first utterances
	finish(ctx context.Context) error
	discard() // leaves nothing of what is neither saved nor finished
}

// job is the building of a part from the utterance on that an earlier run came to.
type job struct {
	builder
	saved        *store.Partial // nil: the part is made from its beginning
	first        int            // position in the part of the first utterance that it lacks
	done         int            // position after the last that it has
	checkpointed int            // position after the last that was saved
	started      bool
	broken       bool // something went wrong half-way in an utterance
	finished     bool
}

// resume lists what a part lacks, with what earlier runs have saved of it. What can't be used is made again.
func resume(p *plan.Plan, pass, part int, spare *spareMemory) []*job {
	var out []*job
	for _, product := range p.Pending(pass, part) {
		j := &job{builder: newBuilder(p, product, part, spare)}
		saved, err := j.product().OpenPartial(part)
		if err != nil {
			p.Progress.Note("%v: the part is made from its beginning", err)
		}
		if saved != nil {
			j.saved, j.first, j.done, j.checkpointed = saved, saved.Utterances, saved.Utterances, saved.Utterances
		}
		out = append(out, j)
	}
	return out
}

func newBuilder(p *plan.Plan, product plan.Product, part int, spare *spareMemory) builder {
	if product.Rows != nil {
		return &rowBuilder{plan: p, RowProduct: product.Rows, part: part}
	}
	if product.Heads != nil {
		return &positionBuilder{plan: p, PositionProduct: product.Heads, part: part}
	}
	common := tileBuilder{tile: product.Tile, part: part}
	if product.Tile.RowUnit == "attention" {
		return &attentionBuilder{tileBuilder: common}
	}
	return &frameBuilder{tileBuilder: common, spare: spare}
}

func (j *job) start() error {
	j.started = true
	return j.begin(j.saved)
}

// checkpoint saves the part as it is, unless that was done.
func (j *job) checkpoint(ctx context.Context) error {
	if !j.started || j.broken || j.finished || j.done == j.checkpointed {
		return nil
	}
	if err := j.save(ctx, j.done); err != nil {
		j.broken = true
		return err
	}
	j.checkpointed = j.done
	return nil
}
