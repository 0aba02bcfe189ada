package extract

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"speechsim/corpus"
	"speechsim/models"
)

// residents notes the memory of the process after every utterance.
type residents struct {
	bytes []int
}

func (r *residents) Sources(int) []int { return []int{0} }

func (r *residents) Reduce(int, []*Activations) (any, error) { return nil, nil }

func (r *residents) Collect(_ context.Context, _ int, _ any, acts []*Activations, unreadable error) error {
	if unreadable != nil || len(acts[0].Layers) == 0 || len(acts[0].Attentions) == 0 {
		return fmt.Errorf("no activations: %w", unreadable)
	}
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	pages, err := strconv.Atoi(string(bytes.Fields(data)[1]))
	r.bytes = append(r.bytes, pages*os.Getpagesize())
	return err
}

// TestMemoryIsFlat: after the first utterances nothing more stays in memory, whatever their lengths: 300 of them, every
// layer and map fetched, two at a time. Activations that stayed would add half a megabyte each.
func TestMemoryIsFlat(t *testing.T) {
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("the memory of a process is read from /proc, which only Linux has")
	}
	rt, err := models.OpenRuntime([]string{os.Getenv("SPEECHSIM_ONNXRUNTIME"), "../lib"})
	if err != nil {
		t.Skip(err)
	}
	m, err := rt.Load("../models/testdata/hubert-large.ts17.onnx", models.Options{Layers: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()

	const files, utterances, rate = 40, 300, 16000
	c := &corpus.Corpus{Spec: corpus.Spec{Audio: corpus.AudioSpec{Rate: rate}}}
	folder := t.TempDir()
	var order []int
	for i := range utterances {
		path := filepath.Join(folder, fmt.Sprintf("%d.wav", i%files))
		if i < files {
			length := rate/2 + rate*(i*17%files)/20 // half a second to two and a half, not in order
			if err := os.WriteFile(path, wav(length, rate), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		c.Utterances = append(c.Utterances, corpus.Utterance{ID: fmt.Sprint(i), AudioPath: path})
		order = append(order, i)
	}
	r := &residents{}
	if err := Walk(context.Background(), c, order, []*Source{{Name: "m", Model: m}}, 2, r); err != nil {
		t.Fatal(err)
	}
	highest := func(list []int) (top float64) {
		for _, b := range list {
			top = max(top, float64(b)/(1<<20))
		}
		return top
	}
	early, late := highest(r.bytes[:utterances/4]), highest(r.bytes[utterances/2:])
	t.Logf("resident memory: at most %.0f MiB in the first quarter, %.0f MiB in the second half", early, late)
	if late > early+24 {
		t.Errorf("resident memory grew from %.0f to %.0f MiB", early, late)
	}
}

// wav is a mono tone of 16 bits.
func wav(samples, rate int) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("RIFF"), uint32(36+2*samples))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(2*rate))
	b = append(b, "\x02\x00\x10\x00data"...)
	b = le.AppendUint32(b, uint32(2*samples))
	for i := range samples {
		b = le.AppendUint16(b, uint16(int16(9000*math.Sin(float64(i)*0.07))))
	}
	return b
}
