package kaldi

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// matrix is what Kaldi reads of one utterance, by testdata/make.py.
type matrix struct {
	rows, cols int
	values     []float32
}

func kaldiReads(t *testing.T, name string) map[string]matrix {
	t.Helper()
	data, err := os.ReadFile("testdata/read.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]matrix{}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if fields[0] != name {
			continue
		}
		var m matrix
		for i, field := range fields[2:] {
			v, err := strconv.ParseFloat(field, 32)
			switch {
			case err != nil:
				t.Fatal(err)
			case i == 0:
				m.rows = int(v)
			case i == 1:
				m.cols = int(v)
			default:
				m.values = append(m.values, float32(v))
			}
		}
		out[fields[1]] = m
	}
	return out
}

// TestEveryFormIsRead holds every form of archive to what Kaldi's own code reads of it.
func TestEveryFormIsRead(t *testing.T) {
	for name, want := range map[string]string{"text.ark": "plain", "text.scp": "plain", "binary.ark": "plain", "binary.scp": "plain", "double.ark": "plain", "double.scp": "plain",
		"compressed1.ark": "compressed1", "compressed2.ark": "compressed2", "compressed3.ark": "compressed3"} {
		read, within := Archive, 1e-6
		if strings.HasSuffix(name, ".scp") {
			read = Script
		}
		entries, err := read("testdata/" + name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		known := kaldiReads(t, want)
		if len(entries) != 3 || len(known) != 3 {
			t.Errorf("%s: %d matrices, want %d", name, len(entries), len(known))
		}
		for _, e := range entries {
			x, err := e.Read()
			m := known[e.Key]
			if err != nil || e.Rows != m.rows || e.Cols != m.cols {
				t.Errorf("%s: %s: [%d, %d], want [%d, %d]: %v", name, e.Key, e.Rows, e.Cols, m.rows, m.cols, err)
				continue
			}
			for i, v := range x {
				if math.Abs(float64(v-m.values[i])) > within*(1+math.Abs(float64(m.values[i]))) {
					t.Errorf("%s: %s: number %d is %v, want %v", name, e.Key, i, v, m.values[i])
				}
			}
		}
	}
}

// TestScriptAboveItsArchives: paths are relative to the recipe, of which the script is somewhere below.
func TestScriptAboveItsArchives(t *testing.T) {
	dir := t.TempDir()
	archive, err := os.ReadFile("testdata/binary.ark")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"mfcc/raw.ark": string(archive), "data/train/feats.scp": "anna_1 mfcc/raw.ark:7\n"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := Script(filepath.Join(dir, "data/train/feats.scp"))
	if err != nil || len(entries) != 1 || entries[0].Rows != 5 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	binary, err := os.ReadFile("testdata/binary.ark")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"empty.ark":   "",
		"audio.ark":   "RIFF\x24\x00\x00\x00WAVEfmt ",
		"cut.ark":     string(binary[:30]),
		"twice.ark":   "a  [\n 1 2 ]\na  [\n 1 2 ]\n",
		"ragged.ark":  "a  [\n  1 2 \n  3 ]\n",
		"word.ark":    "a  [\n  1 x ]\n",
		"open.ark":    "a  [\n  1 2 \n",
		"nothing.ark": "a  [ ]\n",
		"sparse.ark":  "a \x00BSM \x04\x01\x00\x00\x00",
		"large.ark":   "a \x00BFM \x04\xff\xff\xff\x7f\x04\xff\xff\xff\x7f",
		"pipe.scp":    "a gunzip -c x.gz |\n",
		"range.scp":   "a x.ark:5[0:10]\n",
		"place.scp":   "a\n",
		"past.scp":    "a cut.ark:500\n",
		"nowhere.scp": "a none.ark:5\n",
		"twice.scp":   "a good.ark:2\na good.ark:2\n",
		"good.ark":    "a [\n 1 2 ]\n",
		"empty.scp":   "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ file, want string }{
		{"none.ark", "none.ark: no such file or directory"},
		{"empty.ark", "empty.ark: the archive is empty"},
		{"audio.ark", "this is no archive of Kaldi"},
		{"cut.ark", `utterance "anna_1": the archive is cut off: 8 bytes are left for a matrix of [5, 3]`},
		{"twice.ark", `utterance "a": the utterance is there twice`},
		{"ragged.ark", "row 1 (counted from 0) has 1 numbers and those before it have 2"},
		{"word.ark", `row 0 (counted from 0): "x" is not a number`},
		{"open.ark", "the archive is cut off"},
		{"nothing.ark", "the matrix is empty"},
		{"sparse.ark", "it holds a sparse matrix; a matrix is needed, [frames, units]"},
		{"large.ark", "the archive is cut off"},
		{"testdata/vector.ark", "it holds a vector of floats"},
		{"testdata/alignment.ark", "it holds integers, such as an alignment"},
		{"pipe.scp", `pipe.scp:1: "gunzip -c x.gz |" is a command, which is not run`},
		{"range.scp", "names a range of rows"},
		{"place.scp", "utterance a has no place"},
		{"past.scp", "byte 500 is past the end of the archive"},
		{"nowhere.scp", "none.ark: no such file or directory"},
		{"twice.scp", "twice.scp:2: utterance a stands on line 1 too"},
		{"empty.scp", "the file is empty; lines UTTERANCE ARCHIVE:OFFSET are expected"},
	} {
		read, path := Archive, test.file
		if strings.HasSuffix(path, ".scp") {
			read = Script
		}
		if !strings.HasPrefix(path, "testdata") {
			path = filepath.Join(dir, path)
		}
		if _, err := read(path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.file, err, test.want)
		}
	}
}

// FuzzArchive: whatever the bytes are, what is listed can be read, in the shape that was said.
func FuzzArchive(f *testing.F) {
	for _, name := range []string{"text.ark", "binary.ark", "double.ark", "compressed1.ark", "compressed2.ark", "compressed3.ark", "vector.ark", "alignment.ark"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	path := filepath.Join(f.TempDir(), "x.ark")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		entries, err := Archive(path)
		if err != nil {
			return
		}
		for _, e := range entries {
			x, err := e.Read()
			if err != nil || len(x) != e.Rows*e.Cols || len(x) == 0 {
				t.Fatalf("%s: %d numbers of [%d, %d]: %v", e.Key, len(x), e.Rows, e.Cols, err)
			}
		}
	})
}

// FuzzScript: whatever the lines are, what is listed can be read.
func FuzzScript(f *testing.F) {
	dir := f.TempDir()
	binary, err := os.ReadFile("testdata/binary.ark")
	if err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "binary.ark"), binary, 0o644); err != nil {
		f.Fatal(err)
	}
	f.Add("anna_1 binary.ark:7\n")
	f.Add("anna_1 binary.ark:7[0:3]\nb gunzip -c x |\n\n c\td:e:5")
	path := filepath.Join(dir, "feats.scp")
	f.Fuzz(func(t *testing.T, lines string) {
		if err := os.WriteFile(path, []byte(lines), 0o644); err != nil {
			t.Fatal(err)
		}
		entries, err := Script(path)
		if err != nil {
			return
		}
		for _, e := range entries {
			if x, err := e.Read(); err != nil || len(x) != e.Rows*e.Cols {
				t.Fatalf("%s: %d numbers of [%d, %d]: %v", e.Name(), len(x), e.Rows, e.Cols, err)
			}
		}
	})
}
