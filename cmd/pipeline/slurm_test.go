package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"speechsim/pipeline/shard"
)

// TestSlurm submits the demo as an array of four shards to a real Slurm on this machine, kills one of them in the middle,
// submits again, and gets the bytes of a run on one machine.
func TestSlurm(t *testing.T) {
	needRuntime(t)
	env := startSlurm(t)
	dir := t.TempDir()
	call := func(args ...string) string {
		t.Helper()
		cmd := pipelineCommand(t, dir, args[0], demo, append(shortDemo(t), args[1:]...)...)
		cmd.Env = append(os.Environ(), env)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
		return string(out)
	}
	submitted := call("submit", "--slurm", "--shards", "4", "--workers", "1", "--", "--time=10")
	if !strings.Contains(submitted, "shards 1-4 of 4 are job") {
		t.Fatalf("submit said %q", submitted)
	}
	killed := killRunningShard(t, filepath.Join(dir, "store"))
	wait(t, "the other shards", time.Second, func() bool {
		text := call("status")
		return strings.Count(text, " done ") == 3 && strings.Contains(text, "killed")
	})
	if text := call("status"); !strings.Contains(text, "not merged") {
		t.Fatalf("a shard is missing, and status says\n%s", text)
	}
	again := call("submit", "--slurm", "--workers", "1")
	if want := fmt.Sprintf("shards %d of 4 are job", killed); !strings.Contains(again, want) {
		t.Fatalf("submitted again, it said %q; want %q", again, want)
	}
	wait(t, "the merge", time.Second, func() bool { return strings.Contains(call("status"), "\nmerged:") })
	slurmDir := filepath.Join(dir, "runs", "demo", "slurm")
	if log, err := os.ReadFile(filepath.Join(slurmDir, "merge.log")); err != nil || !strings.Contains(string(log), "results.jsonl") {
		t.Errorf("merge.log: %v\n%s", err, log)
	}
	if said := call("submit", "--slurm"); !strings.Contains(said, "nothing to submit") {
		t.Errorf("all done, and submit says %q", said)
	}
	if err := os.RemoveAll(slurmDir); err != nil {
		t.Fatal(err)
	}
	want, _ := calmRun(t)
	compareRuns(t, want, bytesOf(t, dir))
}

// killRunningShard waits until a shard is at work, kills it without warning, and says which it was.
func killRunningShard(t *testing.T, store string) int {
	t.Helper()
	killed := 0
	wait(t, "a shard that runs", 5*time.Millisecond, func() bool {
		records, err := shard.ReadRecords(store, "demo")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.State == shard.Running && syscall.Kill(r.Process, syscall.SIGKILL) == nil {
				s, err := shard.Parse(r.Shard)
				if err != nil {
					t.Fatal(err)
				}
				killed = s.Index
				return true
			}
		}
		return false
	})
	return killed
}

// wait asks done every so often until it says yes.
func wait(t *testing.T, what string, every time.Duration, done func() bool) {
	t.Helper()
	for start := time.Now(); !done(); time.Sleep(every) {
		if time.Since(start) > 3*time.Minute {
			t.Fatalf("waited 3 minutes for %s", what)
		}
	}
}

// startSlurm starts munged, slurmctld and slurmd for this test alone and returns the setting that leads clients to them.
func startSlurm(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"munged", "slurmctld", "slurmd", "sbatch", "squeue"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s not found: install slurm-wlm and munge", name)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: slurmd starts jobs as their users")
	}
	// Sockets have short names.
	dir, err := os.MkdirTemp("", "slurm-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	key := make([]byte, 128)
	for i := range key {
		key[i] = byte(rand.IntN(256))
	}
	if err := os.WriteFile(filepath.Join(dir, "key"), key, 0o400); err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	conf := strings.NewReplacer("DIR", dir, "HOST", host, "PORT1", freePort(t), "PORT2", freePort(t)).Replace(`
ClusterName=test
SlurmctldHost=HOST(127.0.0.1)
SlurmctldPort=PORT1
SlurmdPort=PORT2
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=DIR/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=2
SlurmdParameters=config_overrides
StateSaveLocation=DIR/state
SlurmdSpoolDir=DIR/spool
SlurmctldPidFile=DIR/slurmctld.pid
SlurmdPidFile=DIR/slurmd.pid
SlurmctldLogFile=DIR/slurmctld.log
SlurmdLogFile=DIR/slurmd.log
ReturnToService=2
KillWait=5
NodeName=HOST NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=HOST Default=YES MaxTime=INFINITE State=UP
`)
	if err := os.WriteFile(filepath.Join(dir, "slurm.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"state", "spool"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := "SLURM_CONF=" + filepath.Join(dir, "slurm.conf")
	in := func(name string) string { return filepath.Join(dir, name) }
	startDaemon(t, env, "munged", "--foreground", "--force", "--socket="+in("munge.socket"), "--key-file="+in("key"), "--pid-file="+in("munged.pid"), "--log-file="+in("munged.log"), "--seed-file="+in("seed"))
	wait(t, "munged", 20*time.Millisecond, func() bool { _, err := os.Stat(in("munge.socket")); return err == nil })
	startDaemon(t, env, "slurmctld", "-D")
	startDaemon(t, env, "slurmd", "-D", "-N", host)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	wait(t, "an idle node", 200*time.Millisecond, func() bool {
		cmd := exec.CommandContext(ctx, "sinfo", "--noheader", "--format=%T")
		cmd.Env = append(os.Environ(), env)
		out, _ := cmd.Output()
		return strings.TrimSpace(string(out)) == "idle"
	})
	return env
}

// startDaemon starts a program that ends with the test.
func startDaemon(t *testing.T, env, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		ended := make(chan struct{})
		go func() { cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
	})
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
