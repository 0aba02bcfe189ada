package corpus

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkPlaces wants every finding in its file, on a line that the file has, in one line of text.
func checkPlaces(t *testing.T, file, text string, findings []Finding) {
	t.Helper()
	lines := 0
	eachLine(text, func(int, string) { lines++ })
	for _, f := range findings {
		if f.File != file || f.Line < 0 || f.Line > lines || strings.Contains(f.String(), "\n") {
			t.Errorf("place of %q in a file of %d lines", f.String(), lines)
		}
	}
}

func FuzzTranscripts(f *testing.F) {
	f.Add("84-121123-0000 GO DO YOU HEAR\n84-121123-0001 BUT IN LESS\r\n")
	f.Add("\n\n a\tb c  \nid\n\xff\xfe x\r\ry z")
	f.Fuzz(func(t *testing.T, text string) {
		var out []transcript
		var findings []Finding
		parseTranscripts("f", text, func(f Finding) { findings = append(findings, f) }, func(t transcript) { out = append(out, t) })
		checkPlaces(t, "f", text, findings)
		for _, tr := range out {
			if tr.id == "" || !tr.bad && (!utf8.ValidString(tr.text) || !strings.Contains(text, tr.text)) || tr.line < 1 {
				t.Errorf("%+v", tr)
			}
			words := SplitWords(tr.text)
			for _, w := range words {
				if w.Text == "" || strings.ContainsAny(w.Text, " \t\n") || w.Text != string([]rune(tr.text)[w.From:w.To()]) {
					t.Errorf("word %+v of %q", w, tr.text)
				}
			}
			// A transcript matches itself, word by word.
			tier := make([]Segment, len(words))
			for i, w := range words {
				tier[i].Label = w.Text
			}
			for i, m := range MatchWords(words, tier) {
				if m != i {
					t.Errorf("word %d of %v is matched with %d", i, words, m)
				}
			}
		}
	})
}

func FuzzTIMITLabels(f *testing.F) {
	f.Add(sx1PHN)
	f.Add(sx1WRD + "\n\r\n  5 6 a b\r7 8 \xff")
	f.Add("0 99999999999999999999 x\n-1 0 y")
	f.Fuzz(func(t *testing.T, text string) {
		segments, err := parseTIMITLabels("f", text)
		if err != nil {
			if e, ok := err.(*Error); !ok || e.File != "f" || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q", err)
			}
			return
		}
		for i, s := range segments {
			if s.Index != i || s.From < 0 || s.To < 0 || s.Line < 1 || s.Label == "" || s.Start != float64(s.From)/timitRate {
				t.Errorf("%+v", s)
			}
		}
		v := findingList{utterance: "u"}
		v.checkTier("f", "phone", segments, tierRule{gapless: true})
		a := &Alignment{Words: segments, Phones: segments, WordsFile: "f", PhonesFile: "f"}
		v.checkTiers(a)
		checkPlaces(t, "f", text, v.list)
		if n := speechSamples(a); n < 0 {
			t.Errorf("%d samples of speech", n)
		}
	})
}

func FuzzCTM(f *testing.F) {
	f.Add("s1-a 1 0.10 0.30 hello\ns1-a 1 0.40 0.50 world 0.99\n;; comment\ns2 A 1 2 x")
	f.Add("a 1 0 1 x\nb 1 0 1\na 1 NaN 1 y\r\n\ta 1 1e999 -0 z")
	f.Fuzz(func(t *testing.T, text string) {
		x, err := indexCTM(strings.NewReader(text), "f")
		if err != nil {
			return // a very long line
		}
		for id, list := range x.spans {
			var all []ctmSegment
			for _, s := range list {
				if s.offset < 0 || s.length <= 0 || s.offset+int64(s.length) > int64(len(text)) {
					t.Fatalf("span %+v of %d bytes", s, len(text))
				}
				piece := text[s.offset : s.offset+int64(s.length)]
				if first, _ := ctmID([]byte(piece)); string(first) != id {
					t.Errorf("the span of %q begins with %q", id, first)
				}
				var err error
				if all, err = parseCTM("f", s.line, piece, id, all); err != nil {
					if e, ok := err.(*Error); !ok || e.Line < s.line || strings.Contains(err.Error(), "\n") {
						t.Errorf("error %q", err)
					}
					break
				}
			}
			for _, s := range all {
				if math.IsNaN(s.start) || math.Abs(s.end) > 2*maxSeconds || s.end < s.start || s.label == "" && !s.trimmed || !utf8.ValidString(s.label) {
					t.Errorf("%+v", s)
				}
			}
		}
	})
}

// The lines of an ID are the same whether they are read through the index or one by one.
func FuzzCTMIndex(f *testing.F) {
	f.Add([]byte("a 1\nb 2\n\na 3\r\n ;; x\n  a"))
	f.Fuzz(func(t *testing.T, text []byte) {
		x, err := indexCTM(bytes.NewReader(text), "f")
		if err != nil {
			return
		}
		want, got := map[string]int{}, map[string]int{}
		count := func(to map[string]int, piece []byte, only string) {
			for line := range bytes.SplitSeq(piece, []byte("\n")) {
				if id, comment := ctmID(line); !comment && (only == "" || string(id) == only) {
					to[string(id)]++
				}
			}
		}
		count(want, text, "")
		for id, list := range x.spans {
			for _, s := range list {
				count(got, text[s.offset:s.offset+int64(s.length)], id)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("IDs %v, want %v", got, want)
		}
		for id, n := range want {
			if got[id] != n {
				t.Errorf("%d lines of %q, want %d", got[id], id, n)
			}
		}
	})
}

func FuzzTable(f *testing.F) {
	f.Add("audio,text,speaker\na.wav,\"x\ny\",s\n", false)
	f.Add("sep=;\naudio;text\nspk\\a.wav;nan\n", false)
	f.Add("audio\ttext\tsex\n../a.wav\tb\tQ\n\n/etc/passwd\t\t\n", true)
	f.Fuzz(func(t *testing.T, content string, tabs bool) {
		name := map[bool]string{false: "t.csv", true: "t.tsv"}[tabs]
		b := &builder{spec: Spec{Root: "root", Table: name}}
		if err := b.tableRows(t.Context(), name, tableReader(name, content)); err != nil {
			if strings.Contains(err.Error(), "\n") && !strings.Contains(content, "\x00") {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		for _, u := range b.utterances { // nothing lies in root, so nothing can be used
			t.Errorf("%+v", u)
		}
		checkPlaces(t, name, content, b.findings)
	})
}

func FuzzGroups(f *testing.F) {
	f.Add("speaker,group\na,b\n")
	f.Add("\ufeff# x\n\"a\nb\",c\n")
	f.Add("sep=\xff\n# x\na|b\n")
	f.Fuzz(func(t *testing.T, content string) {
		path := filepath.Join(t.TempDir(), "g.csv")
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		groups, err := readGroups(path)
		if (err == nil) == (len(groups) == 0) {
			t.Errorf("%v, %v", groups, err)
		}
	})
}

func FuzzKaldiSegment(f *testing.F) {
	f.Add("rec1 0.5 1.5")
	f.Add("rec1 0.5 -1 B")
	f.Add("rec1 -1 -1 0")
	f.Fuzz(func(t *testing.T, value string) {
		u, err := parseKaldiSegment("f", 1, "id", value)
		if err == nil && (u.From < 0 || u.To != 0 && u.To <= u.From || u.Recording == "" || math.IsNaN(u.From+u.To)) {
			t.Errorf("%q: %+v", value, u)
		}
	})
}

func FuzzKaldiSide(f *testing.F) {
	f.Add("sw02001 A")
	f.Add("sw02001\t2")
	f.Add("a 0")
	f.Fuzz(func(t *testing.T, value string) {
		s, err := parseKaldiSide(value)
		if err == nil && (s.call == "" || strings.TrimLeft(s.side, "0123456789") != "" || s.side == "" || s.side == "0") {
			t.Errorf("%q: %+v", value, s)
		}
	})
}

func FuzzMatchWords(f *testing.F) {
	f.Add("go do you hear", "go <unk> you here x")
	f.Fuzz(func(t *testing.T, transcript, aligned string) {
		if len(transcript)+len(aligned) > 2000 {
			return
		}
		words, tier := SplitWords(transcript), spokenWords(aligned)
		last := 0
		match := MatchWords(words, tier)
		for i, m := range match {
			if m < -1 || m >= len(words) || m >= 0 && (m < last || tier[i].Silent) {
				t.Fatalf("segment %d of %q is matched with %d of %q", i, aligned, m, transcript)
			}
			last = max(last, m)
		}
		Unaligned(words, tier, match)
		for i, p := range Places(words, tier, match) {
			if m := match[i]; m < 0 && p != [2]int{} || m >= 0 && (p[0] < words[m].From || p[1] < p[0] || p[1] > words[len(words)-1].To()) {
				t.Fatalf("segment %d of %q stands at %v of %q", i, aligned, p, transcript)
			}
		}
	})
}
