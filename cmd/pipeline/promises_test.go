package main

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"speechsim/pipeline/forecast"
	"speechsim/pipeline/plantest"
)

// program is the real binary, without the race detector: memory and time are the user's. (pipeline/run_test.go runs the
// flow under the race detector.)
var program = sync.OnceValues(func() (string, error) {
	var err error
	if programDir, err = os.MkdirTemp("", "pipeline-test-"); err != nil {
		return "", err
	}
	bin := filepath.Join(programDir, "pipeline")
	out, err := exec.Command("go", "build", "-o", bin, "speechsim/cmd/pipeline").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return bin, nil
})

// programDir holds the program, "" before it is built.
var programDir string

// pipelineCommand calls the program with folders of its own for runs and store.
func pipelineCommand(t *testing.T, dir, verb, config string, args ...string) *exec.Cmd {
	t.Helper()
	needRuntime(t)
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	base := []string{verb, config, "--runs", filepath.Join(dir, "runs"), "--store", filepath.Join(dir, "store")}
	cmd := exec.Command(bin, append(base, args...)...)
	cmd.Dir = root // where lib is found
	return cmd
}

var demo = filepath.Join(root, "configs", "demo.yaml")

// oneVoiceEach is a third of the demo's corpus, for all tests.
var oneVoiceEach = sync.OnceValues(func() (string, error) {
	if _, err := program(); err != nil {
		return "", err
	}
	dir := filepath.Join(programDir, "LibriSpeech")
	return dir, plantest.OneVoiceEach(root, dir)
})

// shortDemo are settings that shorten the demo: what these tests look at depends neither on the draws, nor on how many layers a model or utterances a group
// has, nor on the formats of figures, whose bytes package figures holds fixed.
func shortDemo(t *testing.T) []string {
	t.Helper()
	corpus, err := oneVoiceEach()
	if err != nil {
		t.Fatal(err)
	}
	return []string{"--set", "corpus.librispeech.root=" + corpus, "--set", "formats=[svg, csv]",
		"--set", "models.hubert.layers=0-2", "--set", "models.wav2vec2.layers=0-2", "--set", "models.untrained.layers=0-2",
		"--set", "comparisons.word-identity.null.draws=19", "--set", "comparisons.words-bert.null.draws=19", "--set", "comparisons.words-glove.null.draws=19"}
}

func demoCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	return pipelineCommand(t, dir, "run", demo, append(shortDemo(t), args...)...)
}

func mustRun(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// bytesOf reads every file of a run whose bytes are promised: all but the manifest, which tells the time.
func bytesOf(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	run := filepath.Join(dir, "runs", "demo")
	err := filepath.WalkDir(run, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "manifest.json" || d.Name() == "report.html" {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(run, path)
		out[rel] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out["results.jsonl"]) == 0 {
		t.Fatalf("%s has no results", run)
	}
	return out
}

func compareRuns(t *testing.T, want, got map[string][]byte) {
	t.Helper()
	for name, data := range want {
		if !bytes.Equal(data, got[name]) {
			t.Errorf("%s differs", name)
		}
	}
	if len(want) != len(got) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

// calm is the demo, run once and left alone: its bytes, and how long it took.
var calm struct {
	sync.Once
	bytes map[string][]byte
	took  time.Duration
}

func calmRun(t *testing.T) (map[string][]byte, time.Duration) {
	t.Helper()
	calm.Do(func() {
		dir, start := t.TempDir(), time.Now()
		mustRun(t, demoCommand(t, dir))
		calm.bytes, calm.took = bytesOf(t, dir), time.Since(start)
	})
	if calm.bytes == nil {
		t.Fatal("the run that is left alone failed")
	}
	return calm.bytes, calm.took
}

// TestWorkers: the same inputs give the same bytes whatever the number of workers.
func TestWorkers(t *testing.T) {
	t.Parallel()
	want, _ := calmRun(t)
	for _, workers := range []int{1, 2, 8} {
		if workers == runtime.GOMAXPROCS(0) {
			continue // the run that was left alone had as many
		}
		dir := t.TempDir()
		mustRun(t, demoCommand(t, dir, "--workers", fmt.Sprint(workers)))
		compareRuns(t, want, bytesOf(t, dir))
	}
}

// TestKill: a run that is killed at random moments and started again, several times, ends with the bytes of one that was left
// alone, and leaves no rubbish behind.
func TestKill(t *testing.T) {
	want, took := calmRun(t)
	for trial := range 2 {
		dir := t.TempDir()
		for range 4 { // each goes on where the one before was killed, so the last ones are killed late in the run
			cmd := demoCommand(t, dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration((0.05 + 0.45*rand.Float64()) * float64(took)))
			if err := cmd.Process.Kill(); err != nil {
				t.Logf("the run was over before it was killed: %v", err)
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
		}
		mustRun(t, demoCommand(t, dir))
		compareRuns(t, want, bytesOf(t, dir))
		left, err := filepath.Glob(filepath.Join(dir, "store", "*", ".tmp-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("trial %d: temporary files left in the store: %v %v", trial, left, err)
		}
		start := time.Now()
		mustRun(t, demoCommand(t, dir))
		if d := time.Since(start); d > 2*time.Second && d > took/2 {
			t.Errorf("a finished run took %v to start again", d)
		}
	}
}

// TestInterrupt: Ctrl-C, and what workload managers send, are answered with exit code 130 within seconds, and the next run
// goes on in the part that was being made: one that was told to end by each ends with the bytes of a run that was left alone.
func TestInterrupt(t *testing.T) {
	want, _ := calmRun(t)
	dir := t.TempDir()
	interrupt(t, dir, os.Interrupt, "part-0000")
	interrupt(t, dir, syscall.SIGTERM, "part-0001")
	mustRun(t, demoCommand(t, dir))
	compareRuns(t, want, bytesOf(t, dir))
	for _, pattern := range []string{"partial-*", ".tmp-*", "rows-*-*-*"} {
		if left, _ := filepath.Glob(filepath.Join(dir, "store", "*", pattern)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// interrupt starts the demo and sends it a signal once a part is there.
func interrupt(t *testing.T, dir string, signal os.Signal, part string) {
	t.Helper()
	cmd := demoCommand(t, dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if parts, _ := filepath.Glob(filepath.Join(dir, "store", "*", part)); len(parts) > 0 {
			break
		}
	}
	asked := time.Now()
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	if d := time.Since(asked); d > 10*time.Second {
		t.Errorf("%v: it took %v to end", signal, d)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		t.Fatalf("%v: exit %v, stderr %s", signal, err, stderr.String())
	}
	if !strings.Contains(stderr.String(), "interrupted. Finished work is kept") {
		t.Errorf("%v: stderr %q", signal, stderr.String())
	}
	if begun, _ := filepath.Glob(filepath.Join(dir, "store", "*", "partial-*")); len(begun) == 0 {
		t.Errorf("%v: the part that was being made is lost", signal)
	}
}

// TestSharedStore: two runs at once may share a store.
func TestSharedStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var group sync.WaitGroup
	for i := range 2 {
		cmd := demoCommand(t, dir)
		cmd.Args = append(cmd.Args, "--runs", filepath.Join(dir, fmt.Sprint("apart", i), "runs"))
		group.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	compareRuns(t, bytesOf(t, filepath.Join(dir, "apart0")), bytesOf(t, filepath.Join(dir, "apart1")))
}

// smallDisk gives a folder a store that has room for so much.
func smallDisk(t *testing.T, dir, size string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to mount a small file system")
	}
	store := filepath.Join(dir, "store")
	if err := os.Mkdir(store, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", store, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("can't mount a small file system: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(store, syscall.MNT_DETACH) })
	return store
}

// TestFullDisk: a full disk is an error that says so; what was complete stays, and the run goes on once there is room.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	store := smallDisk(t, dir, "6m")
	out, err := demoCommand(t, dir).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(string(out), "no space left on device: the disk is full; what was complete stays in") {
		t.Fatalf("%v: %s", err, out)
	}
	parts, _ := filepath.Glob(filepath.Join(store, "*", "part-*"))
	if len(parts) == 0 {
		t.Error("nothing that was complete stayed")
	}
	if err := syscall.Mount("tmpfs", store, "tmpfs", syscall.MS_REMOUNT, "size=1g"); err != nil {
		t.Fatal(err)
	}
	mustRun(t, demoCommand(t, dir))
}

// TestNoRoomForImports: models that the store's disk has no room for are refused before the first is imported.
func TestNoRoomForImports(t *testing.T) {
	dir := t.TempDir()
	store := smallDisk(t, dir, "64k")
	config := fmt.Sprintf(`name: room
corpus: {librispeech: {root: %[1]s/corpus/demo/LibriSpeech, subset: demo}}
models:
  - {name: hubert, checkpoint: %[1]s/models/checkpoint/testdata/hubert-base}
  - {name: untrained, checkpoint: %[1]s/models/checkpoint/testdata/hubert-base, weights: random}
comparisons:
  - {name: frames, models: [hubert, untrained], metrics: [cka]}
`, root)
	file := filepath.Join(dir, "room.yaml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := pipelineCommand(t, dir, "plan", file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "room.yaml:5:5: the models that are imported from checkpoints take") || strings.Contains(string(out), "importing") {
		t.Errorf("%v: %s", err, out)
	}
	if models, _ := filepath.Glob(filepath.Join(store, "*", "model.onnx")); len(models) > 0 {
		t.Errorf("%v were imported", models)
	}
}

var peakLine = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// peakMemory runs a command to its end, collecting garbage when a user's would, and returns its peak memory in MiB. (The system's account of a process that
// has ended counts what the process that started it held at that time.)
func peakMemory(t *testing.T, cmd *exec.Cmd) float64 {
	t.Helper()
	cmd.Env = append(os.Environ(), "GOGC=")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	peak := 0.0
	for {
		select {
		case err := <-ended:
			if err != nil || peak == 0 {
				t.Fatalf("%v: %v, peak %v\n%s", cmd.Args, err, peak, out.String())
			}
			return peak
		case <-time.After(5 * time.Millisecond):
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
			if found := peakLine.FindSubmatch(status); found != nil {
				kib, _ := strconv.ParseFloat(string(found[1]), 64)
				peak = max(peak, kib/1024)
			}
		}
	}
}

// TestMemory: peak memory does not grow with the corpus. The same config runs on a third of the demo corpus four times over and sixteen times, with one
// worker, since how many of the longest utterances meet in memory is chance with more. Of less, a run ends before its garbage is as much as may be.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	t.Parallel()
	peak := func(copies int) float64 {
		dir := t.TempDir()
		writeCopies(t, dir, copies)
		return peakMemory(t, pipelineCommand(t, dir, "run", filepath.Join(dir, "copies.yaml"), "--workers", "1"))
	}
	four, sixteen := peak(4), peak(16)
	t.Logf("peak memory: %.0f MiB for four copies of the corpus, %.0f MiB for sixteen", four, sixteen)
	if sixteen > 1.1*four {
		t.Errorf("peak memory grew from %.0f to %.0f MiB", four, sixteen)
	}
}

// writeCopies writes a corpus table that lists every utterance of oneVoiceEach so many times, and a config with frames, words and
// attention.
func writeCopies(t *testing.T, dir string, copies int) {
	t.Helper()
	corpus, err := oneVoiceEach()
	if err != nil {
		t.Fatal(err)
	}
	audio, err := filepath.Glob(filepath.Join(corpus, "demo", "*", "*", "*.flac"))
	if err != nil || len(audio) == 0 {
		t.Fatalf("no demo corpus: %v", err)
	}
	text := map[string]string{}
	transcripts, _ := filepath.Glob(filepath.Join(corpus, "demo", "*", "*", "*.trans.txt"))
	for _, f := range transcripts {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
			id, words, _ := strings.Cut(line, " ")
			text[id] = words
		}
	}
	var b bytes.Buffer
	table := csv.NewWriter(&b)
	table.Write([]string{"id", "audio", "text", "speaker", "textgrid"})
	for k := range copies {
		for _, path := range audio {
			rel, err := filepath.Rel(corpus, path)
			if err != nil {
				t.Fatal(err)
			}
			stem := strings.TrimSuffix(filepath.Base(path), ".flac")
			speaker, _, _ := strings.Cut(stem, "-")
			table.Write([]string{fmt.Sprintf("%02d-%s", k, stem), rel, text[stem], speaker, strings.TrimSuffix(rel, ".flac") + ".TextGrid"})
		}
	}
	table.Flush()
	config := fmt.Sprintf(`name: copies
corpus: {table: {file: copies.csv, root: %q}}
models:
  - {name: hubert, onnx: %q}
comparisons:
  - {name: frames, models: [hubert], metrics: [cka, neuron_neuron]}
  - {name: words, rows: {unit: word}, models: [hubert], metrics: [cka]}
  - {name: attention, models: [hubert], metrics: [attention]}
`, corpus, filepath.Join(root, "models", "demo", "hubert.onnx"))
	for name, data := range map[string][]byte{"copies.csv": b.Bytes(), "copies.yaml": []byte(config)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// asForetold runs a plan and its run, and compares their memory. It returns the peak, in MiB.
func asForetold(t *testing.T, plan, run *exec.Cmd) float64 {
	t.Helper()
	out, err := plan.Output()
	if err != nil {
		t.Fatal(err)
	}
	var f forecast.Forecast
	if err := json.Unmarshal(out, &f); err != nil {
		t.Fatal(err)
	}
	planned, peak := float64(f.MemoryBytes)/(1<<20), peakMemory(t, run)
	t.Logf("planned %.0f MiB, peak %.0f MiB", planned, peak)
	if peak > 1.15*planned || planned > 1.15*peak {
		t.Errorf("the plan says %.0f MiB, the run took %.0f MiB", planned, peak)
	}
	return peak
}

// TestForetoldMemory: a run takes the memory that the plan says, with and without a budget, which it keeps.
func TestForetoldMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("two runs of the demo")
	}
	two := []string{"--set", "formats=[svg, csv]", "--workers", "2"}
	asForetold(t, pipelineCommand(t, t.TempDir(), "plan", demo, append(two, "--json")...), pipelineCommand(t, t.TempDir(), "run", demo, two...))
	const budget = 300
	tight := append(two, "--set", fmt.Sprintf("memory=%dMiB", budget))
	peak := asForetold(t, pipelineCommand(t, t.TempDir(), "plan", demo, append(tight, "--json")...), pipelineCommand(t, t.TempDir(), "run", demo, tight...))
	if peak > budget {
		t.Errorf("a run in %d MiB took %.0f", budget, peak)
	}
}

// TestLongAudio: the plan knows what long audio takes, attention maps above all, before anything is computed: of half a minute what it
// will be, and of forty minutes, whose maps no machine holds, that it is too much.
func TestLongAudio(t *testing.T) {
	dir := t.TempDir()
	call := func(name string, seconds int, verb string, flags ...string) *exec.Cmd {
		writeLongAudio(t, dir, name, seconds)
		return pipelineCommand(t, dir, verb, filepath.Join(dir, name+".yaml"), append(flags, "--workers", "1")...)
	}
	asForetold(t, call("half-minute", 30, "plan", "--json"), call("half-minute", 30, "run"))
	out, err := call("forty-minutes", 2400, "plan").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "warning     about ") || !strings.Contains(string(out), "utterance forty-minutes (2400 s) alone takes") || strings.Contains(string(out), "\ntime ") {
		t.Errorf("the plan says\n%s", out)
	}
}

// writeLongAudio writes a config and a WAV file: a second of noise, the rest a hole in the file, which reads as silence.
func writeLongAudio(t *testing.T, dir, name string, seconds int) {
	t.Helper()
	const rate = 16000
	le := binary.LittleEndian
	wav := le.AppendUint32([]byte("RIFF"), uint32(36+2*rate*seconds))
	wav = append(wav, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data"...)
	wav = le.AppendUint32(wav, uint32(2*rate*seconds))
	random := rand.New(rand.NewPCG(1, 2))
	for range rate {
		wav = le.AppendUint16(wav, uint16(random.IntN(20000)-10000))
	}
	config := fmt.Sprintf(`name: long
corpus: {table: {file: %s.csv}}
models:
  - {name: hubert, onnx: %q}
comparisons:
  - {name: attention, models: [hubert], metrics: [attention]}
`, name, filepath.Join(root, "models", "demo", "hubert.onnx"))
	path := filepath.Join(dir, name+".wav")
	for file, data := range map[string][]byte{path: wav, filepath.Join(dir, name+".yaml"): []byte(config), filepath.Join(dir, name+".csv"): []byte("audio\n" + name + ".wav\n")} {
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(path, int64(44+2*rate*seconds)); err != nil {
		t.Fatal(err)
	}
}
