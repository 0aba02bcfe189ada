// Package fetch gets what a config names and what is not there: checkpoints from the Hugging Face hub, into the cache that
// Python's huggingface_hub shares; subsets of LibriSpeech and their alignments; word vectors of GloVe.
//
//	plan, err := fetch.Make(ctx, cfg, progress)    // asks the hub what there is, downloads nothing
//	plan.Write(os.Stdout)                          // what, how much, to where, under which licence, and what is to be got by hand
//	err = plan.Run(ctx)
//
// Every file is downloaded beside its place under another name, goes on where it was cut, and is checked before it gets its name.
// So what has its name is whole, and the same command may be run again at any time.
package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"

	"speechsim/configs"
	"speechsim/models/hub"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/native"
	"speechsim/pipeline/progress"
)

// atOnce is how many files are downloaded at once.
const atOnce = 4

// Plan is what a fetch will do.
type Plan struct {
	items   []*item
	present []string
	byHand  []string
	client  *client
}

// item is one thing that a config names: some files, and what is done when they are there.
type item struct {
	what, to, licence string
	bytes             int64 // to be downloaded
	disk              int64 // that it takes at most, the download with it
	files             []func(context.Context) error
	finish            func() error
}

// Make finds out what a config names that is not there, and asks the hub how large it is.
func Make(ctx context.Context, cfg *configs.Config, r progress.Reporter) (*Plan, error) {
	return makePlan(ctx, needsOf(cfg, published), published, r)
}

// MakeNamed is Make for one checkpoint of the hub.
func MakeNamed(ctx context.Context, id, revision string, r progress.Reporter) (*Plan, error) {
	if !hub.IsID(id) {
		return nil, fmt.Errorf("%q can't be the name of a checkpoint on the hub, which is ORGANISATION/NAME", id)
	}
	n := &needs{}
	n.checkpoint(hub.Wanted{Name: id, Revision: revision, Weights: true}, func(err error) error { return err })
	return makePlan(ctx, n, published, r)
}

func makePlan(ctx context.Context, n *needs, from sources, r progress.Reporter) (*Plan, error) {
	e, err := hub.ReadEnvironment(from.hub)
	if err != nil {
		return nil, err
	}
	cache, err := hub.OpenCache()
	if err != nil {
		return nil, err
	}
	p := &Plan{present: n.present, byHand: n.byHand, client: newClient(&reporter{Reporter: r}, e.Endpoint, e.Token)}
	var mistakes configs.Errors
	for _, need := range n.checkpoints {
		err := p.addCheckpoint(ctx, need.Wanted, e, cache)
		var refused refusedError
		var placed *configs.Error
		switch {
		case errors.As(err, &refused) && errors.As(need.at(err), &placed):
			mistakes = append(mistakes, placed)
		case err != nil:
			return nil, err
		}
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	for _, need := range n.archives {
		p.addArchive(need)
	}
	if e.Offline != "" && len(p.items) > 0 {
		return nil, fmt.Errorf("%s forbids the network, and %s is not there: unset it to fetch", e.Offline, p.items[0].what)
	}
	return p, nil
}

// addCheckpoint plans what the cache lacks of a checkpoint. Where the hub can't be asked, what the cache has will do.
func (p *Plan) addCheckpoint(ctx context.Context, w hub.Wanted, e hub.Environment, cache hub.Cache) error {
	revision := cmp.Or(w.Revision, hub.DefaultRevision)
	if err := hub.CheckRevision(revision); err != nil {
		return refusedError{err}
	}
	var r *repository
	err := error(refusedError{fmt.Errorf("%s forbids the network: unset it to fetch", e.Offline)})
	if e.Offline == "" {
		r, err = p.client.ask(ctx, e.Endpoint, w, revision)
	}
	if err != nil {
		there, missing := hub.Find(w)
		unreached := (*unreachedError)(nil)
		switch answer := (*statusError)(nil); {
		case missing != nil && errors.As(err, &unreached) && ctx.Err() == nil:
			return fmt.Errorf("%w, and the Hugging Face cache %s lacks %s: give the address of another hub as HF_ENDPOINT, or copy the folder %s from the cache of another machine into this one "+
				"(HF_HUB_OFFLINE=1 then keeps this command from asking)", err, cache.Dir, w.Name, filepath.Base(filepath.Dir(filepath.Dir(cache.Snapshot(w.Name, hub.DefaultRevision)))))
		case missing != nil || errors.As(err, &answer) || ctx.Err() != nil:
			return fmt.Errorf("asking for %s: %w", w.Name, err)
		}
		p.present = append(p.present, fmt.Sprintf("%s at %s (the hub was not asked whether there is a newer one)", w.Name, short(there.Commit)))
		return nil
	}
	list, err := r.needed(w.Weights)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s at %s", r.id, short(r.commit))
	lacking := missing(cache, r, list)
	if len(lacking) == 0 {
		p.present = append(p.present, what)
		return cache.SetCommit(r.id, revision, r.commit)
	}
	it := &item{what: what, to: filepath.Dir(filepath.Dir(cache.Snapshot(r.id, r.commit))), licence: r.licence}
	for _, f := range lacking {
		it.bytes += f.size
		it.files = append(it.files, func(ctx context.Context) error { return p.client.file(ctx, e.Endpoint, cache, r, f) })
	}
	it.disk = it.bytes
	it.finish = func() error { return cache.SetCommit(r.id, revision, r.commit) }
	p.items = append(p.items, it)
	return nil
}

// addArchive plans an archive and what is made of it.
func (p *Plan) addArchive(n *archiveNeed) {
	it := &item{what: n.what, to: n.file, licence: n.licence, bytes: n.size, disk: n.size,
		files: []func(context.Context) error{func(ctx context.Context) error { return p.client.archive(ctx, n) }}}
	if len(n.want) > 0 {
		var names, to []string
		for _, w := range n.want {
			names, to = append(names, w.name), append(to, w.to)
		}
		it.to = strings.Join(to, ", ")
		if !strings.Contains(n.what, names[0]) {
			it.what += ": " + strings.Join(names, ", ")
		}
		if strings.HasSuffix(n.file, ".tar.gz") {
			it.disk += n.size + n.size/8 // compressed audio hardly becomes less in a tar.gz
		}
	}
	p.items = append(p.items, it)
}

// byHand says what to do with an archive that was downloaded elsewhere.
func (n *archiveNeed) byHand() string {
	if len(n.want) == 0 {
		return "put it at " + n.file
	}
	var what []string
	for _, w := range n.want {
		what = append(what, fmt.Sprintf("unpack %s to %s", w.name, w.to))
	}
	return strings.Join(what, ", ")
}

// archive downloads an archive, takes what is wanted out of it and deletes it.
func (c *client) archive(ctx context.Context, n *archiveNeed) error {
	d := &download{what: n.what, address: n.address, to: n.file, lock: n.file + ".lock", sum: n.sum, size: n.size}
	unlock, err := c.locked(ctx, d)
	if err != nil {
		return err
	}
	defer unlock()
	lacking := slices.DeleteFunc(slices.Clone(n.want), func(w wanted) bool { return files.Exists(w.to) })
	if len(n.want) > 0 && len(lacking) == 0 { // another process has brought it
		c.skipped(d.size)
		return nil
	}
	if err := c.whole(ctx, d); err != nil || len(lacking) == 0 {
		if unreached := (*unreachedError)(nil); errors.As(err, &unreached) {
			return fmt.Errorf("%w: where there is no network, get %s on another machine, and %s", err, d.address, n.byHand())
		}
		return err
	}
	if err := roomFor(n.file, lacking); err != nil {
		return err
	}
	if err := unpack(ctx, n.file, lacking, n.beside); err != nil {
		return err
	}
	return os.Remove(n.file)
}

// Nothing says that there is nothing to download.
func (p *Plan) Nothing() bool { return len(p.items) == 0 }

// ByHand says whether something is left that only its owner can put there.
func (p *Plan) ByHand() bool { return len(p.byHand) > 0 }

// Write says what will be downloaded, how much, to where and under which licence, and what is to be got by hand.
func (p *Plan) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	total := int64(0)
	for i, it := range p.items {
		if i == 0 {
			fmt.Fprintln(t, "to be downloaded:")
		}
		fmt.Fprintf(t, "  %s\t%s\tto %s\tlicence: %s\n", it.what, sizeOf(it.bytes), it.to, it.licence)
		total += it.bytes
	}
	if len(p.items) > 0 {
		fmt.Fprintf(t, "  in all\t%s\n", sizeOf(total))
	}
	for _, d := range p.disks() {
		fmt.Fprintf(t, "  on the disk of %s: %s needed, %s free\n", d.folder, sizeOf(d.need), sizeOf(d.free))
	}
	for _, part := range []struct {
		title string
		lines []string
	}{{"there already:", p.present}, {"to be got by hand:", p.byHand}} {
		for i, line := range part.lines {
			if i == 0 {
				fmt.Fprintln(t, part.title)
			}
			fmt.Fprintf(t, "  %s\n", line)
		}
	}
	return t.Flush()
}

// CheckDisk finds disks that have no room for what goes there.
func (p *Plan) CheckDisk() error {
	var errs []error
	for _, d := range p.disks() {
		if d.free > 0 && d.free < d.need {
			errs = append(errs, fmt.Errorf("the disk of %s has %s free, and %s are needed", d.folder, text.Bytes(d.free), text.Bytes(d.need)))
		}
	}
	return errors.Join(errs...)
}

// disk is a file system, what is free on it (0 = not known), and what the plan takes there.
type disk struct {
	folder     string
	need, free int64
}

func (p *Plan) disks() []*disk {
	var list []*disk
	of := map[uint64]*disk{}
	for _, it := range p.items {
		folder := existing(it.to)
		id := device(folder)
		if of[id] == nil {
			of[id] = &disk{folder: folder, free: native.FreeDisk(folder)}
			list = append(list, of[id])
		}
		of[id].need += it.disk
	}
	return list
}

// existing is the nearest folder above a path that is there.
func existing(path string) string {
	path, err := filepath.Abs(path)
	for err == nil && !files.Exists(path) && path != filepath.Dir(path) {
		path = filepath.Dir(path)
	}
	return path
}

// device tells file systems apart.
func device(folder string) uint64 {
	info, err := os.Stat(folder)
	if err != nil {
		return 0
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev)
	}
	return 0
}

// Run downloads. What fails keeps nothing else from arriving.
func (p *Plan) Run(ctx context.Context) error {
	total := int64(0)
	for _, it := range p.items {
		total += it.bytes
	}
	p.client.stage("fetching", total)
	errs := make([]error, len(p.items))
	room := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, it := range p.items {
		all.Go(func() {
			if errs[i] = it.fetch(ctx, room); errs[i] == nil && it.finish != nil {
				errs[i] = it.finish()
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(errs...)
}

// fetch downloads the files of an item, as many at once as there is room for.
func (it *item) fetch(ctx context.Context, room chan struct{}) error {
	errs := make([]error, len(it.files))
	var all sync.WaitGroup
	for i, file := range it.files {
		all.Go(func() {
			select {
			case room <- struct{}{}:
				defer func() { <-room }()
				errs[i] = file(ctx)
			case <-ctx.Done():
				errs[i] = ctx.Err()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// megabytes are what progress counts in.
const megabytes = "MB"

// reporter lets several downloads report at once.
type reporter struct {
	progress.Reporter
	mu sync.Mutex
}

func (r *reporter) stage(name string, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Reporter.Stage(name, float64(bytes)/1e6, megabytes)
}

func (r *reporter) arriving(bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Reporter.Add(float64(bytes) / 1e6)
}

func (r *reporter) skipped(bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Reporter.Skip(float64(bytes) / 1e6)
}

// Note says something once.
func (r *reporter) Note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Reporter.Note(format, args...)
}
