package corpus

import (
	"path/filepath"
	"strings"
	"testing"
)

func table(t testing.TB, name, content string) Spec {
	root := t.TempDir()
	write(t, filepath.Join(root, "clips", "a.wav"), wav(16000, 1, tone(16000, 16000)))
	write(t, filepath.Join(root, "clips", "b.wav"), wav(16000, 1, tone(16000, 16000)))
	write(t, filepath.Join(root, "clips", "a.TextGrid"), grid(1, tier{"words", labels("hi", 1.)}))
	write(t, filepath.Join(root, name), content)
	return Spec{Layout: "table", Table: filepath.Join(root, name)}
}

func TestTable(t *testing.T) {
	for name, content := range map[string]string{
		"t.csv": "\ufeffaudio,Text,speaker,textgrid,sex,group\nclips/b.wav,\"say \"\"hi\"\", you\",s2,,male,g\nclips/a.wav,hi,s1,clips/a.TextGrid,F,\n",
		"t.tsv": "\ufeffaudio\tText\tspeaker\ttextgrid\tsex\tgroup\nclips/b.wav\tsay \"hi\", you\ts2\t\tmale\tg\r\n\nclips/a.wav\thi\ts1\tclips/a.TextGrid\tF\t\n",
		// as spreadsheets write it where the comma is in numbers; on Windows; as databases do
		"semicolon.csv": "\ufeffsep=;\r\naudio;Text;speaker;textgrid;sex;group\r\n\"clips\\b.wav\";\"say \"\"hi\"\", you\";s2;;male;g\r\nclips\\a.wav;hi;s1;clips\\a.TextGrid;F;\r\n",
		"bar.csv":       "audio|Text|speaker|textgrid|sex|group\nclips/b.wav|\"say \"\"hi\"\", you\"|s2||male|g\nclips/a.wav|hi|s1|clips/a.TextGrid|F|\n",
		"tab.csv":       "audio\tText\tspeaker\ttextgrid\tsex\tgroup\nclips/b.wav\t\"say \"\"hi\"\", you\"\ts2\t\tmale\tg\nclips/a.wav\thi\ts1\tclips/a.TextGrid\tF\t\n",
	} {
		t.Run(name, func(t *testing.T) {
			line := 2 + strings.Count(content, "sep=")
			c := open(t, table(t, name, content))
			wantFindings(t, c.Findings)
			if got := ids(c); got != "clips/a clips/b" {
				t.Fatalf("IDs %q", got)
			}
			a, b := c.Utterances[0], c.Utterances[1]
			if a.Speaker != "s1" || a.Sex != "F" || a.Group != "s1" || a.Text != "hi" {
				t.Errorf("%+v", a)
			}
			if b.Speaker != "s2" || b.Sex != "M" || b.Group != "g" || b.Text != `say "hi", you` || b.TextLine != line {
				t.Errorf("%+v", b)
			}
			if al, err := c.Align(&c.Utterances[0]); err != nil || al.Words[0].Label != "hi" {
				t.Errorf("Align: %v", err)
			}
			if _, err := c.Align(&c.Utterances[1]); err == nil || !strings.Contains(err.Error(), "column textgrid") {
				t.Errorf("Align without a TextGrid: %v", err)
			}
		})
	}
}

func TestTablePaths(t *testing.T) {
	s := table(t, "t.csv", "")
	root := filepath.Dir(s.Table)
	outside := filepath.Join(t.TempDir(), "x.wav")
	write(t, outside, "")
	write(t, s.Table, "id,audio,textgrid,votes\n"+
		"ok,clips/../clips/a.wav,,1\n"+
		"abs,"+filepath.Join(root, "clips", "a.wav")+",,1\n"+
		"up,../x.wav,,1\n"+
		"out,"+outside+",,1\n"+
		"sly,clips/../../x.wav,,1\n"+
		"grid,clips/a.wav,../../etc/passwd,1\n"+
		"gone,clips/gone.wav,,1\n"+
		"dir,clips,,1\n"+
		"none,,,1\n"+
		"short,clips/a.wav\n"+
		"ok,clips/b.wav,,1\n")
	c := open(t, s)
	if got := ids(c); got != "abs ok" {
		t.Errorf("IDs %q", got)
	}
	wantFindings(t, c.Findings, "warning unused-column", "warning missing-transcript", "warning missing-transcript",
		"error refused-path", "error refused-path", "error refused-path", "error refused-path",
		"error missing-audio", "error missing-audio", "error missing-audio", "error bad-transcript",
		"error duplicate", "warning missing-transcript")
	for _, f := range c.Findings {
		if f.File != s.Table || f.Line == 0 {
			t.Errorf("finding without its place: %v", f)
		}
	}
}

// What data frames write for a missing speaker is taken for a name, since it may be one, and said.
func TestTableMissingValues(t *testing.T) {
	c := open(t, table(t, "t.csv", "audio,text,speaker,group\nclips/a.wav,hi,nan,\nclips/b.wav,hi,Nan,None\n"))
	wantFindings(t, c.Findings, "warning missing-speaker", "warning missing-speaker")
	if f := c.Findings[0]; f.Line != 2 || !strings.Contains(f.Message, `speaker "nan" is how a missing value is often written`) {
		t.Error(f)
	}
}

// A backslash is a letter of a name where there is such a file, and no way out of the corpus.
func TestTableBackslashes(t *testing.T) {
	s := table(t, "t.csv", "")
	root := filepath.Dir(s.Table)
	write(t, filepath.Join(root, `clips\a.wav`), wav(16000, 1, tone(8000, 16000)))
	write(t, s.Table, "audio,text\nclips\\a.wav,hi\nclips\\b.wav,hi\n..\\x.wav,hi\n")
	c := open(t, s)
	wantFindings(t, c.Findings, "error refused-path")
	if got := ids(c); got != `clips/b clips\a` {
		t.Errorf("IDs %q", got)
	}
}

func TestTableErrors(t *testing.T) {
	openError(t, table(t, "t.csv", ""), "empty table")
	openError(t, table(t, "t.csv", "wav,text\na,b\n"), "t.csv:1: no column audio")
	openError(t, table(t, "t.csv", "audio,Audio\na,b\n"), `t.csv:1: two columns "audio"`)
	openError(t, table(t, "t.csv", "audio,text\nclips/a.wav,\"x\ny\n"), "t.csv:")
	openError(t, table(t, "t.csv", "audio,text\n../x.wav,x\n"), "no usable utterance", "t.csv:2", "leaves the corpus root")
	openError(t, table(t, "t.xlsx", "PK"), ".csv or .tsv")
	openError(t, Spec{Layout: "table"}, "table is not set")
	openError(t, Spec{Layout: "table", Table: filepath.Join(t.TempDir(), "gone.csv")}, "gone.csv")
}
