package features

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"speechsim/corpus"
	"speechsim/pipeline/progress"
)

// array is a float32 array as numpy.save writes it.
func array(values []float32, shape ...int) string {
	var dims string
	for _, d := range shape {
		dims += fmt.Sprintf("%d, ", d)
	}
	dict := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }\n", dims)
	b := []byte("\x93NUMPY\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	b = append(b, dict...)
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return string(b)
}

// ramp is an array that counts from a number.
func ramp(from float32, shape ...int) string {
	n := 1
	for _, d := range shape {
		n *= d
	}
	x := make([]float32, n)
	for i := range x {
		x[i] = from + float32(i)
	}
	return array(x, shape...)
}

// npz is an archive as numpy.savez writes it, of arrays by name.
func npz(t *testing.T, members map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range members {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// speech is a corpus of half a second an utterance.
func speech(ids ...string) (*corpus.Corpus, []int) {
	c := &corpus.Corpus{}
	c.Spec.Audio.Rate = 16000
	var lengths []int
	for _, id := range ids {
		c.Utterances = append(c.Utterances, corpus.Utterance{ID: id, AudioPath: "/data/audio/" + strings.ReplaceAll(id, "_", "/") + ".wav"})
		lengths = append(lengths, 8000)
	}
	return c, lengths
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, path string, ids ...string) (*Set, error) {
	t.Helper()
	c, lengths := speech(ids...)
	s, err := Open(context.Background(), c, lengths, Options{Path: path, Hop: .01, Workers: 2, Progress: progress.Quiet{}})
	if err == nil {
		t.Cleanup(s.Close)
	}
	return s, err
}

const kaldiText = "1_a  [\n%s ]\n1_b  [\n%s ]\n"

// TestEveryForm: the features of utterances 1_a and 1_b, of 50 frames and 2 units, in every form that is read.
func TestEveryForm(t *testing.T) {
	rows := func(from int) string {
		var b strings.Builder
		for i := range 50 {
			fmt.Fprintf(&b, "  %d %d \n", from+2*i, from+2*i+1)
		}
		return strings.TrimSuffix(b.String(), " \n")
	}
	ark := fmt.Sprintf(kaldiText, rows(0), rows(1000))
	a, b := ramp(0, 50, 2), ramp(1000, 50, 2)
	for name, test := range map[string]struct {
		files map[string]string
		path  string
	}{
		"flat":                   {map[string]string{"1_a.npy": a, "1_b.npy": b}, ""},
		"folders":                {map[string]string{"x/1/1_a.npy": a, "x/1/1_b.npy": b}, ""},
		"folders of the audio":   {map[string]string{"audio/1/a.npy": a, "audio/1/b.npy": b}, ""},
		"the audio's names":      {map[string]string{"a.npy": a, "b.npy": b}, ""},
		"an archive each":        {map[string]string{"1_a.npz": npz(t, map[string]string{"arr_0": a}), "1_b.npz": npz(t, map[string]string{"arr_0": b})}, ""},
		"an archive":             {map[string]string{"all.npz": npz(t, map[string]string{"1_a": a, "1_b": b})}, "all.npz"},
		"an archive in a folder": {map[string]string{"all.npz": npz(t, map[string]string{"1_a": a, "1_b": b})}, ""},
		"of three dimensions":    {map[string]string{"1_a.npy": ramp(0, 1, 50, 2), "1_b.npy": ramp(1000, 1, 50, 2)}, ""},
		"ark":                    {map[string]string{"raw.ark": ark}, "raw.ark"},
		"ark in a folder":        {map[string]string{"raw.ark": ark, "feats.scp": "of another machine"}, ""},
		"scp":                    {map[string]string{"mfcc/raw.ark": ark, "feats.scp": "1_a mfcc/raw.ark:3\n" + fmt.Sprintf("1_b mfcc/raw.ark:%d\n", strings.Index(ark, "1_b")+3)}, "feats.scp"},
		"hidden files":           {map[string]string{"1_a.npy": a, "1_b.npy": b, "._1_a.npy": "macOS", ".x/1_a.npy": a}, ""},
	} {
		s, err := open(t, filepath.Join(write(t, test.files), test.path), "1_a", "1_b")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for id, from := range map[string]float32{"1_a": 0, "1_b": 1000} {
			x, err := s.Read(id)
			if err != nil || len(x) != 1 || !slices.Equal(x[0].Shape, []int{50, 2}) || s.Frames(id) != 50 || x[0].Data[0] != from || x[0].Data[99] != from+99 {
				t.Errorf("%s: %s: %v %v", name, id, x, err)
			}
		}
		if layers := s.Layers(); len(layers) != 1 || layers[0].Name != "features" || layers[0].Units != 2 {
			t.Errorf("%s: layers %v", name, layers)
		}
		if len(s.Notes) > 0 {
			t.Errorf("%s: %v", name, s.Notes)
		}
	}
}

// TestLayers: a stack of matrices has a layer for each.
func TestLayers(t *testing.T) {
	s, err := open(t, write(t, map[string]string{"1_a.npy": ramp(0, 3, 50, 2), "b.npz": npz(t, map[string]string{"x": ramp(7, 3, 50, 2)})}), "1_a", "b")
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.Read("b")
	if err != nil || len(x) != 3 || len(s.Layers()) != 3 || s.Layers()[2].Name != "2" || x[2].Data[0] != 207 || s.Frames("b") != 50 {
		t.Errorf("%v %v", s.Layers(), err)
	}
	c, lengths := speech("1_a", "b")
	o := s.Options
	o.Choice = []string{"2", "0"}
	chosen, err := Open(context.Background(), c, lengths, o)
	if err != nil {
		t.Fatal(err)
	}
	defer chosen.Close()
	if x, err = chosen.Read("b"); err != nil || len(x) != 2 || chosen.Layers()[1].Name != "2" || x[0].Data[0] != 7 || x[1].Data[0] != 207 {
		t.Errorf("%v %v", chosen.Layers(), err)
	}
}

// TestNames: an ID with folders, and what is odd about names and harmless.
func TestNames(t *testing.T) {
	x := ramp(0, 50, 2)
	for _, files := range []map[string]string{{"anna/1.npy": x, "bert/1.npy": x}, {"v1/anna/1.npy": x, "v1/bert/1.npy": x}} {
		s, err := open(t, write(t, files), "anna/1", "bert/1")
		if err != nil || len(s.of) != 2 || s.of["anna/1"] == s.of["bert/1"] {
			t.Errorf("%v: %v", files, err)
		}
	}
	s, err := open(t, write(t, map[string]string{"e\u0301.npy": x, "\u00e9t\u00e9.npy": x, "old/9.npy": x}), "\u00e9", "e\u0301te\u0301")
	if err != nil || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "1 of 3 matrices belong to no utterance") || !strings.Contains(s.Notes[0], "old/9.npy") {
		t.Errorf("%v: %v", s, err)
	}
}

// TestRefusals: all that is wrong is said at once, with how many and the first.
func TestRefusals(t *testing.T) {
	good := ramp(0, 50, 2)
	nan := array(append(make([]float32, 41), append([]float32{float32(math.NaN())}, make([]float32, 58)...)...), 50, 2)
	integers := strings.Replace(good, "<f4", "<i4", 1)
	for _, test := range []struct {
		files map[string]string
		path  string
		want  []string
	}{
		{nil, "none", []string{"the features in ", "no such file or directory"}},
		{nil, "", []string{"the folder holds no .npy, .npz or .ark file"}},
		{map[string]string{"1_a.pt": "x"}, "", []string{"holds no .npy, .npz or .ark file; there is 1_a.pt. Save each utterance with numpy.save"}},
		{map[string]string{"1_a.npy": good}, "1_a.npy", []string{"is one matrix; a folder with one for each utterance is needed"}},
		{map[string]string{"1_a.csv": "x"}, "1_a.csv", []string{"is neither a folder nor an .npz, .scp or .ark file"}},
		{map[string]string{"feats.scp": "1_a raw.ark:3\n"}, "", []string{"no archives but files that point at some; name one of them"}},
		{map[string]string{"1_a.npy": good, "c.npy": good}, "", []string{`1 of 2 utterances have no features, the first is 1_b (wanted: a matrix of that name, in a file of its own "1_b.npy"); 1 of 2 matrices belong to no utterance`, "c.npy"}},
		{map[string]string{"1_a.npy": good, "x/1_a.npy": good, "1_b.npy": good}, "", []string{"it is not clear which features 1 utterance has: 1_a could have ", "1_a.npy or ", "x/1_a.npy"}},
		{map[string]string{"1_a.npy": good, "1_a.npz": "", "1_b.npy": good}, "", []string{"1_a.npz: the archive can't be read"}},
		{map[string]string{"1_a.npy": good, "1_b.npy": nan}, "", []string{"the features of 1 of 2 utterances can't be used; the first: ", "1_b.npy: the value at row 20, column 1 (counted from 0) is NaN"}},
		{map[string]string{"1_a.npy": good, "1_b.npy": array(make([]float32, 50), 50)}, "", []string{"the features of 1 of 2 utterances can't be read; the first: ", "1_b.npy: the array has shape [50]; [frames, units] or [layers, frames, units] is needed"}},
		{map[string]string{"1_a.npy": integers, "1_b.npy": good}, "", []string{"1_a.npy: the elements are integers"}},
		{map[string]string{"1_a.npy": good, "1_b.npy": array(nil, 0, 2)}, "", []string{"1_b.npy: the array is empty"}},
		{map[string]string{"1_a.npy": good, "1_b.npy": ramp(0, 50, 3)}, "", []string{"1 of 2 utterances have other units or layers than the others (", " units)"}},
		{map[string]string{"1_a.npy": good, "1_b.npy": ramp(0, 2, 50, 2)}, "", []string{"1 of 2 utterances have other units or layers than the others"}},
		{map[string]string{"1_a.npy": good, "1_b.npy": ramp(0, 100, 2)}, "", []string{"the frames of 1 of 2 utterances end more than 0.1 s before or after the audio: ", "1_b.npy has 100 frames, the last at 0.990 s, for 0.500 s of audio, which a hop of 0.005 s would fit; are hop (0.01 s) and offset (0 s) right?"}},
		{map[string]string{"1_a.npy": good, "1_b.npy": ramp(0, 25, 2)}, "", []string{"1_b.npy has 25 frames, the last at 0.240 s"}},
		{map[string]string{"raw.ark": "1_a [\n 1 2\n nan 3 ]\n1_b [\n 1 2 ]\n"}, "raw.ark", []string{`raw.ark: utterance "1_a": the value at row 1, column 0 (counted from 0) is NaN`}},
		{map[string]string{"1_a.npy": ramp(0, 90, 2), "1_b.npy": nan}, "", []string{": 2 things are wrong:\n  the frames of 1 of 2 utterances", "\n  the features of 1 of 2 utterances can't be used"}},
	} {
		_, err := open(t, filepath.Join(write(t, test.files), test.path), "1_a", "1_b")
		var fault *Error
		if !errors.As(err, &fault) {
			t.Errorf("%v: %v", test.want, err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q lacks %q", err, want)
			}
		}
	}
	// The end of its audio's path does not tell one utterance from another.
	_, err := open(t, write(t, map[string]string{"1.npy": good}), "anna/1", "bert/1")
	if err == nil || !strings.Contains(err.Error(), "1.npy could be of anna/1 or of bert/1; name them after the whole ID") {
		t.Errorf("%v", err)
	}
}

// TestUnusableUtterances need no features.
func TestUnusableUtterances(t *testing.T) {
	c, lengths := speech("1_a", "1_b")
	lengths[1] = -1
	s, err := Open(context.Background(), c, lengths, Options{Path: write(t, map[string]string{"1_a.npy": ramp(0, 50, 2)}), Hop: .01, Workers: 1, Progress: progress.Quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

// TestEarlyEnd: frames that end a little early are used, and it is said.
func TestEarlyEnd(t *testing.T) {
	s, err := open(t, write(t, map[string]string{"1_a.npy": ramp(0, 43, 2), "1_b.npy": ramp(0, 50, 2)}), "1_a", "1_b")
	if err != nil || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "up to 0.070 s lack some, in 1_a") {
		t.Errorf("%v %v", s, err)
	}
}

// TestDigest: another number, another owner or another form of the files is another digest.
func TestDigest(t *testing.T) {
	seen := map[string]string{}
	digest := func(file string) (string, error) {
		data, err := os.ReadFile(file)
		return fmt.Sprintf("%x", data), err
	}
	a, b := ramp(0, 50, 2), ramp(1, 50, 2)
	for name, files := range map[string]map[string]string{"as they are": {"1_a.npy": a, "1_b.npy": b}, "swapped": {"1_a.npy": b, "1_b.npy": a}, "changed": {"1_a.npy": a, "1_b.npy": ramp(2, 50, 2)},
		"an archive": {"x.npz": npz(t, map[string]string{"1_a": a, "1_b": b})}} {
		s, err := open(t, write(t, files), "1_a", "1_b")
		if err != nil {
			t.Fatal(err)
		}
		c, _ := speech("1_a", "1_b")
		sum, err := s.Digest(c, digest)
		if other, ok := seen[sum]; ok || err != nil {
			t.Errorf("%s: the digest of %q: %v", name, other, err)
		}
		seen[sum] = name
	}
}

// TestDigestOfScript: the same archive, of which the .scp file gives other places, is another digest.
func TestDigestOfScript(t *testing.T) {
	ark := fmt.Sprintf(kaldiText, strings.Repeat(" 0 1 \n", 50), strings.Repeat(" 2 3 \n", 50))
	second := strings.Index(ark, "1_b") + 3
	digest := func(from, to int) string {
		dir := write(t, map[string]string{"raw.ark": ark, "feats.scp": fmt.Sprintf("1_a raw.ark:%d\n1_b raw.ark:%d\n", from, to)})
		s, err := open(t, filepath.Join(dir, "feats.scp"), "1_a", "1_b")
		if err != nil {
			t.Fatal(err)
		}
		c, _ := speech("1_a", "1_b")
		sum, err := s.Digest(c, func(string) (string, error) { return "the archive", nil })
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	if digest(3, second) == digest(second, 3) {
		t.Error("swapped places give the same digest")
	}
}

// TestFiles lists what the stamp of a run watches.
func TestFiles(t *testing.T) {
	dir := write(t, map[string]string{"x/1.npy": "", "2.npz": "", "notes.txt": "", "feats.scp": "a x/raw.ark:3\nb x/raw.ark:90\n", "x/raw.ark": ""})
	if err := os.Symlink(dir, filepath.Join(dir, "x", "loop")); err != nil {
		t.Fatal(err)
	}
	got, err := Files(dir)
	if want := []string{"2.npz", "feats.scp", "x/1.npy", "x/raw.ark"}; err != nil || len(got) != len(want) {
		t.Errorf("%v %v", got, err)
	}
	got, err = Files(filepath.Join(dir, "feats.scp"))
	if err != nil || len(got) != 2 || filepath.Base(got[1]) != "raw.ark" {
		t.Errorf("%v %v", got, err)
	}
}
