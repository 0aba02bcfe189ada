package pipeline

import (
	"errors"
	"io/fs"
	"path/filepath"

	"speechsim/pipeline/report"
	"speechsim/pipeline/results"
)

// readExtra reads the tables that a run directory holds beside its cells; a run that asked for none of a kind has no file of
// it.
func readExtra(dir string) (report.Extra, error) {
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
	return e, err
}
