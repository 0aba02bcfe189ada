package slurm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Submission remembers what was handed to Slurm: submission.json beside the scripts.
type Submission struct {
	Shards int      `json:"shards"`
	Arrays []string `json:"arrays"` // ids of the job arrays, the newest last
	Merge  string   `json:"merge"`  // id of the merge job
}

// WriteScripts writes shards.sbatch and merge.sbatch for the given shards, none when only the merge is left.
func (j *Job) WriteScripts(shards []int) error {
	if err := os.MkdirAll(j.Dir, 0o755); err != nil {
		return err
	}
	if len(shards) > 0 {
		if err := os.WriteFile(j.shardFile(), []byte(j.ShardScript(Tasks(shards))), 0o755); err != nil {
			return err
		}
	}
	return os.WriteFile(j.mergeFile(), []byte(j.MergeScript()), 0o755)
}

func (j *Job) shardFile() string { return filepath.Join(j.Dir, "shards.sbatch") }
func (j *Job) mergeFile() string { return filepath.Join(j.Dir, "merge.sbatch") }

// Submit writes the scripts and submits them: the given shards as an array, and the merge after it and after the shards of
// earlier arrays that are still queued or running.
func (j *Job) Submit(ctx context.Context, shards []int) (*Submission, error) {
	if err := j.WriteScripts(shards); err != nil {
		return nil, err
	}
	sub, err := ReadSubmission(j.Dir)
	if err != nil {
		return nil, err
	}
	var after []string
	if sub == nil || sub.Shards != j.Shards {
		sub = &Submission{Shards: j.Shards}
	} else {
		if sub.Merge != "" { // it waits for shards that failed
			if _, err := call(ctx, "scancel", sub.Merge); err != nil {
				return nil, err
			}
			sub.Merge = ""
		}
		active, err := sub.Active(ctx)
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for _, a := range active {
			if !seen[a.Array] {
				seen[a.Array] = true
				after = append(after, a.Array)
			}
		}
	}
	if len(shards) > 0 {
		id, err := sbatch(ctx, j.shardFile())
		if err != nil {
			return nil, err
		}
		sub.Arrays = append(sub.Arrays, id)
		after = append(after, id)
		if err := sub.write(j.Dir); err != nil {
			return nil, err
		}
	}
	args := []string{}
	if len(after) > 0 {
		args = append(args, "--dependency=afterok:"+strings.Join(after, ":"))
	}
	if sub.Merge, err = sbatch(ctx, append(args, j.mergeFile())...); err != nil {
		return nil, err
	}
	return sub, sub.write(j.Dir)
}

func sbatch(ctx context.Context, args ...string) (id string, err error) {
	out, err := call(ctx, "sbatch", append([]string{"--parsable"}, args...)...)
	if err != nil {
		return "", err
	}
	id, _, _ = strings.Cut(strings.TrimSpace(out), ";") // a cluster's name may follow
	if _, err := strconv.Atoi(id); err != nil {
		return "", fmt.Errorf("sbatch answered %q; expected the number of a job", out)
	}
	return id, nil
}

func call(ctx context.Context, name string, args ...string) (string, error) {
	if _, err := exec.LookPath(name); err != nil {
		return "", fmt.Errorf("%s is not on the PATH: submit on a machine that has Slurm, or use --dry-run and submit the scripts there", name)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return string(out), nil
}

func (s *Submission) write(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "submission.json"), append(data, '\n'), 0o644)
}

// ReadSubmission reads what was submitted from a folder, nil when nothing was.
func ReadSubmission(dir string) (*Submission, error) {
	path := filepath.Join(dir, "submission.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &Submission{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): delete it, and submit again", path, err)
	}
	return s, nil
}

// Task is a shard that Slurm knows: queued, running or ending.
type Task struct {
	Array string // id of its job array
	Shard int
	State string // as squeue says it: PENDING, RUNNING, COMPLETING
}

// Active asks squeue which shards of the submission are queued or running.
func (s *Submission) Active(ctx context.Context) ([]Task, error) {
	var out []Task
	for _, id := range s.Arrays {
		text, err := call(ctx, "squeue", "--noheader", "--array", "--jobs="+id, "--format=%K %T")
		if err != nil && strings.Contains(err.Error(), "Invalid job id") {
			continue // it ended a while ago
		}
		if err != nil {
			return nil, err
		}
		for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
			number, state, ok := strings.Cut(strings.TrimSpace(line), " ")
			if n, err := strconv.Atoi(number); ok && err == nil {
				out = append(out, Task{id, n, state})
			}
		}
	}
	return out, nil
}
