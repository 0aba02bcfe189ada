package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"speechsim/configs"
	"speechsim/pipeline/collect"
	"speechsim/pipeline/contributions"
	"speechsim/pipeline/forecast"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/inventory"
	"speechsim/pipeline/join"
	"speechsim/pipeline/load"
	"speechsim/pipeline/measure"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/publish"
	"speechsim/pipeline/study"
)

// Options are what the command line adds to a config.
type Options = load.Options

// Outcome says what a run left.
type Outcome = publish.Outcome

// Prepared is a run of which everything is opened, checked and planned, and nothing computed.
type Prepared struct {
	RunDir string

	files    *load.Files
	plan     *plan.Plan // nil where the run is finished
	finished *Outcome   // the outcome of a run that was already complete
	merging  bool       // what shards left
	deleted  int64      // bytes of moments
}

// Prepare opens and checks all that a run needs. When the run directory already holds the results of the very same config
// and inputs, only that is found out, and [Prepared.Run] returns at once; a forecast (Options.Cards) is planned all the same.
func Prepare(ctx context.Context, cfg *configs.Config, o Options) (*Prepared, error) {
	st, err := study.Resolve(cfg)
	if err != nil {
		return nil, err
	}
	files, err := load.Locate(ctx, st, o)
	if err != nil {
		return nil, err
	}
	r := &Prepared{RunDir: files.RunDir, files: files}
	if r.finished, err = publish.Finished(files); err != nil || r.finished != nil && !o.Cards {
		return r, err
	}
	if !o.Cards && !o.Shared {
		if err := publish.CheckFree(r.RunDir); err != nil {
			return nil, err
		}
	}
	inputs, err := load.Read(ctx, files)
	if err != nil {
		return nil, err
	}
	if r.plan, err = plan.Make(inputs, plan.Options{}); err == nil {
		err = publish.CheckPublished(r.plan)
	}
	if err == nil {
		err = publish.CheckPanels(r.plan)
	}
	if err == nil {
		err = files.Digests.Save()
	}
	if err != nil {
		inputs.Close()
		return nil, err
	}
	return r, nil
}

// Close gives everything back.
func (r *Prepared) Close() {
	if r.plan != nil {
		r.plan.Close()
	}
}

// Describe says in a few lines what the run is made of, "" where it is complete.
func (r *Prepared) Describe() string {
	if r.plan == nil {
		return ""
	}
	return r.plan.Describe()
}

// DeletedBytes are those of the moments that Run has deleted, since nothing else used them.
func (r *Prepared) DeletedBytes() int64 { return r.deleted }

// Forecast counts rows and bytes, and tries how fast this machine is.
func (r *Prepared) Forecast(ctx context.Context) (*forecast.Forecast, error) {
	f, err := forecast.Run(ctx, r.plan, r.finished != nil)
	return f, r.explain(err)
}

// Run makes what is missing and writes the run directory. Work that is in the store is not done again; when Run is
// interrupted, the parts that are complete stay there.
func (r *Prepared) Run(ctx context.Context) (*Outcome, error) {
	if r.finished != nil {
		return r.finished, publish.Refuse(r.finished.Failed, r.finished.Undefined, r.files.Strict)
	}
	o, err := r.run(ctx)
	return o, r.explain(err)
}

func (r *Prepared) run(ctx context.Context) (*Outcome, error) {
	p, began := r.plan, time.Now()
	if err := os.MkdirAll(p.RunDir, 0o755); err != nil {
		return nil, err
	}
	unlock, err := publish.Lock(p.RunDir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	share, err := files.Share(filepath.Join(p.Store.Dir, ".in-use")) // while others take part, nothing is deleted that they may read
	if err != nil {
		return nil, err
	}
	defer share.Close()
	there, err := inventory.Moments(p)
	if err != nil {
		return nil, err
	}
	discard := p.Passes > 1 && !r.merging // sums of a pass are measured after it, and not kept
	if err := r.collect(ctx, discard); err != nil {
		return nil, err
	}
	p.Models.Release()
	found, err := measure.Run(ctx, p, discard)
	if err != nil {
		return nil, err
	}
	if found.Contributions, err = contributions.Of(ctx, p, &found.Set); err != nil {
		return nil, err
	}
	failed := join.Distinct(slices.Concat(p.Unreadable, found.Failed))
	if err := publish.Refuse(failed, found.Set.Undefined(), p.Strict); err != nil {
		return nil, err
	}
	checked, err := checkCorpus(ctx, p.Files, headers) // the page says what a reader has to know of the corpus
	if err != nil {
		return nil, err
	}
	o, err := publish.Write(ctx, p, publish.Found{Set: found.Set, Accounts: found.Accounts, Failed: failed, Checked: checked}, began)
	if err != nil {
		return nil, err
	}
	_, err = share.Alone(func() (err error) {
		r.deleted, err = inventory.LetGo(p, there)
		return err
	})
	return o, err
}

// collect makes rows and sums of all parts. Rows are made in the first pass.
func (r *Prepared) collect(ctx context.Context, discard bool) error {
	p := r.plan
	return collect.Passes(ctx, p, p.AllParts(), func(pass int) error {
		if pass == 0 {
			if err := collect.JoinRows(ctx, p); err != nil {
				return err
			}
		}
		if discard {
			p.Models.Release()
			return measure.Pass(ctx, p, pass)
		}
		return nil
	})
}

// explain says what a full disk means: what is complete stays, and how much there is room for.
func (r *Prepared) explain(err error) error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	return fmt.Errorf("%w: the disk is full; what was complete stays in %s, and the next run goes on from there once there is room (pipeline plan says how much is needed)", err, r.files.Store.Dir)
}
