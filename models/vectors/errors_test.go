package vectors

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVectorsErrors(t *testing.T) {
	cut := gzipped(t, strings.Repeat(smallVectors, 100))
	broken := bytes.Clone(cut)
	broken[len(broken)-6] ^= 1 // of the checksum
	archive := zipped(t, "v.txt", smallVectors)
	for _, c := range []struct{ name, content, place, want string }{
		{"empty", "", ":1:1", `the file is empty: expected a word and its numbers`},
		{"blank", "\n\n", ":1:1", `the file is empty`},
		{"gap", "a 1 2\n\nb 3 4\n", ":2:1", `the line is empty and others follow`},
		{"few", "the 1 2 3\nof 1 2\n", ":2:7", `expected a word and 3 numbers (as line 1), found 2 after the word`},
		{"word alone", "the 1 2 3\nof\n", ":2:3", `found 0 after the word`},
		{"many", "the 0.1 0.2\nof 0.3 0.4 0.5\n", ":2:12", `expected a word and 2 numbers (as line 1), found 3 after the word`},
		{"header dim", "2 3\nthe 1 2\nof 3 4\n", ":2:8", `expected a word and 3 numbers (as the header says), found 2`},
		{"no number", "the 1 2\nof 1 x\n", ":2:6", `expected a number, found "x"`},
		{"comma", "the 1 2\nété 0,5 1\n", ":2:5", `expected a number, found "0,5"`},
		{"first line", "the 0.1 x 0.3\n", ":1:9", `expected a number, found "x"`},
		{"nan", "the 1 2\nof 1 nan\n", ":2:6", `found "nan": a vector must have finite numbers`},
		{"inf", "the 1 -Inf\n", ":1:7", `found "-Inf": a vector must have finite numbers`},
		{"large", "the 1 2\nof 1e39 2\n", ":2:4", `"1e39" is too large for a 32 bit number`},
		{"html", "<!DOCTYPE html>\n<html>\n", ":1:11", `expected a word and its numbers ("the 0.418 0.24968 -0.41242"), found "<!DOCTYPE html>"`},
		{"word", "word\n", ":1:1", `found "word"`},
		{"zero", "the 1 2\nof 1 \x00 2\n", ":2:6", `a zero byte: the file is not text; expected GloVe's text form`},
		{"binary cut", "2 3\nthe \x00\x01\x02", ":1:1", `the file ends in vector 1 of 2 ("the"): it was cut short; fetch it again`},
		{"binary nan", binaryVectors("\n", "the", 1, 2, 3, "of", 1, math.NaN(), 3), ":1:1", `vector 2 of 2 ("of") has NaN as number 2`},
		{"binary without a word", binaryVectors("\n", "the", 1, 2, 3, "", 1, 2, 3), ":1:1", `vector 2 of 2 ("") is no word`},
		{"binary of more", binaryVectors("\n", "the", 1, 2, 3) + "of", ":1:1", `the header promises 1 vectors of 3 numbers, and the file goes on after them`},
		{"binary few", "3 3" + binaryVectors("", "the", 1, 2, 3)[3:], ":1:1", `the file ends in vector 2 of 3 ("")`},
		{"binary cut.gz", string(gzipped(t, binaryVectors("\n", "the", 1, 2, 3))[:30]), "", `cut short; fetch it again`},
		{"latin with a header", "2 2\nthe 0.1 0.2\ncaf\xe9 0.1\n", ":3:9", `found 1 after the word`},
		{"no word", "the 0.1 0.2 0.3\n 0.1 0.2 0.3\n", ":2:1", `the line has 3 numbers and no word before them`},
		{"no word, and no blank", "the 0.1 0.2 0.3\n0.1 0.2 0.3\n", ":2:1", `the line has 3 numbers and no word before them`},
		{"no word in line 1", "0.1 0.2 0.3\nthe 0.1 0.2 0.3\n", ":1:1", `the line has 3 numbers and no word before them`},
		{"no words", "0.1 0.2 0.3\n0.4 0.5 0.6\n", ":1:1", `the line has 3 numbers and no word before them`},
		{"no word below a header", "2 3\nthe 0.1 0.2 0.3\n 0.1 0.2 0.3\n", ":3:1", `the line has 3 numbers and no word before them`},
		{"fastText", "\xba\x16\x4f\x2f\x0c\x00\x00\x00", ":1:1", `a model of fastText (.bin): take its vectors as text (.vec)`},
		{"utf-16", "t\x00h\x00e\x00 \x001\x00\n\x00", ":1:1", `the file is in UTF-16: convert it to UTF-8`},
		{"utf-16, marked", "\xfe\xff\x00t\x00h\x00e", ":1:1", `the file is in UTF-16`},
		{"pickle", "\x80\x04\x95\x1f", ":1:1", `a Python pickle, as gensim's save writes`},
		{"array", "\x93NUMPY\x01\x00", ":1:1", `a NumPy array, which has no words`},
		{"pointer", "version https://git-lfs.github.com/spec/v1\n", ":1:1", `a Git LFS pointer in place of the vectors`},
		{"latin", "\xe9t\xe9 1 2\n", ":1:1", `bytes that are not UTF-8: the file is not text`},
		{"long", "the 1 2\n" + strings.Repeat("x", maxLine), ":2:1048577", `the line is longer than 1 MiB`},
		{"header count", "3 2\nthe 1 2\nof 3 4\n", ":1:1", `the header promises 3 vectors and the file has 2`},
		{"header none", "0 2\n", ":1:1", `promises 0 vectors`},
		{"header big", "1 99999999999999999999\n", ":1:3", `vectors have 99999999999999999999 numbers`},
		{"header alone", "2 3\n", ":1:1", `promises 2 vectors and the file has 0`},
		{"cut.gz", string(cut[:len(cut)-9]), "", `the compressed file ends here, before its end`},
		{"head.gz", string(cut[:5]), ":1:1", `cannot open the gzip (unexpected EOF)`},
		{"sum.gz", string(broken), ":401:1", `cannot uncompress what follows (gzip: invalid checksum)`},
		{"tail.gz", string(cut) + "and a tail of text", ":401:1", `cannot uncompress what follows`},
		{"empty.gz", string(gzipped(t, "")), ":1:1", `the file is empty`},
		{"cut.zip", string(archive[:len(archive)-9]), ":1:1", `cannot open the zip (zip: not a valid zip file): it was cut short or damaged`},
		{"none.zip", string(zipped(t)), ":1:1", `the zip is empty`},
		{"many.zip", string(zipped(t, "g.50d.txt", "a 1", "g.100d.txt", "a 1")), ":1:1", `expected one text in the zip, found 2: "g.50d.txt", "g.100d.txt"; unpack the one you want`},
		{"other.zip", string(zipped(t, "a.bin", "x", "b.bin", "x")), ":1:1", `expected a .txt in the zip, found 2 other files: "a.bin", "b.bin"`},
		{"bad.zip", string(zipped(t, "g.txt", "a 1\nb\n")), "/g.txt:2:2", `expected a word and 1 numbers`},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := writeFile(t, c.name, []byte(c.content))
			v, err := Open(path, nil, strings.ToLower)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v and %v, want an *Error", v, err)
			}
			if text := err.Error(); !strings.HasPrefix(text, path+c.place) || !strings.Contains(text, c.want) {
				t.Errorf("got  %s\nwant %s%s: %s", text, path, c.place, c.want)
			}
		})
	}
}

func TestVectorsFileErrors(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none.txt"), nil, strings.ToLower); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that there is no such file", err)
	}
	if _, err := Open(t.TempDir(), nil, strings.ToLower); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("got %v, want that it is a directory", err)
	}
}

// TestVectorsDamaged changes bytes of a packed file, and cuts it: an error or the vectors as they were.
func TestVectorsDamaged(t *testing.T) {
	for _, content := range [][]byte{gzipped(t, smallVectors), zipped(t, "v.txt", smallVectors)} {
		for i := 0; i < len(content); i += 2 {
			bad := bytes.Clone(content)
			bad[i] ^= 0x55
			v, err := vectorsOf(bad, nil)
			if err == nil && (v.held != 4 || v.Dim() != 3) {
				t.Errorf("byte %d changed: %d vectors of %d and no error", i, v.held, v.Dim())
			}
			if _, err := vectorsOf(content[:i], nil); err == nil {
				t.Errorf("cut to %d bytes of %d: no error", i, len(content))
			}
		}
	}
}
