package audio

import (
	"fmt"
	"strings"
	"testing"
)

// sphere builds a SPHERE file of 1024 bytes of header and some data.
func sphere(data []byte, lines ...string) []byte {
	head := "NIST_1A\n   1024\n" + strings.Join(lines, "\n") + "\nend_head\n"
	return append([]byte(fmt.Sprintf("%-1024s", head)), data...)
}

func TestSPHERECodings(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		data        string
		want        [][]float32
		coding      string
	}{
		{"little endian", "sample_n_bytes -i 2|sample_byte_format -s2 01|sample_coding -s3 pcm", "\x01\x00\xff\x7f", [][]float32{{1. / 32768, 32767. / 32768}}, "pcm_s16le"},
		{"big endian", "sample_n_bytes -i 2|sample_byte_format -s2 10", "\x00\x01\x80\x00", [][]float32{{1. / 32768, -1}}, "pcm_s16be"},
		{"two channels", "channel_count -i 2|sample_n_bytes -i 2|sample_byte_format -s2 01", "\x01\x00\x02\x00\x03\x00\x04\x00",
			[][]float32{{1. / 32768, 3. / 32768}, {2. / 32768, 4. / 32768}}, "pcm_s16le"},
		{"mu-law", "sample_n_bytes -i 1|sample_coding -s4 ulaw|sample_byte_format -s1 1", "\x80\xff", [][]float32{{32124. / 32768, 0}}, "mulaw"},
		{"mu-law, spelt otherwise", "sample_n_bytes -i 1|sample_coding -s6 mu-law", "\x00\xff", [][]float32{{-32124. / 32768, 0}}, "mulaw"},
		{"one byte without a coding", "sample_n_bytes -i 1", "\x80\xff", [][]float32{{32124. / 32768, 0}}, "mulaw"},
		{"A-law", "sample_n_bytes -i 1|sample_coding -s4 alaw", "\xaa\xd5", [][]float32{{32256. / 32768, 8. / 32768}}, "alaw"},
		{"8 bits", "sample_n_bytes -i 1|sample_coding -s3 pcm", "\x80\x40", [][]float32{{-1, .5}}, "pcm_s8"},
		{"24 bits", "sample_n_bytes -i 3|sample_byte_format -s3 210", "\x40\x00\x00\xff\xff\xff", [][]float32{{.5, -1. / 8388608}}, "pcm_s24be"},
		{"32 bits, two digits", "sample_n_bytes -i 4|sample_byte_format -s2 01", "\x00\x00\x00\x40\x00\x00\x00\x80", [][]float32{{.5, -1}}, "pcm_s32le"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := append([]string{"; TIMIT has comments and strings with blanks", "utterance_id -s6 a b  c", "sample_count -i 2", "sample_rate -i 16000"}, strings.Split(c.lines, "|")...)
			a := mustDecode(t, sphere([]byte(c.data), lines...))
			equalSamples(t, a.Channels, c.want)
			if a.Info.Encoding != c.coding || a.Rate != 16000 || a.Info.Format != "sphere" {
				t.Errorf("info %+v", a.Info)
			}
			wantNote(t, a, "length", "")
		})
	}
}

func TestSPHEREIsWAV(t *testing.T) {
	s, err := Decode(sharedPath(t, "sphere/stereo.sph"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := Decode(sharedPath(t, "sphere/stereo.wav"))
	if err != nil {
		t.Fatal(err)
	}
	equalSamples(t, s.Channels, w.Channels)
	if s.Rate != 8000 || s.Samples() != 8000 || len(s.Channels) != 2 {
		t.Errorf("%d Hz, %d samples, %d channels", s.Rate, s.Samples(), len(s.Channels))
	}
}

func TestSPHERELength(t *testing.T) {
	common := []string{"sample_rate -i 8000", "sample_n_bytes -i 2", "sample_byte_format -s2 01"}
	a := mustDecode(t, sphere(le16(1, 2, 3), common...))
	wantNote(t, a, "length", "no sample_count")
	if a.Samples() != 3 {
		t.Errorf("%d samples", a.Samples())
	}
	a = mustDecode(t, sphere(le16(1, 2, 3), append(common, "sample_count -i 2")...))
	wantNote(t, a, "length", "2 bytes follow the 2 samples")
	if a.Samples() != 2 {
		t.Errorf("%d samples", a.Samples())
	}
}

func TestSPHEREErrors(t *testing.T) {
	data := le16(1, 2, 3, 4)
	with := func(lines string) []byte {
		return sphere(data, strings.Split("sample_n_bytes -i 2|sample_byte_format -s2 01|"+lines, "|")...)
	}
	good := with("sample_rate -i 16000|sample_count -i 4")
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"promise of 4 GB", with("sample_rate -i 16000|sample_count -i 2147483648"), "promises 2147483648 samples (4294967296 bytes), the file has 8 bytes"},
		{"truncated", good[:len(good)-1], "promises 4 samples (8 bytes), the file has 7"},
		{"truncated header", good[:900], "ends inside the SPHERE header of 1024 bytes"},
		{"truncated magic", good[:10], "ends inside the SPHERE header"},
		{"no rate", with("sample_count -i 4"), "no sample_rate"},
		{"rate 0", with("sample_rate -i 0"), "expected sample_rate from 1000 to 1000000"},
		{"rate no number", with("sample_rate -i many"), `found "many"`},
		{"no channels", with("sample_rate -i 16000|channel_count -i 0"), "expected channel_count from 1 to 1024"},
		{"negative count", with("sample_rate -i 16000|sample_count -i -1"), `found "-1"`},
		{"no sample size", sphere(data, "sample_rate -i 16000"), "no sample_n_bytes"},
		{"byte order", sphere(data, "sample_rate -i 16000", "sample_n_bytes -i 2"), "expected sample_byte_format 01 (little endian) or 10 (big endian)"},
		{"shorten", with("sample_rate -i 16000|sample_coding -s26 pcm,embedded-shorten-v2.00"), "sph2pipe"},
		{"wavpack", with("sample_rate -i 16000|sample_coding -s24 pcm,embedded-wavpack-1.0"), "w_decode"},
		{"a coding we do not know", with("sample_rate -i 16000|sample_coding -s5 adpcm"), `sample_coding "adpcm" cannot be read`},
		{"a line that is none", with("sample_rate is 16000"), "expected a SPHERE header line"},
		{"no end", []byte(strings.Replace(string(good), "end_head", "endhead!", 1)), "expected a SPHERE header line"},
		{"only blanks after the fields", []byte(strings.Replace(string(good), "end_head", "        ", 1)), "no end_head"},
		{"a header of 0 bytes", []byte(strings.Replace(string(good), "   1024", "      0", 1)), "expected the size of the SPHERE header"},
	} {
		t.Run(c.name, func(t *testing.T) { wantError(t, c.data, c.want, true) })
	}
}
