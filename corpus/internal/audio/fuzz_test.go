package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mewkiz/flac/frame"
)

// checkFuzzed decodes arbitrary bytes: either one line of *Error, or channels of one length that a header-only look agrees with.
func checkFuzzed(t *testing.T, data []byte) *Audio {
	t.Helper()
	info, infoErr := memory("x", data).readInfo()
	a, err := memory("x", data).decode(0, 0)
	for _, err := range []error{err, infoErr} {
		var e *Error
		if err != nil && (!errors.As(err, &e) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "panicked")) {
			t.Fatalf("error %q", err)
		}
	}
	if err != nil {
		return nil
	}
	if infoErr != nil {
		t.Fatalf("decodes, but ReadInfo says %v", infoErr)
	}
	if len(a.Channels) != info.Channels || info.Samples >= 0 && int64(a.Samples()) != info.Samples {
		t.Fatalf("%d channels of %d samples; ReadInfo says %+v", len(a.Channels), a.Samples(), info)
	}
	for _, x := range a.Channels {
		if len(x) != a.Samples() {
			t.Fatal("channels of different lengths")
		}
	}
	Check(a)
	if n := a.Samples(); n > 1 {
		end := float64(n) / float64(a.Rate)
		part, err := memory("x", data).decode(end/2, end)
		if err != nil {
			t.Fatalf("decodes, but half of it does not: %v", err)
		}
		if got, want := part.Samples(), n-int(sampleAt(end/2, a.Rate)); got != want {
			t.Fatalf("half of it has %d samples, want %d", got, want)
		}
	}
	return a
}

// checkBounded is for formats without compression: memory follows the size of the file.
func checkBounded(t *testing.T, a *Audio, data []byte) {
	t.Helper()
	if a != nil && 4*a.Samples()*len(a.Channels) > 4*len(data) {
		t.Fatalf("%d samples of %d channels from %d bytes", a.Samples(), len(a.Channels), len(data))
	}
}

func FuzzWAV(f *testing.F) {
	samples := le16(1, -2, 3, 32767, -32768, 6, 7, 8)
	for _, v := range [][3]int{{1, 8, 1}, {1, 16, 2}, {1, 24, 1}, {1, 32, 1}, {3, 32, 1}, {3, 64, 2}, {6, 8, 1}, {7, 8, 2}, {0xfffe, 16, 1}, {2, 4, 1}} {
		plain := riff("LIST", []byte("odd"), "fmt ", format(v[0], v[2], 16000, v[1]), "data", samples, "id3 ", []byte("x"))
		f.Add(plain)
		f.Add(set(plain, 4, 0xffffffff))
		f.Add(set(plain, 52, 0xffffffff))
		f.Add(plain[:len(plain)-13])
	}
	f.Add([]byte("RF64\xff\xff\xff\xffWAVEds64\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.Clone(data)
		copy(data, "RIFF")
		if len(data) >= 12 {
			copy(data[8:], "WAVE")
		}
		checkBounded(t, checkFuzzed(t, data), data)
	})
}

func FuzzSPHERE(f *testing.F) {
	for _, lines := range []string{
		"sample_count -i 4|sample_n_bytes -i 2|channel_count -i 1|sample_byte_format -s2 01|sample_rate -i 16000|sample_coding -s3 pcm",
		"sample_count -i 2|sample_n_bytes -i 2|channel_count -i 2|sample_byte_format -s2 10|sample_rate -i 8000",
		"sample_n_bytes -i 1|channel_count -i 1|sample_rate -i 8000|sample_coding -s4 ulaw",
		"sample_n_bytes -i 1|sample_rate -i 8000|sample_coding -s4 alaw|; comment|utterance_id -s5 a b c",
		"sample_count -i 4294967296|sample_n_bytes -i 4|sample_byte_format -s4 0123|sample_rate -i 16000|sample_coding -s26 pcm,embedded-shorten-v2.00",
	} {
		f.Add(sphere(le16(1, 2, 3, 4), strings.Split(lines, "|")...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.Clone(data)
		copy(data, "NIST_1A")
		checkBounded(t, checkFuzzed(t, data), data)
	})
}

// addFLAC adds the small files of libFLAC as seeds.
func addFLAC(f *testing.F, add func(data []byte)) {
	files, _ := filepath.Glob("testdata/flac/*.flac")
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		add(data)
	}
}

// FuzzFLAC decodes whole files.
func FuzzFLAC(f *testing.F) {
	addFLAC(f, func(data []byte) {
		f.Add(data)
		f.Add(withoutLength(data))
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.Clone(data)
		copy(data, "fLaC")
		checkFuzzed(t, data)
	})
}

// FuzzFLACFrame puts arbitrary bytes behind a good header and gives them a good checksum, which FuzzFLAC would hardly
// ever guess, so that everything inside a frame is reached.
func FuzzFLACFrame(f *testing.F) {
	addFLAC(f, func(data []byte) {
		file, err := newFLAC(memory("x", data))
		if err != nil {
			return // 32 bits
		}
		r := bytes.NewReader(data[file.first:])
		first, err := file.header(r)
		if err != nil {
			f.Fatal(err)
		}
		payload := data[len(data)-r.Len():]
		f.Add(payload, uint8(first.Channels), first.BitsPerSample, first.BlockSize)
		f.Add(payload, uint8(frame.ChannelsMidSide), uint8(16), uint16(16))
	})
	widths := map[uint8]byte{8: 1, 12: 2, 16: 4, 20: 5, 24: 6}
	f.Fuzz(func(t *testing.T, payload []byte, assignment, bits uint8, block uint16) {
		if widths[bits] == 0 || assignment > uint8(frame.ChannelsMidSide) || block == 0 {
			return
		}
		b := []byte{0xff, 0xf8, 0x75, assignment<<4 | widths[bits]<<1, 0}
		b = binary.BigEndian.AppendUint16(b, block-1)
		b = append(b, crc8(b))

		// Find where the frame ends, so that the checksum can be put there: the library reads two bytes more than it decodes.
		r := bytes.NewReader(slices.Concat(b, payload, []byte{0, 0}))
		if fr, err := frame.New(r); err == nil {
			fr.Parse()
		}
		n := max(len(b), int(r.Size())-r.Len()-2)
		b = append(b, payload[:n-len(b)]...)
		b = binary.BigEndian.AppendUint16(b, crc16(b))

		file := append([]byte("fLaC\x80\x00\x00\x22\x00\x10\xff\xff\x00\x00\x00\x00\x00\x00"), make([]byte, 24)...)
		channels := frame.Channels(assignment).Count()
		binary.BigEndian.PutUint64(file[18:], 16000<<44|uint64(channels-1)<<41|uint64(bits-1)<<36|uint64(block))
		checkFuzzed(t, append(file, b...))
	})
}

// crc8 is the checksum of a frame's header, of the polynomial x^8+x^2+x+1.
func crc8(b []byte) (c uint8) {
	for _, v := range b {
		c ^= v
		for range 8 {
			c = c<<1 ^ c>>7*0x07
		}
	}
	return c
}

// crc16 is the checksum of a frame, of the polynomial x^16+x^15+x^2+1.
func crc16(b []byte) (c uint16) {
	for _, v := range b {
		c ^= uint16(v) << 8
		for range 8 {
			c = c<<1 ^ c>>15*0x8005
		}
	}
	return c
}

// FuzzResample holds any pair of rates to the promised length, and to finite results.
func FuzzResample(f *testing.F) {
	f.Add([]byte("some samples"), uint32(16000), uint32(24000))
	f.Add([]byte{1}, uint32(44100), uint32(16000))
	f.Fuzz(func(t *testing.T, data []byte, from, to uint32) {
		x := make([]float32, len(data))
		for i, v := range data {
			x[i] = float32(int8(v)) / 128
		}
		a, b := minRate+int(from%47000), minRate+int(to%47000)
		y := Resample(x, a, b, Resamplers[(from^to)>>16%2])
		if want := (int64(len(x))*int64(b) + int64(a) - 1) / int64(a); int64(len(y)) != want {
			t.Fatalf("%d samples, want %d", len(y), want)
		}
		for _, v := range y {
			if !(v > -4 && v < 4) {
				t.Fatalf("a sample of %v", v)
			}
		}
	})
}
