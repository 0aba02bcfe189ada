package corpus

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// soundCorpus is a folder corpus of one file.
func soundCorpus(t *testing.T, name, content string, s AudioSpec) *Corpus {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, name), content)
	return open(t, Spec{Layout: "folder", Root: root, Audio: s})
}

func TestAudioKinds(t *testing.T) {
	x := tone(1600, 16000)
	for name, content := range map[string]string{"a.wav": wav(16000, 1, x), "a.sph": sphere(16000, x), "b.WAV": sphere(16000, x), "a.flac": verbatimFLAC(x)} {
		c := soundCorpus(t, name, content, AudioSpec{})
		u := &c.Utterances[0]
		info, err := c.AudioInfo(u)
		if err != nil || info.Rate != 16000 || info.Channels != 1 || info.Samples != 1600 || info.Seconds() != .1 || info.SamplesAt(8000) != 800 {
			t.Errorf("%s: AudioInfo %+v %v", name, info, err)
		}
		a, err := c.Audio(u)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range x {
			if a.Samples[i] != float32(x[i])/32768 {
				t.Errorf("%s: sample %d is %v", name, i, a.Samples[i])
				break
			}
		}
	}
}

// verbatimFLAC is a FLAC file of one frame without compression, 16 kHz and 16 bits.
func verbatimFLAC(x []int16) string {
	be := binary.BigEndian
	b := []byte("fLaC\x80\x00\x00\x22") // STREAMINFO, last, 34 bytes
	b = be.AppendUint16(b, uint16(len(x)))
	b = be.AppendUint16(b, uint16(len(x)))
	b = append(b, 0, 0, 0, 0, 0, 0)
	b = be.AppendUint64(b, 16000<<44|0<<41|15<<36|uint64(len(x)))
	b = append(b, make([]byte, 16)...) // no MD5
	frame := []byte{0xff, 0xf8, 0x75, 0x08, 0}
	frame = be.AppendUint16(frame, uint16(len(x)-1))
	frame = append(frame, crc(8, 0x07, frame)...)
	frame = append(frame, 0x02) // verbatim subframe
	for _, v := range x {
		frame = be.AppendUint16(frame, uint16(v))
	}
	frame = append(frame, crc(16, 0x8005, frame)...)
	return string(append(b, frame...))
}

// crc is FLAC's checksum of 8 or 16 bits.
func crc(bits int, poly uint, data []byte) []byte {
	var c uint
	for _, d := range data {
		c ^= uint(d) << (bits - 8)
		for range 8 {
			c <<= 1
			if c>>bits&1 == 1 {
				c ^= poly
			}
		}
		c &= 1<<bits - 1
	}
	if bits == 8 {
		return []byte{byte(c)}
	}
	return []byte{byte(c >> 8), byte(c)}
}

func TestAudioRefused(t *testing.T) {
	stereo := make([]int16, 2*1600)
	for i := range stereo {
		stereo[i] = int16(100 + i%2*200) // 100 left, 300 right
	}
	for _, tt := range []struct {
		name, content string
		spec          AudioSpec
		want          string // in the error, "" if it must do
		first         float32
		n             int
	}{
		{"rate", wav(8000, 1, tone(800, 8000)), AudioSpec{}, "audio has 8000 Hz, expected 16000 Hz: set audio: {resample: true}", 0, 0},
		{"rate allowed", wav(8000, 1, tone(800, 8000)), AudioSpec{Resample: true}, "", 0, 1600},
		{"other rate asked", wav(8000, 1, tone(800, 8000)), AudioSpec{Rate: 8000}, "", 0, 800},
		{"channels", wav(16000, 2, stereo), AudioSpec{}, "audio has 2 channels, expected one: set audio: {channel: mix}", 0, 0},
		{"both", wav(8000, 2, stereo), AudioSpec{}, "{resample: true} to resample it; audio has 2 channels", 0, 0},
		{"mix", wav(16000, 2, stereo), AudioSpec{Channel: "mix"}, "", 200. / 32768, 1600},
		{"second", wav(16000, 2, stereo), AudioSpec{Channel: "2"}, "", 300. / 32768, 1600},
		{"third", wav(16000, 2, stereo), AudioSpec{Channel: "3"}, "3", 0, 0},
		{"no samples", wav(16000, 1, nil), AudioSpec{}, "sample", 0, 0},
		{"only zeros", wav(16000, 1, make([]int16, 100)), AudioSpec{}, "every sample is 0", 0, 0},
		{"truncated", wav(16000, 1, tone(1600, 16000))[:1000], AudioSpec{}, "truncated", 0, 0},
		{"text", "hello", AudioSpec{}, "expected FLAC, WAV or SPHERE", 0, 0},
		{"empty", "", AudioSpec{}, "empty", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := soundCorpus(t, "a.wav", tt.content, tt.spec)
			a, err := c.Audio(&c.Utterances[0])
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "a.wav") || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil || len(a.Samples) != tt.n {
				t.Fatalf("%v", err)
			}
			if tt.first != 0 && a.Samples[0] != tt.first {
				t.Errorf("first sample %v, want %v", a.Samples[0], tt.first)
			}
		})
	}
	for _, s := range []AudioSpec{{Channel: "left"}, {Channel: "0"}, {Rate: -1}, {Rate: 10}, {Resampler: "sox"}} {
		openError(t, Spec{Layout: "folder", Root: t.TempDir(), Audio: s}, "audio")
	}
}

func TestResample(t *testing.T) {
	if got := (AudioSpec{}).Filter(); got != "kaiser" {
		t.Errorf("the default is %q", got)
	}
	x := make([]float32, 8000)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * 100 * float64(i) / 8000))
	}
	for name, tolerance := range map[string]float64{"": 1e-6, "kaiser": 1e-6, "torchaudio": 1e-3} {
		y := AudioSpec{Resampler: name}.At(&Audio{Rate: 8000, Samples: x}, 16000)
		if y.Rate != 16000 || len(y.Samples) != 16000 {
			t.Fatalf("%q: %d samples of %d Hz", name, len(y.Samples), y.Rate)
		}
		for i := 2000; i < 14000; i += 7 {
			if want := math.Sin(2 * math.Pi * 100 * float64(i) / 16000); math.Abs(float64(y.Samples[i])-want) > tolerance {
				t.Fatalf("%q: sample %d is %v, want %v", name, i, y.Samples[i], want)
			}
		}
	}
}
