package models

import (
	"context"
	"strings"
	"testing"
)

// Half precision is far from float32 by what its 10 bits of mantissa make of a
// few layers, in plain files of both exporters and in ones that keep their weights
// elsewhere; float32 is not far at all.
func TestDeviation(t *testing.T) {
	rt := testRuntime(t)
	tests := []struct {
		file, precision string
		from, to        float64
	}{
		{"demo/hubert.onnx", Float32, 0, 0},
		{"demo/hubert.onnx", FP16, 1e-4, 0.02},
		{"testdata/wavlm-base.ts17.onnx", FP16, 1e-4, 0.02},
		{"testdata/hubert-large.external17.onnx", FP16, 1e-4, 0.02},
		{"testdata/bert.dynamo18.onnx", FP16, 1e-4, 0.02},
		{"testdata/golden/encodecmae-v1.onnx", FP16, 1e-4, 0.02},
		{"testdata/golden/beats.onnx", FP16, 1e-4, 0.02},
	}
	for _, tt := range tests {
		o := Options{Precision: tt.precision, Card: kindCard(tt.file)}
		m, err := rt.Load(tt.file, o)
		if err != nil {
			t.Fatal(err)
		}
		d, err := rt.Deviation(context.Background(), m, o)
		if err != nil || d.Relative < tt.from || d.Relative > tt.to || d.Within() != (tt.precision == Float32) {
			t.Errorf("%s in %s: %v, %v", tt.file, tt.precision, d, err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What a lower precision makes different is reported and not a failure.
func TestVerifyInHalfPrecision(t *testing.T) {
	rt := testRuntime(t)
	checks, err := rt.Verify(context.Background(), "demo/wav2vec2.onnx", "demo/reference/wav2vec2.npz", Options{Precision: FP16})
	if err != nil {
		t.Fatal(err)
	}
	want := "reference ok, lengths ok, determinism ok, mask ok, attention ok, finite ok, last layer skipped, cpu ok"
	if got := results(checks); got != want {
		t.Errorf("got  %s\nwant %s\n%v", got, want, checks)
	}
	if figure := checks[len(checks)-1].Figure; !strings.Contains(figure, "differs from float32 on the CPU by") {
		t.Errorf("figure %q", figure)
	}
}
