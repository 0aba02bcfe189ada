package corpus

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Links that loop, that lead to a folder twice, to nowhere, or among many folders to each other.
func TestSymlinkLoops(t *testing.T) {
	root := folder(t)
	link(t, "..", filepath.Join(root, "anna", "up"))
	link(t, "self", filepath.Join(root, "anna", "self"))
	link(t, "nowhere.wav", filepath.Join(root, "anna", "dangling.wav"))
	link(t, filepath.Join(root, "anna"), filepath.Join(root, "aaa"))
	elsewhere := t.TempDir()
	write(t, filepath.Join(elsewhere, "e.wav"), wav(16000, 1, tone(100, 16000)))
	write(t, filepath.Join(elsewhere, "e.lab"), "e")
	link(t, elsewhere, filepath.Join(root, "linked"))
	link(t, elsewhere, filepath.Join(root, "linked2"))
	for i := range 12 { // n folders that link to each other have n! paths
		for j := range 12 {
			link(t, filepath.Join(root, fmt.Sprint("m", j)), filepath.Join(root, fmt.Sprint("m", i), fmt.Sprint("to", j)))
		}
	}
	c := open(t, Spec{Layout: "folder", Root: root})
	if got, want := ids(c), "anna/a1 anna/deep/a2 bert/b 1é linked/e top"; got != want {
		t.Errorf("IDs %q, want %q", got, want)
	}
	count := map[Kind]int{}
	for _, f := range c.Findings {
		count[f.Kind]++
	}
	if count[KindLink] != 2+3+144 || len(count) != 2 {
		t.Errorf("findings by kind: %v", count)
	}
}

func TestHostileNames(t *testing.T) {
	root := t.TempDir()
	sound := wav(16000, 1, tone(1600, 16000))
	good := []string{"with space", "日本語", "quo\"te", "-dash", "a,b;c", "%41", "a'b", ".hidden"}
	bad := []string{"new\nline", "tab\there", "bell\a", "latin\xe9", "esc\x1b[31m"}
	made := 0
	for _, n := range append(append([]string{}, good...), bad...) {
		if err := os.WriteFile(filepath.Join(root, n+".wav"), []byte(sound), 0o666); err != nil {
			t.Logf("this file system refuses %q", n)
			continue
		}
		write(t, filepath.Join(root, n+".lab"), "x")
		made++
	}
	c := open(t, Spec{Layout: "folder", Root: root})
	if len(c.Utterances) != len(good) || len(c.Findings) != made-len(good) {
		t.Errorf("%d utterances %q, %d findings %v", len(c.Utterances), ids(c), len(c.Findings), c.Findings)
	}
	for _, f := range c.Findings {
		if f.Kind != KindName || f.Severity != SeverityError || !plainName(f.String()) {
			t.Errorf("%q", f.String())
		}
	}
}

// A named pipe must not hang the program, wherever it stands.
func TestNamedPipes(t *testing.T) {
	pipe := func(path string) {
		write(t, filepath.Join(filepath.Dir(path), "x"), "")
		os.Remove(path)
		if err := syscall.Mkfifo(path, 0o666); err != nil {
			t.Skip("no named pipes here")
		}
	}
	root := libriSpeech(t)
	dir := filepath.Join(root, "dev-clean", "84", "121123")
	pipe(filepath.Join(root, "SPEAKERS.TXT"))
	pipe(filepath.Join(dir, "84-121123-0001.wav"))
	pipe(filepath.Join(dir, "84-121123-0000.TextGrid"))
	link(t, "84-121123-0001.wav", filepath.Join(dir, "84-121123-0002.wav"))
	tree := t.TempDir()
	pipe(filepath.Join(tree, "84", "84-121123-0000.TextGrid"))
	data := kaldi(t)
	pipe(filepath.Join(data, "text"))
	pipe(filepath.Join(data, "wav", "one.wav"))
	done := make(chan bool)
	go func() {
		defer close(done)
		for _, s := range []Spec{{Layout: "librispeech", Root: root}, {Layout: "librispeech", Root: root, Alignments: tree}, {Layout: "kaldi", Root: data}} {
			c, err := Open(context.Background(), s)
			if err != nil {
				t.Error(err)
				continue
			}
			check(t, c, CheckOptions{Audio: "full"})
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("a named pipe hangs the program")
	}
}

// What can't be read is told with its name, and the rest goes on.
func TestUnreadable(t *testing.T) {
	if os.Getuid() == 0 { // who may read everything: an account without rights runs the test
		test := exec.Command("/proc/self/exe", "-test.run=^TestUnreadable$", "-test.v")
		test.Dir, test.Env = "/", append(os.Environ(), "TMPDIR=/tmp")
		test.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if out, err := test.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestUnreadable") {
			t.Errorf("without root's rights: %v\n%s", err, out)
		}
		return
	}
	root := folder(t)
	if err := os.Chmod(filepath.Join(root, "bert"), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(root, "bert"), 0o777)
	c := open(t, Spec{Layout: "folder", Root: root})
	wantFindings(t, c.Findings, "error unreadable", "warning bad-transcript")
	if len(c.Utterances) != 3 {
		t.Errorf("%d utterances", len(c.Utterances))
	}
}

// A header that promises 4 GB, and a TextGrid with a billion intervals, are refused at their place.
func TestPromises(t *testing.T) {
	root := t.TempDir()
	sound := []byte(wav(16000, 1, tone(1600, 16000)))
	copy(sound[40:], "\x00\x00\x00\xf0")
	write(t, filepath.Join(root, "a.wav"), string(sound))
	write(t, filepath.Join(root, "a.lab"), "a")
	write(t, filepath.Join(root, "a.TextGrid"), strings.Replace(grid(1, tier{"words", labels("a", 1.)}), "intervals: size = 1", "intervals: size = 1000000000", 1))
	c := open(t, Spec{Layout: "folder", Root: root})
	r := check(t, c, CheckOptions{Audio: "full"})
	wantFindings(t, r.Findings, "error bad-audio", "error unreadable")
	for _, f := range r.Findings {
		if f.Kind == KindUnreadable && f.Line == 0 {
			t.Errorf("no line: %v", f)
		}
	}
}

// TestTranscriptMemory: what is kept of a transcript file stays below 20 times its size, whatever its lines are.
func TestTranscriptMemory(t *testing.T) {
	const size = 1 << 18
	lines := func(line func(i int) string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			b.WriteString(line(i))
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"one ID":         lines(func(int) string { return "a\n" }),
		"one utterance":  lines(func(int) string { return "a x\n" }),
		"many IDs":       lines(func(i int) string { return strconv.FormatInt(int64(i), 36) + "\n" }),
		"many texts":     lines(func(i int) string { return strconv.FormatInt(int64(i), 36) + " x\n" }),
		"not UTF-8":      lines(func(int) string { return "a \xff\n" }),
		"one long line":  "a " + lines(func(int) string { return "X " }),
		"words in words": "a " + lines(func(i int) string { return strconv.FormatInt(int64(i), 36) + " " }),
		"dashes":         "a " + lines(func(int) string { return "x--" }),
	} {
		for layout, path := range map[string]string{"librispeech": "dev/1/2/1-2.trans.txt", "kaldi": "text"} {
			root := t.TempDir()
			write(t, filepath.Join(root, filepath.Dir(path), "a.wav"), wav(16000, 1, tone(1600, 16000)))
			write(t, filepath.Join(root, path), text)
			if layout == "kaldi" {
				write(t, filepath.Join(root, "wav.scp"), "a a.wav\n")
			}
			before := heapInUse()
			c, err := Open(context.Background(), Spec{Layout: layout, Root: root})
			var m *matcher
			if err == nil {
				m = newMatcher(SplitWords(c.Utterances[0].Text), nil, nil)
			}
			if times := float64(heapInUse()-before) / size; times > 20 {
				t.Errorf("%s, %s: %.1f times the size of the file (%v)", name, layout, times, err)
			}
			runtime.KeepAlive(c)
			runtime.KeepAlive(m)
		}
	}
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestFindingsOverflow: beyond ten thousand of a kind in one file, findings are counted and not listed.
func TestFindingsOverflow(t *testing.T) {
	const lines = 3 * findingsOfAFile
	root := t.TempDir()
	write(t, filepath.Join(root, "1", "2", "a.wav"), wav(16000, 1, tone(1600, 16000)))
	write(t, filepath.Join(root, "1", "2", "1-2.trans.txt"), strings.Repeat("a x\n", lines))
	c := open(t, Spec{Layout: "librispeech", Root: root})
	r := check(t, c, CheckOptions{LabelsOptional: true})
	if len(c.Findings) > findingsOfAFile+10 {
		t.Errorf("%d findings", len(c.Findings))
	}
	for _, n := range r.Summary {
		if n.Kind == KindDuplicate && (n.Count != lines-1 || n.Listed != 20) {
			t.Errorf("%+v, want %d", n, lines-1)
		}
	}
	if r.Errors() != lines-1 {
		t.Errorf("%d errors", r.Errors())
	}
}
