package slurm

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestTasks(t *testing.T) {
	for want, numbers := range map[string][]int{"": nil, "3": {3}, "1-3,7": {1, 2, 3, 7}, "2,4-5": {2, 4, 5}} {
		if got := Tasks(numbers); got != want {
			t.Errorf("Tasks(%v) = %q, want %q", numbers, got, want)
		}
	}
}

// TestScripts runs the array's script in a shell, with a program that prints its arguments, and names that a shell would cut.
func TestScripts(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "my program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '<%s>' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	j := &Job{Name: "a run", Program: program, Args: []string{"my config.yaml", "--set", "name=it's $HOME"}, WorkDir: dir, Dir: dir, Shards: 4}
	for script, want := range map[string]string{
		j.ShardScript("1-4"): `<run><my config.yaml><--set><name=it's $HOME><--shard><3/4>`,
		j.MergeScript():      `<merge><my config.yaml><--set><name=it's $HOME><--wait><2m>`,
	} {
		cmd := exec.Command("bash", "-c", script)
		cmd.Env = []string{"SLURM_ARRAY_JOB_ID=9", "SLURM_ARRAY_TASK_ID=3", "PATH=" + os.Getenv("PATH")}
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("%v: the program got %s, want %s; the script:\n%s", err, out, want, script)
		}
	}
}
