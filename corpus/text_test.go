package corpus

import (
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// inUTF16 writes text in UTF-16.
func inUTF16(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestToUTF8(t *testing.T) {
	const text = "héllo 𝄞 日本\r\nthere\n"
	for name, s := range map[string]string{
		"UTF-8":                              text,
		"UTF-8 with a mark":                  "\ufeff" + text,
		"UTF-16, little endian":              inUTF16(binary.LittleEndian, "\ufeff"+text),
		"UTF-16, big endian":                 inUTF16(binary.BigEndian, "\ufeff"+text),
		"UTF-16, little endian, no mark":     inUTF16(binary.LittleEndian, text),
		"UTF-16, big endian, without a mark": inUTF16(binary.BigEndian, text),
	} {
		if got, err := toUTF8(s); got != text || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for s, want := range map[string]string{
		"\xff\xfeh\x00\x00\xd8i\x00":                             "half of a surrogate pair",
		"\xff\xfeh\x00i":                                         "half a character",
		"\xff\xfe\x00\x00h\x00\x00\x00":                          "iconv -f UTF-32 -t UTF-8",
		"version https://git-lfs.github.com/spec/v1\noid sha256": "is a Git LFS pointer, not the file that it stands for; fetch it with `git lfs pull`",
		"<!DOCTYPE html>\n<html>":                                "is an HTML or XML page, probably the answer to a download that failed; download the file again",
		"\ufeff\n\n<html lang=\"en\">":                           "an HTML or XML page",
		inUTF16(binary.LittleEndian, "<?xml version"):            "an HTML or XML page",
	} {
		if got, err := toUTF8(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v, want an error with %q", s, got, err, want)
		}
	}
	for _, s := range []string{"", "a", "<unk> a", "version one", "\x00", "caf\xe9", "a \x00\x00"} { // left to checkUTF8
		if got, err := toUTF8(s); got != s || err != nil {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}

// TestEncodingAdvice: the first encoding that is named turns these bytes into words.
func TestEncodingAdvice(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    encoding.Encoding
		text string
	}{
		{"CP1252", charmap.Windows1252, "Sie sagte „naïve Größe“ und ging"},
		{"LATIN1", charmap.ISO8859_1, "Le café était fermé à midi"},
		{"LATIN1", charmap.ISO8859_1, "¿Qué? «Sí», señor: 5¼ m³"},
		{"CP1250", charmap.Windows1250, "Wszyscy rodzą się wolni, właśnie „tutaj”"},
		{"ISO-8859-2", charmap.ISO8859_2, "Wszyscy rodzą się właśnie wolni"},
		{"CP1251", charmap.Windows1251, "Все люди рождаются свободными"},
		{"KOI8-R", charmap.KOI8R, "Все люди рождаются свободными"},
		{"SHIFT_JIS", japanese.ShiftJIS, "すべての人間は自由"},
		{"SHIFT_JIS", japanese.ShiftJIS, "カタカナ テスト"},
		{"EUC-JP", japanese.EUCJP, "すべての人間は自由"},
		{"EUC-KR", korean.EUCKR, "모든 인간은 태어날 때부터"},
		{"GB18030", simplifiedchinese.GB18030, "人人生而自由,在尊严和权利上"},
		{"BIG5", traditionalchinese.Big5, "人人生而自由,在尊嚴和權利上"},
	} {
		s, err := tt.e.NewEncoder().String(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		f := checkUTF8("f", 3, s)
		if f == nil || !strings.Contains(f.Message, "text is not UTF-8: convert the file, for example with iconv -f "+tt.name+" -t UTF-8") {
			t.Errorf("%s, %q: %v", tt.name, tt.text, f)
		}
	}
	for s, want := range map[string]string{
		"na\xefve caf\xe9":                    "f:3:3: text is not UTF-8: convert the file, for example with iconv -f LATIN1 -t UTF-8",
		"she said \x93na\xefve\x94":           "f:3:10: text is not UTF-8: convert the file, for example with iconv -f CP1252 -t UTF-8, and look at the words: it could also be CP1250",
		"hello\x00 ":                          "f:3:6: text is not UTF-8: it has NUL bytes",
		inUTF16(binary.LittleEndian, "да да"): "iconv -f UTF-16LE -t UTF-8 (or UTF-16BE)",
	} {
		f := checkUTF8("f", 3, s)
		if f == nil || !strings.Contains(f.err().Error(), want) {
			t.Errorf("%q: %v, want %q", s, f, want)
		}
	}
}

// TestUTF16: every kind of text file of a corpus may be UTF-16.
func TestUTF16(t *testing.T) {
	for name, order := range map[string]binary.AppendByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
		t.Run(name, func(t *testing.T) {
			text := func(s string) string { return inUTF16(order, "\ufeff"+s) }
			sound := wav(16000, 1, tone(16000, 16000))
			root := t.TempDir()
			write(t, filepath.Join(root, "anna/a.wav"), sound)
			write(t, filepath.Join(root, "anna/a.lab"), text("hello José\r\n"))
			write(t, filepath.Join(root, "groups.csv"), text("speaker,group\nanna,g\n"))
			c := open(t, Spec{Layout: "folder", Root: root, Groups: filepath.Join(root, "groups.csv")})
			wantFindings(t, c.Findings)
			if u := c.Utterances[0]; u.Text != "hello José" || u.Group != "g" {
				t.Errorf("%+v", u)
			}
			for table, sep := range map[string]string{"t.csv": ",", "t.tsv": "\t"} {
				write(t, filepath.Join(root, table), text(strings.ReplaceAll("audio|text\r\nanna/a.wav|hello José\r\n", "|", sep)))
				c := open(t, Spec{Layout: "table", Table: filepath.Join(root, table)})
				if wantFindings(t, c.Findings); c.Utterances[0].Text != "hello José" {
					t.Errorf("%+v", c.Utterances[0])
				}
			}
			root = t.TempDir()
			write(t, filepath.Join(root, "1/2/1-2-3.wav"), sound)
			write(t, filepath.Join(root, "1/2/1-2.trans.txt"), text("1-2-3 hello José\n"))
			if c := open(t, Spec{Layout: "librispeech", Root: root}); c.Utterances[0].Text != "hello José" {
				t.Errorf("%+v, %v", c.Utterances[0], c.Findings)
			}
			data := kaldi(t)
			write(t, filepath.Join(data, "words.ctm"), text("s1-a 1 0 1 hello\n"))
			c = open(t, Spec{Layout: "kaldi", Root: data})
			if _, err := c.Align(&c.Utterances[0]); err == nil || !strings.Contains(err.Error(), "words.ctm: is UTF-16") {
				t.Errorf("a CTM in UTF-16: %v", err)
			}
		})
	}
}

// A CTM file that was not fetched is no file without lines of an utterance.
func TestCTMNotFetched(t *testing.T) {
	data := kaldi(t)
	write(t, filepath.Join(data, "words.ctm"), "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n")
	c := open(t, Spec{Layout: "kaldi", Root: data})
	if _, err := c.Align(&c.Utterances[0]); err == nil || !strings.Contains(err.Error(), "words.ctm: is a Git LFS pointer") {
		t.Errorf("a CTM that was not fetched: %v", err)
	}
}
