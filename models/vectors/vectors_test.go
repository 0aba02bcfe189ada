package vectors

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// asked makes the set of words that Open wants.
func asked(words ...string) map[string]bool {
	set := map[string]bool{}
	for _, w := range words {
		set[w] = true
	}
	return set
}

// writeFile writes a file of the test and gives its path.
func writeFile(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipped packs name, text, name, text...; a name with "/" at its end is a folder.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// vectorsOf reads the content of a file.
func vectorsOf(content []byte, words map[string]bool) (*Vectors, error) {
	r, name, err := unpack(bytes.NewReader(content), int64(len(content)), "v")
	if err != nil {
		return nil, err
	}
	return read(r, name, words, strings.ToLower)
}

func wantVector(t *testing.T, v *Vectors, word string, want ...float32) {
	t.Helper()
	got, ok := v.Vector(word)
	if !ok {
		t.Errorf("%q has no vector, want %v", word, want)
		return
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q: got %v, want %v", word, got, want)
	}
}

const smallVectors = "the 0.418 0.24968 -0.41242\nThe 1 2 3\nof .5 -1. 2e-3\nin -0.0 +1 0\n"

func TestVectorsPacked(t *testing.T) {
	for name, content := range map[string][]byte{
		"v.txt":     []byte(smallVectors),
		"v.txt.gz":  gzipped(t, smallVectors),
		"v.zip":     zipped(t, "v.txt", smallVectors),
		"one.zip":   zipped(t, "v", smallVectors),
		"mac.zip":   zipped(t, "glove/", "", "glove/README", "x", "glove/v.txt", smallVectors, "__MACOSX/glove/._v.txt", "x"),
		"gz-inside": gzipped(t, smallVectors), // seen from the first bytes
		"crlf.txt":  []byte(strings.ReplaceAll(smallVectors, "\n", "\r\n")),
		"trail.txt": []byte(strings.ReplaceAll(smallVectors, "\n", " \n")),
		"tabs.txt":  []byte(strings.ReplaceAll(smallVectors, " ", "\t")),
		"wide.txt":  []byte(strings.ReplaceAll(smallVectors, " ", "  ")),
		"bom.txt":   []byte("\ufeff" + smallVectors),
		"header":    []byte("4 3\n" + smallVectors),
		"fasttext":  zipped(t, "v.vec", "4 3\n"+smallVectors, "LICENSE", "x"),
		"no-end":    []byte(strings.TrimSuffix(smallVectors, "\n")),
		"blank-end": []byte(smallVectors + "\n \n"),
		"mixed.txt": []byte("the\t0.418  0.24968 -0.41242\nThe\t1  2 3\nof\t.5  -1. 2e-3\nin\t-0.0  +1 0\n"),
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, name, content)
			for _, words := range []map[string]bool{nil, asked("the", "The", "of", "in", "nowhere", "")} {
				v, err := Open(path, words, strings.ToLower)
				if err != nil {
					t.Fatal(err)
				}
				if v.Dim() != 3 || v.held != 4 || v.lines != 4 || v.duplicates != 0 {
					t.Errorf("dim %d, %d held of %d lines, %d duplicates; want 3, 4 of 4, 0", v.Dim(), v.held, v.lines, v.duplicates)
				}
				wantVector(t, v, "the", 0.418, 0.24968, -0.41242)
				wantVector(t, v, "The", 1, 2, 3)
				wantVector(t, v, "of", .5, -1, 2e-3)
				wantVector(t, v, "in", float32(math.Copysign(0, -1)), 1, 0)
				for _, w := range []string{"nowhere", "", "0.418"} {
					if x, ok := v.Vector(w); ok {
						t.Errorf("%q has vector %v, want none", w, x)
					}
				}
			}
		})
	}
}

func TestVectorsOnlyAsked(t *testing.T) {
	path := writeFile(t, "v.txt", []byte(smallVectors))
	v, err := Open(path, map[string]bool{"of": true, "in": false}, strings.ToLower)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := v.Vector("in"); ok || v.held != 1 {
		t.Errorf("%d vectors held, want that of %q alone", v.held, "of")
	}
	v, err = Open(path, map[string]bool{}, strings.ToLower)
	if err != nil || v.held != 0 || v.Dim() != 3 {
		t.Errorf("no word asked for: %v, %d vectors of %d, want none of 3", err, v.held, v.Dim())
	}
}

func TestVectorsCase(t *testing.T) {
	cased := writeFile(t, "cased.txt", []byte("THE 1\nThe 2\nthe 3\nI 4\ni 5\nÉTÉ 6\nété 7\nNASA 8\n"))
	lower := writeFile(t, "lower.txt", []byte("the 3\ni 5\nété 7\n"))

	mixed := asked("THE", "The", "the", "I", "ÉTÉ", "tHe", "of", "a")
	v, err := Open(cased, mixed, strings.ToLower)
	if err != nil {
		t.Fatal(err)
	}
	if v.lowerFirst {
		t.Error("labels with case are looked up in lower case first")
	}
	wantVector(t, v, "THE", 1)
	wantVector(t, v, "The", 2)
	wantVector(t, v, "tHe", 3)
	wantVector(t, v, "I", 4)
	wantVector(t, v, "ÉTÉ", 6)
	if v, err = Open(lower, mixed, strings.ToLower); err != nil {
		t.Fatal(err)
	}
	wantVector(t, v, "THE", 3)
	wantVector(t, v, "I", 5)
	wantVector(t, v, "ÉTÉ", 7)

	// The labels of a corpus in capitals: the same vectors as in lower case.
	if v, err = Open(cased, asked("THE", "I", "ÉTÉ", "NASA", "<unk>", "'", ""), strings.ToLower); err != nil {
		t.Fatal(err)
	}
	if !v.lowerFirst {
		t.Error("labels in capitals are looked up as they are first")
	}
	wantVector(t, v, "THE", 3)
	wantVector(t, v, "I", 5)
	wantVector(t, v, "ÉTÉ", 7)
	wantVector(t, v, "NASA", 8)
}

func TestVectorsWithBlanksInWords(t *testing.T) {
	text := "the 0.1 0.2\n. . . 0.3 0.4\nat name@domain.com 0.5 0.6\nroute 66 0.7 0.8\n. . 0.9 1.0\n\u0085 1.1 1.2\nat\u00a0all 1.3 1.4\n3.14 1.5 1.6\nv 1.0 b 1.7 1.8\n"
	v, err := Open(writeFile(t, "v.txt", []byte(text)), nil, strings.ToLower)
	if err != nil {
		t.Fatal(err)
	}
	wantVector(t, v, ". . .", 0.3, 0.4)
	wantVector(t, v, "at name@domain.com", 0.5, 0.6)
	wantVector(t, v, "route 66", 0.7, 0.8)
	wantVector(t, v, ". .", 0.9, 1.0)
	wantVector(t, v, "\u0085", 1.1, 1.2)
	wantVector(t, v, "at\u00a0all", 1.3, 1.4)
	wantVector(t, v, "3.14", 1.5, 1.6)
	wantVector(t, v, "v 1.0 b", 1.7, 1.8)
	if v.held != 9 {
		t.Errorf("%d vectors, want 9", v.held)
	}
}

func TestVectorsDuplicates(t *testing.T) {
	path := writeFile(t, "v.txt", []byte("a 1 2\nb 3 4\na 5 6\na 7 8\nb 9 not-read\n"))
	for words, want := range map[*map[string]bool]int{new(map[string]bool): 3, ptr(asked("a")): 2} {
		v, err := Open(path, *words, strings.ToLower)
		if err != nil {
			t.Fatal(err)
		}
		wantVector(t, v, "a", 1, 2)
		if v.duplicates != want || v.lines != 5 {
			t.Errorf("%d duplicates in %d lines, want %d in 5", v.duplicates, v.lines, want)
		}
	}
}

func ptr[T any](x T) *T { return &x }

// TestVectorsDemo holds the demo's file against a reader of the plainest kind.
func TestVectorsDemo(t *testing.T) {
	const path = "../demo/vectors.txt"
	v, err := Open(path, nil, strings.ToLower)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if v.held != len(lines) || v.Dim() != 50 {
		t.Errorf("%d vectors of %d, want %d of 50", v.held, v.Dim(), len(lines))
	}
	for _, line := range lines {
		f := strings.Fields(line)
		got, ok := v.Vector(f[0])
		if !ok {
			t.Fatalf("%q has no vector", f[0])
		}
		for i, s := range f[1:] {
			want, err := strconv.ParseFloat(s, 32)
			if err != nil {
				t.Fatal(err)
			}
			if math.Float32bits(got[i]) != math.Float32bits(float32(want)) {
				t.Errorf("%q, number %d: got %v, want %v", f[0], i+1, got[i], want)
			}
		}
	}
}

// A letter with an accent is one character or two, in the file and in the words that are asked for.
func TestVectorsUnicodeForm(t *testing.T) {
	const composed, decomposed = "caf\u00e9", "cafe\u0301"
	for _, file := range []string{composed, decomposed} {
		for _, word := range []string{composed, decomposed} {
			v, err := vectorsOf([]byte(file+" 1 2\n"), asked(word))
			if err != nil {
				t.Fatal(err)
			}
			wantVector(t, v, word, 1, 2)
		}
	}
}

// Words may be numbers.
func TestVectorsOfNumbers(t *testing.T) {
	v, err := vectorsOf([]byte("0.5 0.1 0.2\n66 1 2\nroute 3 4\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	wantVector(t, v, "0.5", .1, .2)
	wantVector(t, v, "66", 1, 2)
	if _, err := vectorsOf([]byte("66 0.1 0.2\n67 0.3 0.4\n"), nil); err != nil {
		t.Error(err)
	}
}

func TestVectorsBlocks(t *testing.T) {
	const dim, n = 1000, 150 // over three blocks
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "w%d", i)
		for j := range dim {
			fmt.Fprintf(&b, " %d.%d", i, j)
		}
		b.WriteByte('\n')
	}
	v, err := Open(writeFile(t, "v.txt", []byte(b.String())), nil, strings.ToLower)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		x, ok := v.Vector(fmt.Sprint("w", i))
		if !ok || len(x) != dim || cap(x) != dim || x[0] != float32(i) {
			t.Fatalf("w%d: found %v, length %d, capacity %d, first %v", i, ok, len(x), cap(x), x[0])
		}
	}
}

// TestParseFloat32 compares with strconv, bit for bit, on texts of all lengths, on
// numbers halfway between two float32, and on the edges of the range.
func TestParseFloat32(t *testing.T) {
	texts := []string{"", "-", "+", ".", "-.", "1.", ".5", "-0", "0", "00012.50", "1..2", "1.2.3", "e5", "1e", "1e+", "1e-", "1e5", "1E-05", "1e+07",
		"1e22", "1e23", "1e-22", "1e-23", "1e-45", "1e-46", "1e38", "3.4028235e38", "3.4028236e38", "1.17549435e-38", "1e100", "9007199254740991",
		"9007199254740993", "16777217", "16777219", "0.1e", "0x1p-2", "1_0", "inf", "nan", "1e5x", "1 ", " 1", "99999999999999999999", "１"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		x := math.Float32frombits(random.Uint32())
		texts = append(texts,
			strconv.FormatFloat(float64(x), 'g', -1, 32),
			strconv.FormatFloat(random.NormFloat64(), 'f', random.IntN(20), 64),
			strconv.FormatFloat(random.NormFloat64()*math.Pow(10, float64(random.IntN(40)-20)), 'e', random.IntN(20), 64))
		// Halfway to the next float32, and next to it.
		y := random.Float32()
		half := (float64(y) + float64(math.Nextafter32(y, 2))) / 2
		texts = append(texts,
			strconv.FormatFloat(half, 'f', -1, 64),
			strconv.FormatFloat(math.Nextafter(half, 2), 'g', 16, 64),
			strconv.FormatFloat(float64(random.IntN(1<<29))+0.5, 'f', -1, 64))
	}
	short := 0
	for _, s := range texts {
		want, err := strconv.ParseFloat(s, 32)
		wantOK := err == nil && !math.IsInf(want, 0) && !math.IsNaN(want)
		got, ok := parseFloat32([]byte(s))
		if ok != wantOK || ok && math.Float32bits(got) != math.Float32bits(float32(want)) {
			t.Errorf("%q: got %v, %v, want %v, %v", s, got, ok, want, err)
		}
		if _, ok := parseShort([]byte(s)); ok {
			short++
		}
	}
	if short < len(texts)/3 {
		t.Errorf("%d of %d texts were read the short way", short, len(texts))
	}
}

// FuzzVectors: no panic, memory bounded by the input, and where a file is read, the
// words asked for have the same vectors as when all are read.
func FuzzVectors(f *testing.F) {
	for _, s := range []string{"", smallVectors, "4 3\n" + smallVectors, "a 1\n\nb 2", ". . . 1 2\n. . . 3 4\n", "a 1e39", "a\t 1 \r\n", "1 524288\na 1"} {
		f.Add(s)
		f.Add(string(gzipped(f, s)))
		f.Add(string(zipped(f, "v.txt", s)))
	}
	f.Add(binaryVectors("", "the", 1, 2, "of", .5, -1))
	f.Add(binaryVectors("\n", "cafe\u0301", 1, "caf\u00e9", 2))
	f.Add("0.1 0.2 0.3\n0.4 0.5 0.6\n")
	f.Fuzz(func(t *testing.T, content string) {
		all, err := vectorsOf([]byte(content), nil)
		if err != nil {
			return
		}
		words := map[string]bool{}
		for w := range all.rows {
			words[w] = len(w)%2 == 1
		}
		some, err := vectorsOf([]byte(content), words)
		if err != nil {
			t.Fatalf("all words are read, some are not: %v", err)
		}
		if some.lines != all.lines || some.Dim() != all.Dim() || some.held > all.held {
			t.Fatalf("%d lines, %d of %d held; with all words %d", some.lines, some.held, all.held, all.lines)
		}
		for w, yes := range words {
			if !yes || w == "" {
				continue
			}
			// As it stands in the file; the look-up may prefer the other case.
			a, b := all.row(all.rows[w]), some.row(some.rows[w])
			for i := range a {
				if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
					t.Fatalf("%q: %v and %v", w, a, b)
				}
			}
		}
	})
}

func FuzzParseFloat32(f *testing.F) {
	f.Add("-0.38497")
	f.Add("1e-05")
	f.Add("16777217.0000001")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := strconv.ParseFloat(s, 32)
		got, ok := parseFloat32([]byte(s))
		if ok != (err == nil && !math.IsInf(want, 0) && !math.IsNaN(want)) || ok && math.Float32bits(got) != math.Float32bits(float32(want)) {
			t.Errorf("%q: got %v, %v, want %v, %v", s, got, ok, want, err)
		}
	})
}

// gloveLike is n lines in the form of glove.840B.300d.
func gloveLike(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "word%d", i)
		for range 300 {
			fmt.Fprintf(&b, " %.5g", random.NormFloat64()*0.4)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// BenchmarkVectors reads 50 MB as they lie in the cache of the file system: with
// 1 % of the words asked for, and with all.
func BenchmarkVectors(b *testing.B) {
	text := gloveLike(20000)
	few := map[string]bool{}
	for i := range 200 {
		few[fmt.Sprint("word", 100*i)] = true
	}
	for _, c := range []struct {
		name    string
		content []byte
		words   map[string]bool
	}{
		{"text/1%", []byte(text), few},
		{"text/all", []byte(text), nil},
		{"gzip/1%", gzipped(b, text), few},
		{"zip/1%", zipped(b, "v.txt", text), few},
	} {
		b.Run(c.name, func(b *testing.B) {
			path := writeFile(b, "v", c.content)
			b.SetBytes(int64(len(text))) // of text, also where it is packed
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Open(path, c.words, strings.ToLower); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A word is found in the file's spelling: composed or taken apart, and with the apostrophe that the caller folds to.
func TestVectorSpellings(t *testing.T) {
	fold := func(w string) string { return strings.ToLower(strings.ReplaceAll(w, "\u2019", "'")) }
	path := writeFile(t, "v.txt", []byte("e\u0301te\u0301 1 2\ndon't 3 4\nkır 5 6\nkir 7 8\n"))
	v, err := Open(path, asked("Été", "Don\u2019t", "Kır", "kir"), fold)
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]float32{"Été": 1, "Don\u2019t": 3, "Kır": 5, "kir": 7} {
		if got, ok := v.Vector(word); !ok || got[0] != want {
			t.Errorf("%s: %v %v, want %g", word, got, ok, want)
		}
	}
}
