package audio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"testing"

	goaudio "github.com/go-audio/audio"
	"github.com/go-audio/wav"
)

// encodeWAV encodes interleaved integers with go-audio/wav.
func encodeWAV(t testing.TB, rate, bits, channels int, data []int) []byte {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "*.wav")
	if err != nil {
		t.Fatal(err)
	}
	e := wav.NewEncoder(f, rate, bits, channels, 1)
	err = e.Write(&goaudio.IntBuffer{Format: &goaudio.Format{NumChannels: channels, SampleRate: rate}, Data: data, SourceBitDepth: bits})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return readFile(t, f.Name())
}

func TestWAVOfGoAudio(t *testing.T) {
	for _, bits := range []int{8, 16, 24, 32} {
		for _, channels := range []int{1, 2, 3} {
			t.Run(fmt.Sprintf("%d bits, %d channels", bits, channels), func(t *testing.T) {
				want, interleaved := make([][]float32, channels), make([]int, 999*channels)
				for c := range want {
					x := speechLike(999, bits, uint64(c))
					want[c] = scaled(x, bits)
					for i, v := range x {
						interleaved[i*channels+c] = int(v)
						if bits == 8 {
							interleaved[i*channels+c] += 128
						}
					}
				}
				a := mustDecode(t, encodeWAV(t, 22050, bits, channels, interleaved))
				equalSamples(t, a.Channels, want)
				if a.Rate != 22050 || a.Info.Bits != bits || a.Info.Format != "wav" {
					t.Errorf("info %+v", a.Info)
				}
			})
		}
	}
}

func TestWAVCodings(t *testing.T) {
	extensible := func(tag, bits int) []byte {
		b := binary.LittleEndian.AppendUint16(format(0xfffe, 1, 16000, bits), 22)
		b = append(b, byte(bits), 0, 4, 0, 0, 0, byte(tag), 0)
		return append(b, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...)
	}
	floats := binary.LittleEndian.AppendUint32(nil, math.Float32bits(-.25))
	floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(1.5))
	doubles := binary.LittleEndian.AppendUint64(nil, math.Float64bits(.1))
	for _, c := range []struct {
		name   string
		format []byte
		data   []byte
		want   []float32
		coding string
	}{
		{"8 bits", format(1, 1, 16000, 8), []byte{0, 128, 255, 1}, []float32{-1, 0, 127. / 128, -127. / 128}, "pcm_u8"},
		{"8 bits, an odd number", format(1, 1, 16000, 8), []byte{0, 128, 255}, []float32{-1, 0, 127. / 128}, "pcm_u8"},
		{"12 bits in 2 bytes", format(1, 1, 16000, 12), le16(0x7ff0, -32768), []float32{2047. / 2048, -1}, "pcm_s16le"},
		{"24 bits", format(1, 1, 16000, 24), []byte{0xff, 0xff, 0x7f, 0, 0, 0x80}, []float32{8388607. / 8388608, -1}, "pcm_s24le"},
		{"32 bits", format(1, 1, 16000, 32), []byte{0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0x80}, []float32{16777215. / 16777216, -1}, "pcm_s32le"},
		{"float32", format(3, 1, 16000, 32), floats, []float32{-.25, 1.5}, "float32le"},
		{"float64", format(3, 1, 16000, 64), doubles, []float32{.1}, "float64le"},
		// The corners of ITU-T G.711's tables.
		{"A-law", format(6, 1, 16000, 8), []byte{0xd5, 0x55, 0xaa, 0x2a}, []float32{8. / 32768, -8. / 32768, 32256. / 32768, -32256. / 32768}, "alaw"},
		{"mu-law", format(7, 1, 16000, 8), []byte{0xff, 0x7f, 0x80, 0x00}, []float32{0, 0, 32124. / 32768, -32124. / 32768}, "mulaw"},
		{"extensible 16 bits", extensible(1, 16), le16(1, -2), []float32{1. / 32768, -2. / 32768}, "pcm_s16le"},
		{"extensible float32", extensible(3, 32), floats, []float32{-.25, 1.5}, "float32le"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := mustDecode(t, riff("fmt ", c.format, "data", c.data))
			equalSamples(t, a.Channels, [][]float32{c.want})
			if a.Info.Encoding != c.coding {
				t.Errorf("encoding %s, want %s", a.Info.Encoding, c.coding)
			}
		})
	}
}

// set returns a copy of b with a 32-bit number at an offset.
func set(b []byte, at int, v uint32) []byte {
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[at:], v)
	return b
}

func TestWAVStructure(t *testing.T) {
	samples, want := le16(1, 2, 3, 4), [][]float32{{1. / 32768, 2. / 32768, 3. / 32768, 4. / 32768}}
	plain := riff("fmt ", format(1, 1, 16000, 16), "data", samples)
	rf64 := riff("ds64", []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		"fmt ", format(1, 1, 16000, 16), "data", samples)
	copy(rf64, "RF64\xff\xff\xff\xff")
	odd := riff("axml", []byte("odd"), "fmt ", format(1, 1, 16000, 16), "data", samples)
	const pad = 12 + 8 + 3 // where its padding stands
	for _, c := range []struct {
		name string
		data []byte
		note string // part of what Check says of the length
	}{
		{"plain", plain, ""},
		{"chunks of odd size before the samples", riff("LIST", []byte("odd"), "fmt ", format(1, 1, 16000, 16), "bext", []byte("x"), "data", samples), ""},
		{"an odd chunk without padding", slices.Delete(slices.Clone(odd), pad, pad+1), ""},
		{"an odd chunk with another byte for padding", append(append(slices.Clone(odd[:pad]), 'Q'), odd[pad+1:]...), ""},
		{"a list whose text promises 4 GB", riff("LIST", []byte("INFOISFT\xfe\xff\xff\xffLavf"), "fmt ", format(1, 1, 16000, 16), "data", samples), ""},
		{"chunks after the samples", riff("fmt ", format(1, 1, 16000, 16), "data", samples, "LIST", []byte("more")), ""},
		{"length unknown, as a pipe writes it", set(set(plain, 4, 0xffffffff), 40, 0xffffffff), "does not tell the length"},
		{"length unknown, less the header", set(set(plain, 4, 0xffffffff), 40, 0xffffffff-36), "does not tell the length"},
		{"length unknown, rounded to 16 bytes", set(plain, 40, 0xfffffff0), "does not tell the length"},
		{"a pipe of sox", set(set(plain, 4, 0x7ffff024), 40, 0x7ffff000), "does not tell the length"},
		{"a pipe of sox in samples of 3 bytes", set(set(plain, 4, 0x7fffefff+36), 40, 0x7fffefff), "does not tell the length"},
		{"a pipe of arecord", set(set(plain, 4, 0x80000024), 40, 0x80000000), "does not tell the length"},
		{"a pipe of LAME", set(set(plain, 4, 0x80000023), 40, 0x7fffffff), "does not tell the length"},
		{"2 GB less the header", set(set(plain, 4, 0x7fffffff), 40, 0x7fffffff-36), "does not tell the length"},
		{"length 0 in the file's size too", set(set(plain, 4, 0), 40, 0), "does not tell the length"},
		{"length 0, as a recorder that died leaves it", set(set(plain, 4, 36), 40, 0), "does not tell the length"},
		{"size of the file wrong, of the samples right", set(plain, 4, 1), ""},
		{"RF64", set(rf64, len(rf64)-12, 0xffffffff), ""},
		{"RF64 in a pipe, length 0", set(set(rf64, 28, 0), len(rf64)-12, 0xffffffff), "does not tell the length"},
		{"RF64 in a pipe, length -1", set(set(set(rf64, 28, 0xffffffff), 32, 0xffffffff), len(rf64)-12, 0xffffffff), "does not tell the length"},
		{"half a sample at the end", append(set(plain, 40, 9), 7), "no whole sample"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := mustDecode(t, c.data)
			equalSamples(t, a.Channels, want)
			wantNote(t, a, "length", c.note)
		})
	}
	t.Run("empty", func(t *testing.T) {
		a := mustDecode(t, riff("fmt ", format(1, 1, 16000, 16), "data", []byte{}, "LIST", []byte("more")))
		if a.Samples() != 0 {
			t.Errorf("%d samples of a data chunk of size 0 in a file of the right size", a.Samples())
		}
	})
}

// wantNote expects exactly one finding of a kind with a text in it, or none if the text is empty.
func wantNote(t testing.TB, a *Audio, kind, want string) {
	t.Helper()
	var found []Finding
	for _, f := range Check(a) {
		if f.Kind == kind {
			found = append(found, f)
		}
	}
	if want == "" && len(found) == 0 {
		return
	}
	if want == "" || len(found) != 1 || !bytes.Contains([]byte(found[0].Msg), []byte(want)) {
		t.Errorf("findings of kind %s: %v; want one with %q", kind, found, want)
	}
}

func TestWAVErrors(t *testing.T) {
	f, samples := format(1, 1, 16000, 16), le16(1, 2, 3, 4)
	plain := riff("fmt ", f, "data", samples)
	adpcm := format(2, 1, 16000, 16)
	badAlign := format(1, 2, 16000, 16)
	badAlign[12] = 3
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"promise of 4 GB", set(plain, 40, 0xf0000000), "promises 4026531840 bytes of samples, the file has 8"},
		{"promise of RF64 of 8 GB", set(set(riff("ds64", make([]byte, 28), "fmt ", f, "data", samples), 32, 2), 76, 0xffffffff), "promises 8589934592 bytes of samples, the file has 8"},
		{"promise of 2 GB", set(plain, 40, 0x7fff0000), "promises 2147418112 bytes of samples, the file has 8"},
		{"truncated samples", plain[:len(plain)-3], "promises 8 bytes of samples, the file has 5"},
		{"truncated in the fmt chunk", plain[:30], "fmt chunk has 10 bytes"},
		{"truncated before the samples", plain[:36], "ends before a data chunk"},
		{"truncated after the name", plain[:12], "ends before a fmt chunk"},
		{"a chunk that promises too much", riff("LIST", []byte("abcd"), "fmt ", f, "data", samples)[:20], "promises 4 bytes"},
		{"no channels", riff("fmt ", format(1, 0, 16000, 16), "data", samples), "expected 1 to 1024 channels, found 0"},
		{"60000 channels", riff("fmt ", format(1, 60000, 16000, 16), "data", samples), "found 60000"},
		{"rate 0", riff("fmt ", format(1, 1, 0, 16), "data", samples), "sampling rate of 1000 to 1000000 Hz, found 0"},
		{"rate of 4 GHz", riff("fmt ", format(1, 1, 4_000_000_000, 16), "data", samples), "found 4000000000"},
		{"ADPCM", riff("fmt ", adpcm, "data", samples), "the samples are Microsoft ADPCM and cannot be read"},
		{"MP3", riff("fmt ", format(0x55, 1, 16000, 0), "data", samples), "the samples are MP3 and cannot be read; convert the file"},
		{"an unknown coding", riff("fmt ", format(0x1234, 1, 16000, 4), "data", samples), "the samples are of format 0x1234 with 4 bits and cannot be read"},
		{"0 bits", riff("fmt ", format(1, 1, 16000, 0), "data", samples), "with 0 bits and cannot be read"},
		{"block alignment", riff("fmt ", badAlign, "data", samples), "found a block alignment of 3"},
		{"samples before the format", riff("data", samples, "fmt ", f), "data chunk comes before a fmt chunk"},
		{"extensible without a sub-format", riff("fmt ", format(0xfffe, 1, 16000, 16), "data", samples), "extensible"},
	} {
		t.Run(c.name, func(t *testing.T) { wantError(t, c.data, c.want, true) })
	}
}

// TestWAVOpenEnded: in a file of more than 2 GB, a size that stands for the end is told from a true one by the file's own size.
func TestWAVOpenEnded(t *testing.T) {
	const size, more = 0x7ffff000, 1 << 20
	head := riff("fmt ", format(1, 1, 16000, 16), "data", []byte{})
	info := func(riffSize uint32) Info {
		t.Helper()
		b := set(set(head, 4, riffSize), 40, size)
		whole := int64(len(b)) + size + more
		i, err := source{io.NewSectionReader(zeros(b), 0, whole), whole, "x.wav"}.readInfo()
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	if i := info(size + 36); i.Samples != (size+more)/2 {
		t.Errorf("%d samples, want %d: a pipe of sox goes on to the end of the file", i.Samples, (size+more)/2)
	}
	if i := info(size + 36 + more); i.Samples != size/2 {
		t.Errorf("%d samples, want %d: the file's own size says that other chunks follow", i.Samples, size/2)
	}
}

// zeros is a file of some bytes and zeros without end.
type zeros []byte

func (z zeros) ReadAt(p []byte, at int64) (int, error) {
	clear(p)
	if at < int64(len(z)) {
		copy(p, z[at:])
	}
	return len(p), nil
}
