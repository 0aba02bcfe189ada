package audio

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSniff(t *testing.T) {
	for head, want := range map[string]string{
		"fLaC\x00\x00\x00\x22":       "flac",
		"RIFF\x00\x00\x00\x00WAVE":   "wav",
		"RIFF\x00\x00\x00\x00AVI ":   "",
		"NIST_1A\n   1024\n":         "sphere",
		"\xff\xfb\x90\x00":           "MP3",
		"OggS\x00\x02":               "Ogg",
		"\x00\x00\x00\x20ftypM4A ":   "MPEG-4",
		"FORM\x00\x00\x00\x00AIFF":   "AIFF",
		"ajkg\x02":                   "shorten",
		"0 46797 She had your dark":  "",
		"\xff\xe3\x18\xc4":           "MP3",
		"\xff\xfd\x90\x00":           "MP2",
		"wvpk\x00\x00":               "WavPack",
		"BZh91AY":                    "a compressed archive",
		"\xff\xf1\x50\x80":           "AAC",
		"caff\x00\x01\x00\x00desc":   "CAF",
		"riff\x2e\x91\xcf\x11":       "Wave64 (W64)",
		"\x1aE\xdf\xa3":              "WebM",
		"\x00\x05\x16\x07\x00\x02":   "AppleDouble",
		"\r\n <!DOCTYPE html><html>": "an HTML or XML page",
		"<?xml version=\"1.0\"?>":    "an HTML or XML page",
		"version https://git-lfs.github.com/spec/v1\noid sha256:": "a Git LFS pointer",
	} {
		if got := sniff([]byte(head)); got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%q is %q, want %q", head, got, want)
		}
	}
	wantError(t, []byte("OggS and so on"), "found Ogg (Vorbis or Opus); convert it", true)
	wantError(t, []byte("0 46797 She had"), `found a file that begins with "0 46797 She `, true)
	wantError(t, nil, "the file is empty", true)
	wantError(t, []byte("R"), "begins with \"R\"", true)
}

func TestMono(t *testing.T) {
	one := &Audio{Channels: [][]float32{{1, 2}}}
	two := &Audio{Channels: [][]float32{{1, 2}, {0, -4}}}
	for _, c := range []struct {
		a       *Audio
		channel string
		want    []float32
		err     string
	}{
		{one, "", []float32{1, 2}, ""},
		{one, "mix", []float32{1, 2}, ""},
		{one, "2", nil, "channel 2 is asked for, the first being 1, and the audio has 1"},
		{two, "", nil, "expected one channel, found 2; choose one (1 to 2), or mix"},
		{two, "mix", []float32{.5, -1}, ""},
		{two, "1", []float32{1, 2}, ""},
		{two, "2", []float32{0, -4}, ""},
		{two, "0", nil, `channel "0": expected mix or a number from 1`},
		{two, "left", nil, `channel "left": expected mix or a number from 1`},
		{&Audio{}, "mix", nil, "no channel of sound"},
	} {
		got, err := c.a.Mono(c.channel)
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("channel %q of %d: error %v, want %s", c.channel, len(c.a.Channels), err, c.err)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		equalSamples(t, [][]float32{got}, [][]float32{c.want})
	}
}

// TestFiles opens what may lie in a corpus folder.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	data := riff("fmt ", format(1, 1, 16000, 16), "data", le16(1, 2, 3))
	must(os.WriteFile(path("Zoë's 1st\n\ttake.WAV"), data, 0o600))
	must(os.WriteFile(path("broken\nname.wav"), data[:20], 0o600))
	must(os.Symlink(path("Zoë's 1st\n\ttake.WAV"), path("link.wav")))
	must(os.Symlink(path("loop.wav"), path("loop.wav")))
	must(os.Mkdir(path("folder.wav"), 0o700))
	must(syscall.Mkfifo(path("pipe.wav"), 0o600))

	for _, name := range []string{"Zoë's 1st\n\ttake.WAV", "link.wav"} {
		a, err := Decode(path(name))
		must(err)
		if i, err := ReadInfo(path(name)); err != nil || i != a.Info || a.Samples() != 3 {
			t.Errorf("%q: %+v, %v, %d samples", name, i, err, a.Samples())
		}
		a, err = DecodeRange(path(name), 1./16000, 2./16000)
		must(err)
		equalSamples(t, a.Channels, [][]float32{{2. / 32768}})
	}
	for name, want := range map[string]string{
		"none.wav":         "no such file or directory",
		"loop.wav":         "too many levels of symbolic links",
		"folder.wav":       "expected a sound file, found a folder",
		"pipe.wav":         "expected a sound file, found a special file",
		"broken\nname.wav": "broken\\nname.wav",
	} {
		for _, read := range []func(string) error{
			func(p string) error { _, err := Decode(p); return err },
			func(p string) error { _, err := ReadInfo(p); return err },
		} {
			err := read(path(name))
			var e *Error
			if !errors.As(err, &e) || e.File != path(name) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: error %v; want one line of *Error with %q", name, err, want)
			}
		}
	}
	if _, err := Decode(path("none.wav")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}
