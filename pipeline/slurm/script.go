package slurm

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Job is a run that is cut into shards.
type Job struct {
	Name    string   // of the run
	Program string   // absolute path of the program
	Args    []string // what run and merge are called with: the config and its flags
	WorkDir string   // where they are called
	Dir     string   // folder of the scripts, the logs and the submission
	Shards  int
	Options []string // further options of sbatch for the shards, such as --gres=gpu:1
	Waits   []string // options of sbatch for the merge: those of the shards without what only a shard needs
}

// ShardScript is the job array: one task a shard. Tasks is the list of --array, such as 1-16 or 3,7.
func (j *Job) ShardScript(tasks string) string {
	var b strings.Builder
	j.head(&b, "shards", "shard-%a", j.Options)
	fmt.Fprintf(&b, "#SBATCH --array=%s\n", tasks)
	// Slurm signals the script's own process: exec makes that the program, which saves and exits.
	fmt.Fprintf(&b, "#SBATCH --signal=B:TERM@60\n")
	fmt.Fprintf(&b, "set -eu\n")
	fmt.Fprintf(&b, "export SPEECHSIM_JOB=\"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\"\n")
	fmt.Fprintf(&b, "export SPEECHSIM_LOG=%s/shard-\"${SLURM_ARRAY_TASK_ID}\".log\n", quote(j.Dir))
	fmt.Fprintf(&b, "exec %s run %s --shard \"${SLURM_ARRAY_TASK_ID}/%d\"\n", quote(j.Program), quoteAll(j.Args), j.Shards)
	return b.String()
}

// MergeScript computes the results when all shards are done.
func (j *Job) MergeScript() string {
	var b strings.Builder
	j.head(&b, "merge", "merge", j.Waits)
	fmt.Fprintf(&b, "#SBATCH --kill-on-invalid-dep=yes\n")
	fmt.Fprintf(&b, "set -u\n")
	// Slurm counts every exit code but 0 as failed; 3 says that the results are there and inputs were skipped.
	fmt.Fprintf(&b, "%s merge %s --wait 2m || [ $? -eq 3 ]\n", quote(j.Program), quoteAll(j.Args))
	return b.String()
}

func (j *Job) head(b *strings.Builder, part, log string, options []string) {
	fmt.Fprintf(b, "#!/bin/bash\n")
	fmt.Fprintf(b, "#SBATCH --job-name=%s\n", escape(j.Name+"-"+part))
	fmt.Fprintf(b, "#SBATCH --chdir=%s\n", escape(j.WorkDir))
	fmt.Fprintf(b, "#SBATCH --output=%s\n", escape(filepath.Join(j.Dir, log+".log")))
	fmt.Fprintf(b, "#SBATCH --open-mode=append\n")
	for _, o := range options {
		fmt.Fprintf(b, "#SBATCH %s\n", o)
	}
}

// quote makes one word of a shell of s.
func quote(s string) string {
	if s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,@%+", r))
	}) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func quoteAll(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = quote(w)
	}
	return strings.Join(out, " ")
}

// escape makes one word of an #SBATCH line of s, which knows double quotes and backslashes.
func escape(s string) string {
	if strings.ContainsAny(s, " \t\"\\#'") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return s
}

// Tasks writes numbers as sbatch --array wants them: 1-3,7.
func Tasks(numbers []int) string {
	var out []string
	for i := 0; i < len(numbers); {
		e := i
		for e+1 < len(numbers) && numbers[e+1] == numbers[e]+1 {
			e++
		}
		if e > i {
			out = append(out, fmt.Sprintf("%d-%d", numbers[i], numbers[e]))
		} else {
			out = append(out, fmt.Sprint(numbers[i]))
		}
		i = e + 1
	}
	return strings.Join(out, ",")
}
