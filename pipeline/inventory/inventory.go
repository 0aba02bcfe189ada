// Package inventory says what a store holds, which runs use it, and what of it is damaged.
package inventory

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"speechsim/extract/store"
	"speechsim/metrics"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/publish"
	"speechsim/pipeline/shard"
)

// Inventory is what a store holds and which runs use it.
type Inventory struct {
	Store   string  `json:"store"`
	Entries []Entry `json:"entries"`

	store *store.Store
}

// Entry is an entry with the names of the runs that were made from it.
type Entry struct {
	store.Info
	Runs []string `json:"runs"`
}

// Take lists the store, and looks into the manifests of the runs in a folder for what they use. Empty names are
// store and runs in the working directory.
func Take(dir, runs string) (*Inventory, error) {
	dir = cmp.Or(dir, "store")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no store %s: name it with --store", dir)
	}
	s, err := store.Open(dir)
	if err != nil {
		return nil, err
	}
	entries, err := s.List()
	if err != nil {
		return nil, err
	}
	users, _, err := usersOf(cmp.Or(runs, "runs"))
	if err != nil {
		return nil, err
	}
	v := &Inventory{Store: dir, store: s}
	for _, e := range entries {
		v.Entries = append(v.Entries, Entry{e, users[e.Key]})
	}
	return v, nil
}

// usersOf lists the runs in a folder by the keys of what they use; keeping are those of runs whose configs keep all moments.
func usersOf(runs string) (users map[string][]string, keeping map[string]bool, err error) {
	manifests, err := filepath.Glob(filepath.Join(runs, "*", "manifest.json"))
	if err != nil {
		return nil, nil, err
	}
	users, keeping = map[string][]string{}, map[string]bool{}
	for _, path := range manifests {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var m publish.Manifest
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w: what its run uses can't be known", path, err)
		}
		for _, key := range m.Work {
			users[key] = append(users[key], filepath.Base(filepath.Dir(path)))
			keeping[key] = keeping[key] || m.Config != nil && m.Config.Store.Keep == "all"
		}
	}
	return users, keeping, nil
}

// momentsOf are the moments of a plan that the store may have, by their keys.
func momentsOf(p *plan.Plan) map[string]*store.Entry {
	entries := map[string]*store.Entry{}
	for _, t := range p.Tasks {
		for _, tile := range t.Tiles {
			if tile.Sums != nil {
				entries[tile.Sums.Key] = tile.Sums
			}
		}
	}
	return entries
}

// Moments says which moments of a plan are in the store, by their keys.
func Moments(p *plan.Plan) (map[string]bool, error) {
	there := map[string]bool{}
	for key, e := range momentsOf(p) {
		size, err := e.PartBytes()
		if err != nil {
			return nil, err
		}
		there[key] = size > 0
	}
	return there, nil
}

// LetGo deletes the moments of a complete run that no other run next to it uses and no shards of another are to be merged of, where its config
// says so, and returns their bytes. Its rows and cells stay. there are the moments that were in the store when the run began: a complete run
// that was made from others has let them go itself, unless it keeps all. No other process may be reading the store.
func LetGo(p *plan.Plan, there map[string]bool) (bytes int64, err error) {
	if p.Config.Store.Keep == "all" {
		return 0, nil
	}
	users, keeping, err := usersOf(filepath.Dir(p.RunDir))
	shards := map[string][]string{}
	if err == nil {
		err = shard.AddUsers(shards, p.Store.Dir)
	}
	if err != nil {
		p.Progress.Note("moments that only this run used are kept: %v", err)
		return 0, nil
	}
	others := func(runs []string) bool {
		return slices.ContainsFunc(runs, func(run string) bool { return run != filepath.Base(p.RunDir) })
	}
	own := momentsOf(p)
	for key, e := range own {
		if others(shards[key]) || others(users[key]) && (there[key] || keeping[key]) {
			delete(own, key)
			continue
		}
		size, err := e.PartBytes()
		if err != nil {
			return 0, err
		}
		bytes += size
	}
	if !p.Config.Store.Deletes(bytes) {
		return 0, nil
	}
	for _, e := range own {
		if err := e.RemoveParts(); err != nil {
			return 0, err
		}
	}
	return bytes, nil
}

// Text is the inventory for people.
func (v *Inventory) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	total := int64(0)
	for _, e := range v.Entries {
		state := text.Count(e.Parts, "part", "parts")
		if e.Begun > 0 {
			state += fmt.Sprintf(", %d begun", e.Begun)
		}
		if e.Finished {
			state = "finished"
		}
		if e.Numbers != "" {
			state += ", " + string(e.Numbers)
		}
		runs := strings.Join(e.Runs, ", ")
		if runs == "" {
			runs = "no run"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", e.Key, text.Bytes(e.Bytes), state, e.Changed.Local().Format("2006-01-02 15:04"), runs)
		total += e.Bytes
	}
	w.Flush()
	fmt.Fprintf(&b, "%s, %s in %s\n", text.Count(len(v.Entries), "entry", "entries"), text.Bytes(total), v.Store)
	return b.String()
}

// Damage is a file of the store that does not hold what was written.
type Damage struct {
	Key  string `json:"key"`
	File string `json:"file"`
	Why  string `json:"why"`
}

// Verify reads the whole store. With mend, what is damaged is deleted: the next run that needs it makes it again.
func (v *Inventory) Verify(mend bool, r progress.Reporter) ([]Damage, error) {
	var out []Damage
	r.Stage("verifying", float64(len(v.Entries)), "entries")
	for _, e := range v.Entries {
		damaged, err := v.store.Verify(e.Key, metrics.Verify)
		if err != nil {
			return nil, err
		}
		for file, why := range damaged {
			out = append(out, Damage{e.Key, file, why.Error()})
		}
		if mend && len(damaged) > 0 {
			if err := v.store.Mend(e.Key, damaged); err != nil {
				return nil, err
			}
		}
		r.Add(1)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].File < out[j].File })
	return out, nil
}

// Unused are the entries that no run uses and that have rested for so long: younger ones may be of a run at work.
func (v *Inventory) Unused(rested time.Duration, now time.Time) []Entry {
	return slices.DeleteFunc(slices.Clone(v.Entries), func(e Entry) bool {
		return len(e.Runs) > 0 || now.Sub(e.Changed) < rested
	})
}

// Remove deletes entries.
func (v *Inventory) Remove(entries []Entry) error {
	for _, e := range entries {
		if err := v.store.Remove(e.Key); err != nil {
			return err
		}
	}
	return nil
}
