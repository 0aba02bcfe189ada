package audio

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// librispeech is an utterance of 11.66 s, as LibriSpeech's authors encoded it.
const librispeech = "LibriSpeech/dev-clean/2412/153948/2412-153948-0000.flac"

// sharedPath is a file of real speech that lies next to the repository.
func sharedPath(t testing.TB, name string) string {
	t.Helper()
	p := filepath.Join("..", "..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(p); err != nil {
		t.Skip("shared data not found")
	}
	return p
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func memory(name string, data []byte) source {
	return source{bytes.NewReader(data), int64(len(data)), name}
}

func mustDecode(t testing.TB, data []byte) *Audio {
	t.Helper()
	a, err := memory("x", data).decode(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := memory("x", data).readInfo()
	if err != nil {
		t.Fatal(err)
	}
	if info.Samples != int64(a.Samples()) {
		t.Fatalf("ReadInfo says %d samples, Decode gave %d", info.Samples, a.Samples())
	}
	return a
}

// wantError decodes and expects one line, with the name of the file, that contains want; both from the header and from all
// of the file if early is true.
func wantError(t testing.TB, data []byte, want string, early bool) {
	t.Helper()
	_, err := memory("dir/x.wav", data).decode(0, 0)
	checkError(t, err, want)
	if early {
		_, err := memory("dir/x.wav", data).readInfo()
		checkError(t, err, want)
	}
}

func checkError(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want %q", want)
		return
	}
	msg := err.Error()
	if !strings.Contains(msg, want) || !strings.HasPrefix(msg, "dir/x.wav: ") || strings.Contains(msg, "\n") {
		t.Errorf("error %q; want one line with the path and %q", msg, want)
	}
}

func equalSamples(t testing.TB, got, want [][]float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d channels, want %d", len(got), len(want))
	}
	for c := range want {
		if len(got[c]) != len(want[c]) {
			t.Fatalf("channel %d: %d samples, want %d", c+1, len(got[c]), len(want[c]))
		}
		for i, v := range want[c] {
			if got[c][i] != v {
				t.Fatalf("channel %d, sample %d: %v, want %v", c+1, i, got[c][i], v)
			}
		}
	}
}

// speechLike is a sine that swells, with noise: integers of the given number of bits.
func speechLike(n, bits int, seed uint64) []int32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := make([]int32, n)
	full := math.Ldexp(1, bits-1) - 1
	for i := range x {
		v := 0.8*math.Sin(float64(i)*.05)*math.Sin(float64(i)*.001) + .01*rng.NormFloat64()
		x[i] = int32(math.Round(v * full))
	}
	return x
}

// scaled is what decoding must give for integers of the given number of bits.
func scaled(x []int32, bits int) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(float64(v) / math.Ldexp(1, bits-1))
	}
	return out
}

// flacOptions is how encodeFLAC writes.
type flacOptions struct {
	rate, bits, block int
	second            int // size of every second block, if it is another
	stereo            frame.Channels
	fixed             bool // blocks are numbered, not samples
	verbatim          bool // no prediction: the encoder's search for one takes seconds on long signals
}

// encodeFLAC encodes channels with mewkiz/flac.
func encodeFLAC(t testing.TB, o flacOptions, channels ...[]int32) []byte {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "*.flac")
	if err != nil {
		t.Fatal(err)
	}
	enc, err := flac.NewEncoder(f, &meta.StreamInfo{BlockSizeMin: 16, BlockSizeMax: 65535, SampleRate: uint32(o.rate),
		NChannels: uint8(len(channels)), BitsPerSample: uint8(o.bits)})
	if err != nil {
		t.Fatal(err)
	}
	enc.EnablePredictionAnalysis(!o.verbatim)
	size, next := o.block, o.block
	if o.second > 0 {
		next = o.second
	}
	for at := 0; at < len(channels[0]); at, size, next = at+size, next, size {
		end := min(at+size, len(channels[0]))
		fr := &frame.Frame{Header: frame.Header{HasFixedBlockSize: o.fixed, BlockSize: uint16(end - at), SampleRate: uint32(o.rate),
			Channels: o.stereo, BitsPerSample: uint8(o.bits)}}
		for _, x := range channels {
			sub := &frame.Subframe{Samples: slices.Clone(x[at:end]), NSamples: end - at}
			if sub.Pred = frame.PredVerbatim; slices.Max(sub.Samples) == slices.Min(sub.Samples) {
				sub.Pred = frame.PredConstant
			}
			fr.Subframes = append(fr.Subframes, sub)
		}
		if err := enc.WriteFrame(fr); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	return readFile(t, f.Name())
}

// riff wraps chunks, given as name, body, name, body..., into a WAV file whose sizes are right.
func riff(chunks ...any) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVE")
	for i := 0; i < len(chunks); i += 2 {
		body := chunks[i+1].([]byte)
		b = append(b, chunks[i].(string)...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
		b = append(b, body...)
		if len(body)%2 == 1 {
			b = append(b, 0)
		}
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// format is the body of a fmt chunk.
func format(tag, channels, rate, bits int) []byte {
	align := channels * ((bits + 7) / 8)
	b := binary.LittleEndian.AppendUint16(nil, uint16(tag))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*align))
	b = binary.LittleEndian.AppendUint16(b, uint16(align))
	return binary.LittleEndian.AppendUint16(b, uint16(bits))
}

// le16 is 16-bit samples, little endian.
func le16(samples ...int16) []byte {
	var b []byte
	for _, v := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}
