package publish

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/join"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/results"
)

// replicatesName is the file of a run directory that says what its intervals are made of.
const replicatesName = "replicates.jsonl"

// positionsName is the file of a run directory that says where the heads look whose attention it compares.
const positionsName = "relative_positions.csv"

// writeTables writes the tables of a run.
func writeTables(p *plan.Plan, set results.Set, clips []byte, o *Outcome) error {
	at := func(name string) string { return filepath.Join(p.RunDir, name) }
	prefixes := results.Prefixes(set.Cells)
	return errors.Join(
		results.WriteFile(at("results.jsonl"), set.Cells),
		results.WriteCSVFile(at("results.csv"), set.Cells),
		results.WriteMatchesFile(at("matches.csv"), set.Matches),
		results.WriteDifferencesFile(at("differences.csv"), set.Differences),
		writeIf(len(set.Replicates) > 0, at(replicatesName), func(path string) error { return results.WriteReplicatesFile(path, set.Replicates) }),
		writeIf(len(prefixes) > 0, at("prefixes.csv"), func(path string) error { return results.WritePrefixesFile(path, prefixes) }),
		writeIf(len(set.Retrieved) > 0, at("retrieval.csv"), func(path string) error { return results.WriteRetrievedFile(path, set.Retrieved) }),
		writeIf(len(set.Contributions) > 0, at("contributions.csv"), func(path string) error { return results.WriteContributionsFile(path, set.Contributions) }),
		writeIf(len(set.Positions) > 0, at(positionsName), func(path string) error { return results.WritePositionsFile(path, set.Positions) }),
		writeIf(len(clips) > 0, at(clipsName), func(path string) error {
			return files.Write(path, func(w io.Writer) error { _, err := w.Write(clips); return err })
		}),
		files.Write(at("dropped.csv"), func(w io.Writer) error { return join.WriteDropped(w, p.Corpus, o.Accounts, o.Failed) }))
}

// writeIf writes a table that not every run has; one that an earlier config of the same name left is removed.
func writeIf(there bool, path string, write func(path string) error) error {
	if there {
		return write(path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
