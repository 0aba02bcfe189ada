package corpus

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// folder makes two speakers in folders and a file at the root.
func folder(t testing.TB) string {
	root := t.TempDir()
	sound := wav(16000, 1, tone(16000, 16000))
	g := grid(1, tier{"Words", labels("", .1, "hello", .5, "world", .9, "", 1.)})
	for _, name := range []string{"anna/a1", "anna/deep/a2", "bert/b 1é", "top"} {
		write(t, filepath.Join(root, name+".WAV"), sound)
		write(t, filepath.Join(root, name+".TextGrid"), g)
	}
	write(t, filepath.Join(root, "anna/a1.lab"), "\ufeffhello\nworld\n")
	write(t, filepath.Join(root, "anna/a1.txt"), "not this")
	write(t, filepath.Join(root, "anna/deep/a2.txt"), "Hello, world!")
	write(t, filepath.Join(root, "bert/b 1é.lab"), "hello")
	write(t, filepath.Join(root, "top.lab"), "")
	return root
}

func TestFolder(t *testing.T) {
	root := folder(t)
	c := open(t, Spec{Layout: "folder", Root: root})
	if got, want := ids(c), "anna/a1 anna/deep/a2 bert/b 1é top"; got != want {
		t.Fatalf("IDs %q, want %q", got, want)
	}
	wantFindings(t, c.Findings, "warning bad-transcript")
	for i, want := range []struct{ speaker, group, text string }{
		{"anna", "anna", "hello world"}, {"deep", "deep", "Hello, world!"}, {"bert", "bert", "hello"}, {"", "top", ""},
	} {
		if u := c.Utterances[i]; u.Speaker != want.speaker || u.Group != want.group || u.Text != want.text {
			t.Errorf("utterance %+v, want %+v", u, want)
		}
	}
	if got := fmt.Sprint(SplitWords(c.Utterances[1].Text)); got != "[{Hello 0} {world 7}]" {
		t.Errorf("words %q", got)
	}
	a, err := c.Align(&c.Utterances[0])
	if err != nil || len(a.Words) != 4 || a.Phones != nil {
		t.Errorf("Align: %+v %v", a, err)
	}
	if c := open(t, Spec{Layout: "folder", Root: root, Speaker: "top"}); c.Utterances[1].Speaker != "anna" {
		t.Errorf("speaker: top gives %q", c.Utterances[1].Speaker)
	}
	if c := open(t, Spec{Layout: "folder", Root: root, Speaker: "none"}); c.Utterances[1].Speaker != "" || c.Utterances[1].Group != "anna/deep/a2" {
		t.Errorf("speaker: none gives %+v", c.Utterances[1])
	}
	c = open(t, Spec{Layout: "folder", Root: root, Speaker: "/([a-z])2?$"})
	if u := c.Utterances[1]; u.Speaker != "a" || c.Utterances[len(c.Utterances)-1].Speaker != "" {
		t.Errorf("speaker by a pattern: %+v", c.Utterances)
	}
	if s := fmt.Sprint(c.Findings); !strings.Contains(s, "finds no speaker in the name") {
		t.Errorf("findings %s", s)
	}
	openError(t, Spec{Layout: "folder", Root: root, Speaker: "file"}, "folder, top, none, or a regular expression with one group")
	openError(t, Spec{Layout: "folder", Root: root, Speaker: "(a)(b)"}, "one group")
	openError(t, Spec{Layout: "folder", Root: t.TempDir()}, "no utterances found", "NAME.TextGrid")
}

func TestFolderFindings(t *testing.T) {
	root := folder(t)
	write(t, filepath.Join(root, "anna/gone.lab"), "hello")
	write(t, filepath.Join(root, "anna/gone.TextGrid"), "")
	write(t, filepath.Join(root, "README.txt"), "about")
	write(t, filepath.Join(root, "bert/mute.wav"), "")
	write(t, filepath.Join(root, "bert/latin.wav"), "")
	write(t, filepath.Join(root, "bert/latin.txt"), "one\ncaf\xe9")
	c := open(t, Spec{Layout: "folder", Root: root})
	wantFindings(t, c.Findings, "warning missing-audio", "error missing-audio", "error missing-audio",
		"error not-utf-8", "warning missing-transcript", "warning bad-transcript")
	if f := c.Findings[3]; f.Line != 2 || f.Col != 4 || f.Utterance != "bert/latin" {
		t.Errorf("place of the byte that is not UTF-8: %v", f)
	}
	if strings.Contains(ids(c), "latin") {
		t.Error("an utterance whose transcript is not UTF-8 is kept")
	}
}

func TestFolderParallelAlignments(t *testing.T) {
	root, tree := folder(t), t.TempDir()
	write(t, filepath.Join(tree, "anna/deep/a2.TextGrid"), grid(1, tier{"deep - words", labels("x", 1.)}, tier{"anna - words", labels("y", 1.)}))
	write(t, filepath.Join(tree, "anna/a1.TextGrid"), grid(1, tier{"word", labels("z", 1.)}))
	c := open(t, Spec{Layout: "folder", Root: root, Alignments: tree})
	for i, want := range []string{"z", "x"} {
		if a, err := c.Align(&c.Utterances[i]); err != nil || a.Words[0].Label != want {
			t.Errorf("%s: %+v %v", c.Utterances[i].ID, a, err)
		}
	}
}
