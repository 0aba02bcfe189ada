package models

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files again")

func results(checks []Check) string {
	var words []string
	for _, c := range checks {
		words = append(words, c.Name+" "+c.Result.String())
	}
	return strings.Join(words, ", ")
}

func TestVerify(t *testing.T) {
	rt := testRuntime(t)
	tests := []struct{ file, reference, want string }{
		{"demo/wav2vec2.onnx", "demo/reference/wav2vec2.npz",
			"reference ok, lengths ok, determinism ok, mask ok, attention ok, finite ok, last layer skipped, cpu skipped"},
		{"testdata/bert.ts17.onnx", "testdata/bert.npz",
			"reference ok, lengths ok, determinism ok, mask ok, attention ok, finite ok, last layer ok, cpu skipped"},
		{"testdata/bert.sdpadynamo23.onnx", "",
			"reference skipped, lengths ok, determinism ok, mask ok, attention skipped, finite ok, last layer ok, cpu skipped"},
		{"testdata/bert.ts17.onnx", "testdata/distilbert.npz", // another model's reference
			"reference FAILED, lengths ok, determinism ok, mask ok, attention ok, finite ok, last layer ok, cpu skipped"},
		{"testdata/golden/encodecmae-v2.onnx", "testdata/golden/filterbanks.npz", // no reference at all
			"reference FAILED, lengths ok, determinism ok, mask skipped, attention ok, finite ok, last layer skipped, cpu skipped"},
	}
	for _, tt := range tests {
		checks, err := rt.Verify(context.Background(), tt.file, tt.reference, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := results(checks); got != tt.want {
			t.Errorf("%s with %q:\ngot  %s\nwant %s\n%v", tt.file, tt.reference, got, tt.want, checks)
		}
	}
}

// The mask that is tested does something: without it, the same padding moves real
// frames.
func TestPaddingWithoutAMaskIsSeen(t *testing.T) {
	rt := testRuntime(t)
	m, err := rt.Load("demo/wav2vec2.onnx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	v := verifier{ctx: context.Background(), runtime: rt, model: m}
	in := v.input(8000)
	want, err := m.Run(v.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	padded := append(m.normalised(in.Samples), make([]float32, 8000)...)
	feeds, err := m.audioFeeds(padded, len(padded), len(padded))
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.compute(v.ctx, feeds, len(padded))
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	var d difference
	last := len(want.Layers) - 1
	if d.add(got.Layers[last].Data[:len(want.Layers[last].Data)], want.Layers[last].Data); d.result() != Failed {
		t.Errorf("16 000 samples of which half are padding differ by %g only", d.largest)
	}
}

func TestInspectionIsReadable(t *testing.T) {
	for _, name := range []string{"hubert-base.ts17", "bert.sdpadynamo23"} {
		in, err := Inspect(filepath.Join("testdata", name+".onnx"))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := in.Write(&got); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name+".inspection.txt")
		if *update {
			write(t, golden, got.String())
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-want +got; go test -update writes it):\n%s", name, diff)
		}
	}
}
