package figures

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"speechsim/pipeline/report/internal/synthetic"
	"speechsim/pipeline/report/latextest"
	"speechsim/pipeline/results"
)

// hostile are models whose names mean something to LaTeX, or are too long for a line.
func hostile() (Figure, []results.Cell) {
	x := []Model{{Name: "a", Layers: synthetic.Layers(0, 3), Label: `HuBERT_base & 50% #1 $x$ {y} ~ ^ \ "q" <b>é ß -- '' ` + "`?"}, {Name: "b", Layers: []string{"0", "cnn.1"}, Label: strings.Repeat("unbreakable", 9)}}
	f := Figure{Name: "hostile", Title: `A & B: 100 % of {it} costs $5_000 ~ \today`, Caption: "A long-word-of-a-hub/with_many.parts/0123456789abcdef0123456789abcdef01234567 in it", Kind: Heatmap, Metric: "cka", Variant: "debiased", XModels: x, YModels: x}
	return f, cells(synthetic.Run{Metric: "cka", Variant: "debiased", Intervals: true}, x, x)
}

// tables are the tables of figures that are drawn with an index of all their cells.
func laidOutTables(t *testing.T) ([]Figure, *index) {
	t.Helper()
	figures, all := gallery()
	f, more := hostile()
	ix := newIndex(slices.Concat(all, more))
	drawn, err := checked(append(figures, f), ix)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(drawn, func(f Figure) bool { return f.Kind == Several }), ix
}

// TestTablesOnPaper: LaTeX sets the table of every figure of the gallery, in one column and in two, and none runs off the page.
func TestTablesOnPaper(t *testing.T) {
	figures, ix := laidOutTables(t)
	dir := t.TempDir()
	var all []string
	for i := range figures {
		file := filepath.Join(dir, figures[i].Name+".tex")
		if err := os.WriteFile(file, []byte(latexOf(&figures[i], ix)), 0o644); err != nil {
			t.Fatal(err)
		}
		all = append(all, file)
	}
	for _, class := range latextest.Classes {
		_, wrong, err := latextest.Set(dir, latextest.Document{Options: class, Files: all})
		if errors.Is(err, latextest.ErrMissing) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range wrong {
			t.Errorf("article [%s]: %s", class, line)
		}
	}
}

// TestWidthsAreThoseOfTeX: tables are as wide as was counted: a point more at most, which the page has, and little less.
func TestWidthsAreThoseOfTeX(t *testing.T) {
	figures, ix := laidOutTables(t)
	counted := map[string]float64{}
	var more strings.Builder
	for i := range figures {
		table := newTexTable(&figures[i], ix)
		for _, at := range []texInterval{beside, below, leftOut, alone} {
			l := table.layOut(at)
			for k, block := range l.blocks[:min(2, len(l.blocks))] {
				name := fmt.Sprintf("%s/%d/%d", figures[i].Name, at, k)
				counted[name] = float64(l.across(block[0], block[1]))
				fmt.Fprintf(&more, "{\\fontsize{8}{9.5}\\selectfont\\setlength{\\tabcolsep}{%gpt}\\setbox0\\hbox{", l.space.Points()/2)
				l.writeBlock(&more, block[0], block[1])
				fmt.Fprintf(&more, "\\unskip}\\typeout{WIDTH %s \\the\\wd0}}\n", name)
			}
		}
	}
	dir := t.TempDir()
	needs := filepath.Join(dir, "needs.tex")
	if err := os.WriteFile(needs, []byte(NeedsTeX("é", "booktabs")), 0o644); err != nil {
		t.Fatal(err)
	}
	log, _, err := latextest.Set(dir, latextest.Document{Files: []string{needs}, More: more.String()})
	if errors.Is(err, latextest.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`WIDTH (\S+) ([0-9.]+)pt`).FindAllStringSubmatch(log, -1)
	if len(found) < len(counted) {
		t.Fatalf("TeX measured %d of %d tables:\n%s", len(found), len(counted), log)
	}
	for _, m := range found {
		width, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		if want := counted[m[1]]; width > want+1.5 || width < 0.9*want-6 {
			t.Errorf("table %s is %.1f points wide, and %.1f were counted", m[1], width, want)
		}
	}
}

// TestEscapeTeX: what means something to LaTeX is printed, and long words have places where they may be broken.
func TestEscapeTeX(t *testing.T) {
	for in, want := range map[string]string{
		`a_b & 5 % of {x}`:                `a\_b \& 5~\% of \{x\}`,
		"-0.5 -- n = 3":                   "-0.5 -{}- n~=~3",
		"\u22120.5, a\x00b\nc":            "$-$0.5, a b c",
		"openai/whisper-tiny.en.and.more": `openai/\allowbreak{}whisper-\allowbreak{}tiny.en.\allowbreak{}and.more`,
		"0123456789abcdef0123456789":      `0123456789\allowbreak{}abcdef0123\allowbreak{}456789`,
	} {
		if got := EscapeTeX(in); got != want {
			t.Errorf("%q is written %q, expected %q", in, got, want)
		}
	}
}

// TestNeedsTeX: letters of Latin script take fonts of their encoding, those of others another engine.
func TestNeedsTeX(t *testing.T) {
	for text, want := range map[string]string{
		"abc": "% needs \\usepackage{booktabs}\n", "Bolaños": "% needs \\usepackage{booktabs} \\usepackage[T1]{fontenc}\n",
		"中 α": "% needs \\usepackage{booktabs} and xelatex or lualatex, with a font that has 中α: pdflatex cannot print it\n",
	} {
		if got := NeedsTeX(text, "booktabs"); got != want {
			t.Errorf("of %q: %q, expected %q", text, got, want)
		}
	}
}

// TestTableOnce: a table is written by one of the figures that show the same numbers, and by none of panels.
func TestTableOnce(t *testing.T) {
	m := []Model{{Name: "a", Layers: []string{"0", "1"}}}
	map1 := Figure{Name: "map", Kind: Heatmap, Metric: "cka", XModels: m, YModels: m}
	tree, mds, profile, other := map1, map1, map1, map1
	tree.Name, tree.Kind, mds.Name, mds.Kind, profile.Name, profile.Kind = "tree", Tree, "mds", MDS, "profile", Profile
	other.Name, other.Metric = "other", "svcca"
	panels := Figure{Name: "panels", Kind: Several, Panels: []Figure{map1, other}}
	for _, test := range []struct {
		figures []Figure
		want    string
	}{
		{[]Figure{tree, mds, map1, profile, other, panels}, "map profile other"},
		{[]Figure{tree, mds}, "tree"},
	} {
		var got []string
		for i := range test.figures {
			if f := &test.figures[i]; slices.Contains(FormatsOf(f, test.figures, Formats), "tex") {
				got = append(got, f.Name)
			}
		}
		if all := strings.Join(got, " "); all != test.want {
			t.Errorf("tables of %s, expected %s", all, test.want)
		}
	}
}

// TestNoMinusBeforeZero: what is rounded to zero has no sign.
func TestNoMinusBeforeZero(t *testing.T) {
	for v, want := range map[float64]string{-0.0004: "0.000", -0.0006: "\u22120.001", 0: "0.000", -1e-300: "0.000"} {
		if got := Short(v); got != want {
			t.Errorf("%v is written %q, expected %q", v, got, want)
		}
	}
	if got := shortValue(-0.004); got != "0.00" {
		t.Errorf("-0.004 is written %q in a cell", got)
	}
}
