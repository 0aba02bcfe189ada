package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"speechsim/configs"
	"speechsim/pipeline/progress"
)

// entry is a member of an archive that a test makes.
type entry struct{ name, text, link string }

func makeTar(t *testing.T, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.text)), Typeflag: tar.TypeReg}
		switch {
		case e.link == "hard":
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, "/etc/passwd", 0
		case e.link != "":
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, e.link, 0
		case strings.HasSuffix(e.name, "/"):
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func makeZip(t *testing.T, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(0o644)
		if e.link != "" {
			h.SetMode(os.ModeSymlink | 0o777)
			e.text = e.link
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sourcesOf are sources whose archives a server gives.
func sourcesOf(t *testing.T, served map[string][]byte) (sources, *[]string) {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		data, ok := served[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write(data)
	}))
	t.Cleanup(server.Close)
	of := func(name string, texts ...string) archive {
		return archive{what: name, address: server.URL + "/" + name, sum: checksum(fmt.Sprintf("md5:%x", md5.Sum(served[name]))), size: int64(len(served[name])), licence: "none", texts: texts}
	}
	return sources{
		hub:         server.URL,
		librispeech: map[string]archive{"dev-clean": of("dev-clean.tar.gz"), "test-clean": of("test-clean.tar.gz")},
		alignments:  of("alignments.zip"),
		glove:       map[string]archive{"glove.6B.zip": of("glove.6B.zip", "glove.6B.50d.txt", "glove.6B.300d.txt")},
	}, &asked
}

// config reads a config of one corpus and some models.
func config(t *testing.T, dir, corpus, models string) *configs.Config {
	t.Helper()
	text := "corpus: " + corpus + "\nmodels: [" + models + "]\ncomparisons: [{models: [m], rows: {unit: word}, metrics: [cka]}]\n"
	cfg, err := configs.Parse([]byte(text), filepath.Join(dir, "t.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func fetchConfig(t *testing.T, cfg *configs.Config, from sources) error {
	t.Helper()
	plan, err := makePlan(t.Context(), needsOf(cfg, from), from, progress.Quiet{})
	if err != nil {
		return err
	}
	plan.client.pause = (&pauses{}).pause
	return plan.Run(t.Context())
}

func TestArchives(t *testing.T) {
	setup(t)
	corpus := func(name, text string) []entry {
		return []entry{{name: "LibriSpeech/"}, {name: "LibriSpeech/SPEAKERS.TXT", text: "; " + name}, {name: "LibriSpeech/" + name + "/84/121123/84-121123-0000.flac", text: text},
			{name: "LibriSpeech/" + name + "/84/121123/84-121123.trans.txt", text: "84-121123-0000 GO"}}
	}
	grids := []entry{{name: "LibriSpeech/dev-clean/84/121123/84-121123-0000.TextGrid", text: "dev"}, {name: "LibriSpeech/test-clean/1/2/1-2-0000.TextGrid", text: "test"},
		{name: "LibriSpeech/train-clean-100/1/2/1-2-0001.TextGrid", text: "train"}}
	served := map[string][]byte{
		"dev-clean.tar.gz": makeTar(t, corpus("dev-clean", "fLaC")), "test-clean.tar.gz": makeTar(t, corpus("test-clean", "fLaC2")), "alignments.zip": makeZip(t, grids),
		"glove.6B.zip": makeZip(t, []entry{{name: "glove.6B.50d.txt", text: "the 1"}, {name: "glove.6B.300d.txt", text: "the 1 2 3"}}),
	}
	from, asked := sourcesOf(t, served)
	dir := t.TempDir()
	cfg := config(t, dir, `{librispeech: {root: data/LibriSpeech, subset: "dev-clean, test-clean", alignments: data/aligned}}`,
		"{name: m, vectors: vectors/glove.6B.300d.txt}, {name: n, vectors: vectors/glove.6B.50d.txt}, {name: z, vectors: glove.6B.zip}")
	if err := fetchConfig(t, cfg, from); err != nil {
		t.Fatal(err)
	}
	want := "data/LibriSpeech/SPEAKERS.TXT data/LibriSpeech/dev-clean/84/121123/84-121123-0000.flac data/LibriSpeech/dev-clean/84/121123/84-121123.trans.txt " +
		"data/LibriSpeech/test-clean/84/121123/84-121123-0000.flac data/LibriSpeech/test-clean/84/121123/84-121123.trans.txt " +
		"data/aligned/dev-clean/84/121123/84-121123-0000.TextGrid data/aligned/test-clean/1/2/1-2-0000.TextGrid glove.6B.zip vectors/glove.6B.300d.txt vectors/glove.6B.50d.txt"
	if got := tree(t, dir); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(*asked) != 5 {
		t.Errorf("asked for %v: five archives", *asked)
	}
	// What is there is left alone, and what is not is fetched alone.
	if err := os.RemoveAll(filepath.Join(dir, "data", "aligned", "test-clean")); err != nil {
		t.Fatal(err)
	}
	if err := fetchConfig(t, cfg, from); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(*asked) != 6 {
		t.Errorf("asked for %v: the alignments once more", *asked)
	}
	// The folder of one subset is enough.
	cfg = config(t, dir, "{librispeech: {root: other/dev-clean}}", "{name: m, labels: word}")
	if err := fetchConfig(t, cfg, from); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, filepath.Join(dir, "other")); !strings.Contains(got, "dev-clean/84/121123/84-121123-0000.flac") {
		t.Errorf("got %s", got)
	}
}

func TestArchiveFails(t *testing.T) {
	setup(t)
	served := map[string][]byte{"glove.6B.zip": []byte("PK")}
	from, _ := sourcesOf(t, served)
	dir := t.TempDir()
	cfg := config(t, dir, "{librispeech: {root: L, subset: dev-clean}}", "{name: m, vectors: glove.6B.300d.txt}")
	err := fetchConfig(t, cfg, from)
	for _, want := range []string{"/dev-clean.tar.gz: the server answers 404 Not Found", "unpacking " + filepath.Join(dir, ".glove.6B.zip") + ": zip: not a valid zip file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
	served["dev-clean.tar.gz"] = []byte("another")
	if err := fetchConfig(t, cfg, from); err == nil || !strings.Contains(err.Error(), "dev-clean.tar.gz: the checksum is md5:") {
		t.Errorf("%v", err)
	}
}

// TestHostileArchives: nothing is written outside, no link is made, and nothing that was begun is taken for whole.
func TestHostileArchives(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries []entry
		want    string
	}{
		{"up", []entry{{name: "L/dev-clean/../../../../escaped", text: "x"}}, "would be written outside"},
		{"root", []entry{{name: "/dev-clean/x", text: "x"}}, "would be written outside"},
		{"backslash", []entry{{name: `dev-clean\..\..\x`, text: "x"}}, "would be written outside"},
		{"link", []entry{{name: "dev-clean/x", text: "x"}, {name: "dev-clean/etc", link: "/etc"}}, "is a link or a device"},
		{"twice", []entry{{name: "dev-clean/x", text: "x"}, {name: "dev-clean/./x", text: "y"}}, "is in it twice"},
		{"a bomb", []entry{{name: "dev-clean/x", text: strings.Repeat("0", 40<<20)}}, "it becomes more than any such archive does"},
		{"nothing of it", []entry{{name: "test-clean/x", text: "x"}}, "there is no dev-clean in it"},
		{"file for a folder", []entry{{name: "dev-clean/x", text: "x"}, {name: "dev-clean/x/y", text: "y"}}, "not a directory"},
	} {
		for kind, made := range map[string][]byte{".tar.gz": makeTar(t, c.entries), ".zip": makeZip(t, c.entries)} {
			dir := t.TempDir()
			file := filepath.Join(dir, "a"+kind)
			if err := os.WriteFile(file, made, 0o644); err != nil {
				t.Fatal(err)
			}
			err := unpack(t.Context(), file, []wanted{{"dev-clean", filepath.Join(dir, "in", "dev-clean")}}, true)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s%s: %v, want %s", c.name, kind, err, c.want)
			}
			if got := tree(t, dir); got != "a"+kind {
				t.Errorf("%s%s: left %s", c.name, kind, got)
			}
		}
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"hard.tar.gz": makeTar(t, []entry{{name: "dev-clean/x", link: "hard"}}), "cut.tar.gz": makeTar(t, []entry{{name: "dev-clean/x", text: "x"}})[:40]} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := unpack(t.Context(), file, []wanted{{"dev-clean", filepath.Join(dir, "dev-clean")}}, false); err == nil {
			t.Errorf("%s was unpacked", name)
		}
	}
}

func TestPlanText(t *testing.T) {
	setup(t)
	dir := t.TempDir()
	cfg := config(t, dir, "{timit: {root: timit}}", "{name: m, onnx: m.onnx}, {name: g, vectors: mine.txt}, {name: c, checkpoint: facebook/hubert-base-ls960}, {name: p, checkpoint: ./nowhere}")
	plan, err := makePlan(t.Context(), needsOf(cfg, published), published, progress.Quiet{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := plan.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"facebook/hubert-base-ls960 at dba3bb02fda4", "licence: apache-2.0", "to " + filepath.Join(os.Getenv("HF_HOME"), "hub", "models--facebook--hubert-base-ls960"),
		"corpus.timit.root " + filepath.Join(dir, "timit") + ": TIMIT, catalogue number LDC93S1", "model m: onnx " + filepath.Join(dir, "m.onnx"), "model g: vectors " + filepath.Join(dir, "mine.txt"),
		"model p: checkpoint " + filepath.Join(dir, "nowhere") + ": a checkpoint of transformers",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, b.String())
		}
	}
	if err := plan.CheckDisk(); err != nil {
		t.Error(err)
	}
	for _, it := range plan.items {
		it.disk = 1 << 60
	}
	if err := plan.CheckDisk(); err == nil || !strings.Contains(err.Error(), "free, and 1") {
		t.Errorf("%v", err)
	}
	cfg = config(t, dir, "{timit: {root: timit}}", "{name: m, checkpoint: facebook/nosuch}")
	if _, err := makePlan(t.Context(), needsOf(cfg, published), published, progress.Quiet{}); err == nil || !strings.Contains(err.Error(), "t.yaml:2:10: model \"m\": checkpoint: asking for facebook/nosuch: there is no") {
		t.Errorf("%v", err)
	}
}

// FuzzUnpack: whatever an archive holds, files are written in the folder that is wanted alone, and no links.
func FuzzUnpack(f *testing.F) {
	var t testing.T
	for _, entries := range [][]entry{
		{{name: "L/dev-clean/1/x.flac", text: "x"}, {name: "L/SPEAKERS.TXT", text: "y"}}, {{name: "dev-clean/../../x", text: "x"}}, {{name: "dev-clean/etc", link: "/etc"}, {name: "dev-clean/etc/x", text: "x"}},
	} {
		f.Add(makeTar(&t, entries), false)
		f.Add(makeZip(&t, entries), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, isZip bool) {
		dir := t.TempDir()
		file := filepath.Join(dir, "a.zip")
		if !isZip {
			file = filepath.Join(dir, "a.tar.gz")
			if !bytes.HasPrefix(data, []byte("\x1f\x8b")) { // the tar itself is what may be odd
				var b bytes.Buffer
				z := gzip.NewWriter(&b)
				z.Write(data)
				z.Close()
				data = b.Bytes()
			}
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		in := filepath.Join(dir, "deep", "er")
		err := unpack(t.Context(), file, []wanted{{"dev-clean", filepath.Join(in, "dev-clean")}}, true)
		items, _ := os.ReadDir(dir)
		if len(items) > 2 {
			t.Fatalf("written outside: %v", items)
		}
		for _, path := range strings.Fields(tree(t, filepath.Join(dir, "deep"))) {
			if !strings.HasPrefix(path, "er/") || err != nil && strings.HasPrefix(path, "er/dev-clean/") {
				t.Fatalf("%s is there, with the error %v", path, err)
			}
		}
		if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !d.Type().IsRegular() {
				err = fmt.Errorf("%s is no file", path)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
