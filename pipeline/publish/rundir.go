package publish

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"speechsim/configs"
	"speechsim/pipeline/inference"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/internal/text"
	"speechsim/pipeline/load"
	"speechsim/pipeline/native"
	"speechsim/pipeline/report"
	"speechsim/pipeline/results"
)

// readExtra reads the tables that a run directory holds in addition to its cells; a run that asked for none of a kind has no file of
// it.
func readExtra(dir string, cells []results.Cell) (report.Extra, error) {
	var e report.Extra
	var err error
	read := func(name string, into func(path string) error) {
		if failed := into(filepath.Join(dir, name)); err == nil && !errors.Is(failed, fs.ErrNotExist) {
			err = failed
		}
	}
	read("matches.csv", func(path string) (err error) { e.Matches, err = results.ReadMatchesFile(path); return err })
	read("differences.csv", func(path string) (err error) { e.Differences, err = results.ReadDifferencesFile(path); return err })
	read("retrieval.csv", func(path string) (err error) { e.Retrieved, err = results.ReadRetrievedFile(path); return err })
	read(replicatesName, func(path string) error {
		run := inference.Run{Cells: cells}
		var err error
		if run.Replicates, err = results.ReadReplicatesFile(path, len(cells)); err == nil {
			e.Paired = run.Paired(report.MostPaired)
		}
		return err
	})
	read("contributions.csv", func(path string) (err error) { e.Contributions, err = results.ReadContributionsFile(path); return err })
	read(positionsName, func(path string) (err error) { e.Positions, err = results.ReadPositionsFile(path); return err })
	read(clipsName, func(path string) (err error) { e.Clips, err = os.ReadFile(path); return err })
	return e, err
}

// pageName is the file of a run directory that says what its figures and page show, but for the numbers.
const pageName = "page.json"

// pageFormat changes with the form of page.json.
const pageFormat = 1

type pageFile struct {
	Format  int         `json:"format"`
	Version string      `json:"version"` // of the program that wrote it
	Page    report.Page `json:"page"`
}

func writePageFile(dir string, page report.Page) error {
	data, err := json.Marshal(pageFile{pageFormat, native.Version, page})
	if err != nil {
		return err
	}
	return files.Write(filepath.Join(dir, pageName), func(w io.Writer) error { _, err := w.Write(append(data, '\n')); return err })
}

// FindRun resolves the argument by which a user names a run: its folder, or its name among the runs.
func FindRun(run, runs string) (string, error) {
	runs = cmp.Or(runs, "runs")
	for _, dir := range []string{run, filepath.Join(runs, run)} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir, nil
		}
	}
	var there []string
	entries, err := os.ReadDir(runs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	for _, e := range entries {
		if files.Exists(manifestFile(filepath.Join(runs, e.Name()))) {
			there = append(there, e.Name())
		}
	}
	if len(there) == 0 {
		return "", fmt.Errorf("%s: there is no such run, and %s holds none: pipeline run CONFIG makes one", run, runs)
	}
	return "", fmt.Errorf("%s: there is no such run; %s holds %s", run, runs, strings.Join(there, ", "))
}

// readRun reads what a run directory shows: its page with the cells and the manifest.
func readRun(dir string) (report.Page, error) {
	var none report.Page
	manifest, err := os.ReadFile(manifestFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return none, fmt.Errorf("%s holds no finished run (it has no manifest.json): pipeline run with its config goes on from where it stopped", dir)
	}
	if err != nil {
		return none, err
	}
	data, err := os.ReadFile(filepath.Join(dir, pageName))
	if errors.Is(err, fs.ErrNotExist) {
		return none, fmt.Errorf("%s lacks %s: pipeline run with its config makes it again; what is in the store is not computed again", dir, pageName)
	}
	if err != nil {
		return none, err
	}
	var head struct {
		Format  int
		Version string
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return none, fmt.Errorf("%s: %w", filepath.Join(dir, pageName), err)
	}
	if head.Format != pageFormat {
		return none, fmt.Errorf("%s was made by version %s of the program, whose %s has format %d; this version (%s) reads %d: pipeline run with its config makes it again",
			dir, head.Version, pageName, head.Format, native.Version, pageFormat)
	}
	var file pageFile
	if err := json.Unmarshal(data, &file); err != nil {
		return none, fmt.Errorf("%s: %w", filepath.Join(dir, pageName), err)
	}
	page := file.Page
	page.Manifest = manifest
	if page.Cells, err = results.ReadFile(filepath.Join(dir, "results.jsonl")); err != nil {
		return none, err
	}
	extra, err := readExtra(dir, page.Cells)
	page.Take(&extra)
	return page, err
}

// lockFile is held by the process that works on a run.
func lockFile(dir string) string { return filepath.Join(dir, ".lock") }

// Lock takes the folder of a run for this process, until unlock is called.
func Lock(dir string) (unlock func(), err error) {
	if unlock, err = files.Lock(lockFile(dir)); err != nil {
		return nil, busy(dir, err)
	}
	return unlock, nil
}

// Maker is the process that works on the run of a folder, "" when none does.
func Maker(dir string) string { return files.Holder(lockFile(dir)) }

// CheckFree is an error while another process works on the run of a folder.
func CheckFree(dir string) error {
	if by := Maker(dir); by != "" {
		return busy(dir, &files.LockedError{By: by})
	}
	return nil
}

func busy(dir string, err error) error {
	var locked *files.LockedError
	if errors.As(err, &locked) {
		return fmt.Errorf("%s is being made by %s: wait for its end, or give this run a name of its own (--set name=...)", dir, locked.By)
	}
	return err
}

// checkReplace refuses to replace the finished run of another config. A run that has the same config, and other inputs or another
// version of the program, is the same run made anew.
func checkReplace(f *load.Files, manifest []byte) error {
	if f.Replace || f.Cards {
		return nil
	}
	changes, err := otherKeys(f.Config, manifest)
	if err != nil || changes == "" {
		return err
	}
	return f.Config.Errorf(f.Config.Pos.Of("name"), "%s holds a run of another config (%s): give this run a name of its own (name:, or --set name=...), or replace that one by --replace",
		f.RunDir, changes)
}

// onlyAsked says to a plan that a run would be refused.
func onlyAsked(f *load.Files, manifest []byte) string {
	if changes, err := otherKeys(f.Config, manifest); err == nil && changes != "" && !f.Replace {
		return " with --replace only (" + changes + ")"
	}
	return ""
}

// OtherConfig says in which keys the finished run of a folder differs from a config, "" where in none, or where there is no run.
func OtherConfig(cfg *configs.Config, dir string) (string, error) {
	manifest, err := os.ReadFile(manifestFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return otherKeys(cfg, manifest)
}

func otherKeys(cfg *configs.Config, manifest []byte) (string, error) {
	var theirs struct{ Config json.RawMessage }
	if err := json.Unmarshal(manifest, &theirs); err != nil {
		return "", err
	}
	ours, err := json.Marshal(cfg)
	if err != nil {
		return "", err
	}
	changes, err := report.ConfigChanges(theirs.Config, ours)
	if err != nil {
		return "", err
	}
	if changes, err = withoutNewKeys(changes, ours); err != nil {
		return "", err
	}
	const shown = 3
	var words []string
	for i, c := range changes {
		if i == shown {
			words = append(words, "and "+text.Count(len(changes)-shown, "more key", "more keys"))
			break
		}
		words = append(words, fmt.Sprintf("%s is %s there and %s here", c.What, cmp.Or(c.Ours, "not given"), cmp.Or(c.Theirs, "not given")))
	}
	return strings.Join(words, "; "), nil
}

// withoutNewKeys leaves out keys that an earlier version of the program did not know, and that have their defaults here.
func withoutNewKeys(changes []report.Change, config json.RawMessage) ([]report.Change, error) {
	defaults := configs.Default()
	plain, err := json.Marshal(&defaults)
	if err != nil {
		return nil, err
	}
	given, err := report.ConfigChanges(plain, config)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(changes, func(c report.Change) bool {
		return c.Ours == "" && !slices.ContainsFunc(given, func(g report.Change) bool { return g.What == c.What })
	}), nil
}

// Finished returns the outcome of an earlier run when its manifest carries the stamp of these files and its own are there; nil
// when there is none. It is an error if the folder has the run of another config, unless that may be replaced.
func Finished(f *load.Files) (*Outcome, error) {
	data, err := os.ReadFile(manifestFile(f.RunDir))
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			f.Progress.Note("%v: the run is made again", err)
		}
		return nil, nil
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil || m.Inputs.Stamp != f.Stamp {
		if err == nil && len(m.Inputs.Stamp) > 0 {
			if err := checkReplace(f, data); err != nil {
				return nil, err
			}
			f.Progress.Note("%s holds a run of %s made from another config, program or inputs, which a run replaces%s; what both share comes from the store",
				f.RunDir, m.Finished.Format("2006-01-02 15:04"), onlyAsked(f, data))
		}
		return nil, nil
	}
	o := &Outcome{Dir: f.RunDir, Cells: m.Cells, Undefined: m.Undefined, Failed: m.Skipped, AlreadyDone: true, Seconds: m.Seconds, Report: reportFile(f.RunDir)}
	need := []string{"results.jsonl", "results.csv", "matches.csv", "differences.csv", "dropped.csv", pageName, "report.html"}
	for _, figure := range m.Figures {
		need = append(need, figure)
		o.Figures = append(o.Figures, filepath.Join(f.RunDir, filepath.FromSlash(figure)))
	}
	for _, name := range need {
		if !files.Exists(filepath.Join(f.RunDir, filepath.FromSlash(name))) {
			f.Progress.Note("%s lacks %s: the run is finished again", f.RunDir, name)
			return nil, nil
		}
	}
	return o, nil
}
