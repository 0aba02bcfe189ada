package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"speechsim/configs"
	"speechsim/pipeline/fetch/hubtest"
	"speechsim/pipeline/native"
	"speechsim/pipeline/report/latextest"
)

// root is the repository.
var root = func() string {
	wd, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return filepath.Dir(filepath.Dir(wd))
}()

// TestScripts runs the user stories and the error messages in testdata/script, each a readable text file.
func TestScripts(t *testing.T) {
	needRuntime(t)
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(bin)+string(os.PathListSeparator)+os.Getenv("PATH"))
			e.Setenv("GOGC", os.Getenv("GOGC"))
			e.Setenv("ROOT", root)
			e.Setenv("DEMO", filepath.Join(root, "corpus", "demo"))
			e.Setenv("MODELS", filepath.Join(root, "models", "demo"))
			for key, pattern := range map[string]string{native.EnvONNXRuntime: "libonnxruntime.*", native.EnvOpenBLAS: "libscipy_openblas.*"} {
				value := os.Getenv(key)
				if found, err := filepath.Glob(filepath.Join(root, "lib", pattern)); value == "" && err == nil && len(found) > 0 {
					value = found[0]
				}
				if value != "" {
					e.Setenv(key, value)
				}
			}
			return nil
		},
		Condition: func(condition string) (bool, error) {
			if condition != "cuda" {
				return false, fmt.Errorf("unknown condition %q", condition)
			}
			return strings.Contains(native.VersionText(configs.Libraries{}), "CUDAExecutionProvider"), nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"tone": makeTone, "cut": cutFile, "lines": countLines, "same": sameFiles, "code": exitCode, "flip": flipByte, "dump": dumpLayer, "hub": startHub, "latex": setLaTeX,
		},
	})
}

// TestMain lets the program collect its garbage late, which takes a quarter of its time otherwise, but where memory is what a test looks at
// (peakMemory), and removes the program that the tests built.
func TestMain(m *testing.M) {
	os.Setenv("GOGC", "400")
	code := m.Run()
	if programDir != "" {
		os.RemoveAll(programDir)
	}
	os.Exit(code)
}

func needRuntime(t *testing.T) {
	t.Helper()
	rt, err := native.OpenRuntime("")
	if err != nil {
		t.Skipf("ONNX Runtime not found: %v", err)
	}
	rt.Close()
}

// setLaTeX sets the methods, the figures and the tables of a run as papers: latex RUN.
func setLaTeX(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: latex RUN")
	}
	run := ts.MkAbs(args[0])
	files, err := filepath.Glob(filepath.Join(run, "figures", "*.tex"))
	ts.Check(err)
	dir := ts.MkAbs("latex")
	ts.Check(os.MkdirAll(dir, 0o755))
	for _, class := range latextest.Classes {
		_, wrong, err := latextest.Set(dir, latextest.Document{Options: class, Files: append([]string{filepath.Join(run, "methods.tex")}, files...),
			Bib: filepath.Join(run, "methods.bib"), Figures: filepath.Join(run, "figures")})
		ts.Check(err)
		if len(wrong) > 0 {
			ts.Fatalf("article [%s]: %s", class, strings.Join(wrong, "\n"))
		}
	}
}

// makeTone writes a WAV file: tone FILE RATE CHANNELS SECONDS.
func makeTone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: tone FILE RATE CHANNELS SECONDS")
	}
	rate, err := strconv.Atoi(args[1])
	ts.Check(err)
	channels, err := strconv.Atoi(args[2])
	ts.Check(err)
	seconds, err := strconv.ParseFloat(args[3], 64)
	ts.Check(err)
	n := int(seconds * float64(rate))
	data := make([]byte, 0, 44+2*n*channels)
	data = append(data, "RIFF"...)
	data = binary.LittleEndian.AppendUint32(data, uint32(36+2*n*channels))
	data = append(data, "WAVEfmt "...)
	data = binary.LittleEndian.AppendUint32(data, 16)
	data = binary.LittleEndian.AppendUint16(data, 1)
	data = binary.LittleEndian.AppendUint16(data, uint16(channels))
	data = binary.LittleEndian.AppendUint32(data, uint32(rate))
	data = binary.LittleEndian.AppendUint32(data, uint32(2*rate*channels))
	data = binary.LittleEndian.AppendUint16(data, uint16(2*channels))
	data = binary.LittleEndian.AppendUint16(data, 16)
	data = append(data, "data"...)
	data = binary.LittleEndian.AppendUint32(data, uint32(2*n*channels))
	for i := range n {
		// A tone that glides and a little noise, so that no layer is constant.
		x := float64(i) / float64(rate)
		v := 8000*math.Sin(2*math.Pi*(200+150*x)*x) + 500*math.Sin(float64(i*i%7919))
		for range channels {
			data = binary.LittleEndian.AppendUint16(data, uint16(int16(v)))
		}
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, data, 0o644))
}

// cutFile keeps the first bytes of a file: cut FILE BYTES.
func cutFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut FILE BYTES")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// countLines checks how many lines a file has: lines FILE N.
func countLines(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: lines FILE N")
	}
	got := fmt.Sprint(strings.Count(ts.ReadFile(args[0]), "\n"))
	if (got == args[1]) == neg {
		ts.Fatalf("%s has %s lines, want %s", args[0], got, args[1])
	}
}

// exitCode runs a program that must end with an exit code: code N PROGRAM ARGUMENTS.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARGUMENTS")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// sameFiles checks that two files hold the same bytes: same A B.
func sameFiles(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: same A B")
	}
	if (ts.ReadFile(args[0]) == ts.ReadFile(args[1])) == neg {
		ts.Fatalf("%s and %s: the same bytes is %v", args[0], args[1], !neg == false)
	}
}

// dumpLayer writes a layer of the demo corpus to a folder, a file an utterance: dump MODEL LAYER FOLDER.
func dumpLayer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: dump MODEL LAYER FOLDER")
	}
	audio, err := filepath.Glob(filepath.Join(root, "corpus", "demo", "LibriSpeech", "demo", "*", "*", "*.flac"))
	ts.Check(err)
	ts.Check(ts.Exec("pipeline", append([]string{"extract", args[0], "--layers", args[1], "--out", "dump"}, audio...)...))
	ts.Check(os.MkdirAll(ts.MkAbs(args[2]), 0o755))
	for _, path := range audio {
		utterance := strings.TrimSuffix(filepath.Base(path), ".flac")
		ts.Check(os.Rename(filepath.Join(ts.MkAbs("dump"), utterance, "layer."+args[1]+".npy"), filepath.Join(ts.MkAbs(args[2]), utterance+".npy")))
	}
}

// startHub starts a server like the Hugging Face hub that has one checkpoint, the files of a folder: hub ID FOLDER. Its cache is
// the folder hub.
func startHub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: hub ID FOLDER")
	}
	repository := &hubtest.Repository{Commit: "dba3bb02fda4248b6e082697eee756de8fe8aa8a", Licence: "apache-2.0", Files: map[string][]byte{}}
	items, err := os.ReadDir(ts.MkAbs(args[1]))
	ts.Check(err)
	for _, item := range items {
		repository.Files[item.Name()] = []byte(ts.ReadFile(filepath.Join(args[1], item.Name())))
	}
	server := hubtest.Start(map[string]*hubtest.Repository{args[0]: repository})
	ts.Defer(server.Close)
	ts.Setenv("HF_ENDPOINT", server.URL)
	ts.Setenv("HF_HOME", ts.MkAbs("hub"))
}

// flipByte changes one byte in the middle of the first file that a pattern names: flip PATTERN.
func flipByte(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip PATTERN")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("no file is named %s", args[0])
	}
	data, err := os.ReadFile(files[0])
	ts.Check(err)
	data[2*len(data)/3] ^= 1
	ts.Check(os.WriteFile(files[0], data, 0o644))
}
