package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestKubernetes runs the shell lines of docs/kubernetes-job.yaml as a pod would, with a program that prints its
// arguments in the place of ours.
func TestKubernetes(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "docs", "kubernetes-job.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "pipeline"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := []string{"run configs/run.yaml --shard 3/16 --json\n", "merge configs/run.yaml --wait 24h\n"}
	for documents := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var job struct {
			Kind string
			Spec struct {
				Completions int
				Template    struct {
					Spec struct {
						Containers []struct{ Command, Args []string }
					}
				}
			}
		}
		if err := documents.Decode(&job); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if job.Kind != "Job" || len(want) == 0 {
			t.Fatalf("found a %s; want two Jobs", job.Kind)
		}
		if n := job.Spec.Completions; n != 0 && n != 16 {
			t.Errorf("%d completions, and shards of 16", n)
		}
		c := job.Spec.Template.Spec.Containers[0]
		cmd := exec.Command(c.Command[0], append(c.Command[1:], c.Args...)...)
		cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "JOB_COMPLETION_INDEX=2"}
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != want[0] {
			t.Errorf("%v: the program got %q, want %q", err, out, want[0])
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Errorf("no job calls %q", want)
	}
}
