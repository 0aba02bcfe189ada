package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"speechsim/configs"
	"speechsim/corpus"
	"speechsim/pipeline/plantest"
	"speechsim/pipeline/results"
)

// layoutsOf lay a part of the demo corpora, with faults in it, out in every way that the program reads. Each returns the
// corpus of a config.
var layoutsOf = map[string]func(t *testing.T, dir string) string{
	"librispeech": func(t *testing.T, dir string) string {
		copyTree(t, "../corpus/demo/LibriSpeech", dir, "/21/", "/22/", "SPEAKERS")
		spoil(t, dir, ".flac", ".TextGrid")
		return fmt.Sprintf("{librispeech: {root: %s, subset: demo}}", dir)
	},
	"timit": func(t *testing.T, dir string) string {
		copyTree(t, "../corpus/demo/TIMIT", dir)
		spoil(t, dir, ".WAV", ".WRD")
		return fmt.Sprintf("{timit: {root: %s, fold: 39}}", dir)
	},
	"folder": func(t *testing.T, dir string) string {
		for _, u := range demoUtterances(t) {
			base := filepath.Join(dir, u.Speaker, u.ID)
			copyFile(t, u.AudioPath, base+".flac")
			copyFile(t, u.WordsFile, base+".TextGrid")
			writeFile(t, base+".lab", u.Text)
		}
		spoil(t, dir, ".flac", ".TextGrid")
		return fmt.Sprintf("{folder: {root: %s, speaker: '([0-9]+)-'}}", dir)
	},
	"table": func(t *testing.T, dir string) string {
		lines := "audio\ttext\tspeaker\ttextgrid\tid\n"
		for _, u := range demoUtterances(t) {
			copyFile(t, u.AudioPath, filepath.Join(dir, u.ID+".flac"))
			copyFile(t, u.WordsFile, filepath.Join(dir, "labels", u.ID+".TextGrid"))
			lines += fmt.Sprintf("%s.flac\t%s\t%s\tlabels/%s.TextGrid\t%s\n", u.ID, u.Text, u.Speaker, u.ID, u.ID)
		}
		writeFile(t, filepath.Join(dir, "list.tsv"), lines)
		spoil(t, dir, ".flac", ".TextGrid")
		return fmt.Sprintf("{table: {file: %s/list.tsv}}", dir)
	},
	"kaldi": func(t *testing.T, dir string) string {
		files := map[string]string{}
		c := demo(t)
		for _, u := range demoUtterances(t) {
			copyFile(t, u.AudioPath, filepath.Join(dir, "audio", u.ID+".flac"))
			files["wav.scp"] += u.ID + " audio/" + u.ID + ".flac\n"
			files["text"] += u.ID + " " + u.Text + "\n"
			files["utt2spk"] += u.ID + " " + u.Speaker + "\n"
			a, err := c.Align(&u)
			if err != nil {
				t.Fatal(err)
			}
			for name, tier := range map[string][]corpus.Segment{"words.ctm": a.Words, "phones.ctm": a.Phones} {
				for _, s := range tier {
					if !s.Silent {
						files[name] += fmt.Sprintf("%s 1 %.3f %.3f %s\n", u.ID, s.Start, s.End-s.Start, s.Label)
					}
				}
			}
		}
		for name, text := range files {
			writeFile(t, filepath.Join(dir, "data", name), text)
		}
		spoil(t, dir, ".flac", "")
		return fmt.Sprintf("{kaldi: {root: %s/data, audio: %s}}", dir, dir)
	},
}

const everyUnit = `
models:
  - {name: hubert, onnx: ../models/demo/hubert.onnx, layers: "2"}
  - {name: bert, onnx: ../models/demo/bert.onnx, vocabulary: ../models/demo/bert-vocab.txt, layers: "1"}
  - {name: glove, vectors: ../models/demo/vectors.txt}
  - {name: identity, labels: phone}
comparisons:
  - {name: frames, x: [hubert], y: [identity], metrics: [cka], interval: none}
  - {name: words, rows: {unit: word, pooling: bolanos2024, select: bolanos2024}, x: [hubert], y: [bert, glove], metrics: [cka], interval: none}
  - {name: phones, rows: {unit: phone, pooling: middle}, x: [hubert], y: [identity], metrics: [knn], interval: none}
formats: [svg, csv]
`

// TestEveryLayout: check and run work on the demo corpora in every layout, and what check says will be dropped is what run
// drops, to the row: faults of files and of single segments alike.
func TestEveryLayout(t *testing.T) {
	for _, layout := range corpus.Layouts() {
		t.Run(layout, func(t *testing.T) {
			dir := t.TempDir()
			cfg, err := configs.Parse([]byte("name: run\ncorpus: "+layoutsOf[layout](t, filepath.Join(dir, "corpus"))+everyUnit), "x.yaml", nil)
			if err != nil {
				t.Fatal(err)
			}
			checkIsRun(t, cfg, dir, true)
		})
	}
}

// TestKaldiSegments: check needs no more than headers to see the segments that run skips, those that end after their
// recording or are of a channel that it lacks.
func TestKaldiSegments(t *testing.T) {
	dir := t.TempDir()
	text := layoutsOf["kaldi"](t, filepath.Join(dir, "corpus"))
	recordings, segments := "", ""
	for i, u := range demoUtterances(t)[3:] { // the sounds before them are spoilt
		recordings += u.ID + " audio/" + u.ID + ".flac\n"
		segments += u.ID + " " + u.ID + " 0 " + []string{"600", "-1 1", "-1 0", "-1"}[min(i, 3)] + "\n"
	}
	writeFile(t, filepath.Join(dir, "corpus", "data", "wav.scp"), recordings)
	writeFile(t, filepath.Join(dir, "corpus", "data", "segments"), segments)
	cfg, err := configs.Parse([]byte("name: run\ncorpus: "+text+everyUnit), "x.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	checkIsRun(t, cfg, dir, false)
}

// TestAlignmentsOfOthers: what shows that alignments are not those of the audio drops the same utterances in check and in run; labels
// of noise are no rows in either; and speakers and groups are those of the utterances that are left.
func TestAlignmentsOfOthers(t *testing.T) {
	dir := t.TempDir()
	text := []string{}
	for i, u := range demo(t).Utterances[:15] { // of three speakers
		base := filepath.Join(dir, "corpus", u.Speaker, u.ID)
		labels := readFile(t, u.WordsFile)
		switch {
		case u.Speaker == "22":
			labels = `File type = "ooTextFile" Object class = "TextGrid" 0 0.5 <exists> 2 "IntervalTier" "words" 0 0.5 1 0 0.5 "x" "IntervalTier" "phones" 0 0.5 1 0 0.5 "x"`
		case i == 3:
			labels = movedTimes(labels, 1)
		case i == 4:
			labels = strings.NewReplacer(`text = "AH0"`, `text = "{LG}"`).Replace(labels)
		}
		copyFile(t, u.AudioPath, base+".flac")
		writeFile(t, base+".TextGrid", labels)
		text = append(text, u.Text)
	}
	text[0], text[6] = text[6], text[0]
	for i, u := range demo(t).Utterances[:15] {
		writeFile(t, filepath.Join(dir, "corpus", u.Speaker, u.ID+".lab"), text[i])
	}
	cfg, err := configs.Parse([]byte("name: run\ncorpus: {folder: {root: "+dir+"/corpus}}"+everyUnit), "x.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	checkIsRun(t, cfg, dir, false)
	checked, err := Check(context.Background(), cfg, false, Options{Workers: 2, Store: filepath.Join(dir, "store")})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(checked.Refused); n != 7 || checked.Speakers != 2 || checked.Groups != 2 {
		t.Errorf("%d refused, %d speakers, %d groups, want 7, 2, 2", n, checked.Speakers, checked.Groups)
	}
	if manifest := readFile(t, filepath.Join(dir, "runs", "run", "manifest.json")); !strings.Contains(manifest, `"speakers": 2`) {
		t.Error("the run counts other speakers")
	}
	if page := readFile(t, filepath.Join(dir, "runs", "run", "report.html")); !strings.Contains(page, "its times were moved to the beginning of the audio") {
		t.Error("the page does not say that the times of a TextGrid were moved")
	}
	if got := checked.Rows[1].Dropped["not a phone"]; got == 0 {
		t.Errorf("dropped phones: %v", checked.Rows[1].Dropped)
	}
}

// TestShiftedLabels: labels that are shifted against the sound by a constant are said by check, by a run before it computes, and on
// its page; --strict refuses them. Good ones are not suspected.
func TestShiftedLabels(t *testing.T) {
	plantest.NeedRuntime(t)
	for _, by := range []float64{0, .15} {
		dir := t.TempDir()
		for _, u := range demoUtterances(t) {
			base := filepath.Join(dir, "corpus", u.Speaker, u.ID)
			copyFile(t, u.AudioPath, base+".flac")
			writeFile(t, base+".TextGrid", shiftedTimes(readFile(t, u.WordsFile), by))
			writeFile(t, base+".lab", u.Text)
		}
		cfg, err := configs.Parse([]byte("name: run\ncorpus: {folder: {root: "+dir+"/corpus}}"+everyUnit), "x.yaml", nil)
		if err != nil {
			t.Fatal(err)
		}
		says := func(text string) bool {
			return regexp.MustCompile(`[Tt]he sound comes 1[345]0 ms earlier than the labels say, in \d+ of 10 utterances`).MatchString(text)
		}
		o := Options{Workers: 2, Runs: filepath.Join(dir, "runs"), Store: filepath.Join(dir, "store")}
		for _, samples := range []bool{false, true} {
			checked, err := Check(context.Background(), cfg, samples, o)
			if err != nil {
				t.Fatal(err)
			}
			told := 0
			for _, f := range checked.Findings {
				if f.Kind == corpus.KindShift && f.Utterance == "" && says(f.Message) {
					told++
				}
			}
			if told != int(math.Ceil(by)) {
				t.Errorf("check of labels shifted by %g s, all samples: %v: %v", by, samples, checked.Findings)
			}
		}
		strict := o
		strict.Strict = true
		run, err := Prepare(context.Background(), cfg, strict)
		if (err != nil) != (by != 0) || err != nil && !strings.Contains(err.Error(), "--strict refuses a corpus of which this is so: the sound comes") {
			t.Errorf("--strict with labels shifted by %g s: %v", by, err)
		}
		if err == nil {
			run.Close()
		}
		if run, err = Prepare(context.Background(), cfg, o); err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		outcome, err := run.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if page := readFile(t, filepath.Join(outcome.Dir, "report.html")); says(page) != (by != 0) {
			t.Errorf("the page of a run with labels shifted by %g s", by)
		}
	}
}

// shiftedTimes moves the labels of a TextGrid in the long form later, inside the time that it has.
func shiftedTimes(grid string, by float64) string {
	times := regexp.MustCompile(`(xmin|xmax) = ([0-9.]+)`)
	end, _ := strconv.ParseFloat(times.FindAllStringSubmatch(grid, 2)[1][2], 64)
	return times.ReplaceAllStringFunc(grid, func(s string) string {
		at, _ := strconv.ParseFloat(s[len("xmin = "):], 64)
		if at > 0 {
			at = min(at+by, end)
		}
		return fmt.Sprintf("%s = %.6f", s[:4], at)
	})
}

// movedTimes adds seconds to all times of a TextGrid in the long form.
func movedTimes(grid string, by float64) string {
	return regexp.MustCompile(`(xmin|xmax) = [0-9.]+`).ReplaceAllStringFunc(grid, func(s string) string {
		at, _ := strconv.ParseFloat(s[len("xmin = "):], 64)
		return fmt.Sprintf("%s = %.6f", s[:4], at+by)
	})
}

// checkIsRun runs a config and compares what check, with or without a look at the samples, says with what the run did.
func checkIsRun(t *testing.T, cfg *configs.Config, dir string, samples bool) {
	t.Helper()
	plantest.NeedRuntime(t)
	o := Options{Workers: 2, Runs: filepath.Join(dir, "runs"), Store: filepath.Join(dir, "store")}
	checked, err := Check(context.Background(), cfg, samples, o)
	if err != nil || checked.Unknown != "" {
		t.Fatal(err, checked.Unknown)
	}
	said := filepath.Join(dir, "said.csv")
	if err := checked.WriteDropped(said); err != nil {
		t.Fatal(err)
	}
	plan, err := Prepare(context.Background(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	defer plan.Close()
	outcome, err := plan.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range outcomeCells(t, outcome) {
		if !c.OK() || c.N == 0 {
			t.Errorf("%s %s %s: %s", c.Comparison, c.X, c.Y, c.Error)
		}
	}
	want, got := readFile(t, filepath.Join(outcome.Dir, "dropped.csv")), readFile(t, said)
	if got != want {
		t.Errorf("check says\n%s\nand run drops\n%s", unlike(got, want), unlike(want, got))
	}
	var skipped []string
	for _, f := range outcome.Failed {
		skipped = append(skipped, f.Utterance)
	}
	slices.Sort(skipped)
	refused := slices.Sorted(slices.Values(checked.Refused))
	if !slices.Equal(slices.Compact(skipped), refused) {
		t.Errorf("check refuses %q, run skips %q", refused, skipped)
	}
	for i, a := range outcome.Accounts {
		if b := checked.Rows[i]; a.Out != b.Out || a.In != b.In || a.Out == 0 {
			t.Errorf("%s: run has %d rows of %d segments, check says %d of %d", a.Comparison, a.Out, a.In, b.Out, b.In)
		}
	}
}

// TestSharedData: check and run work on real recordings: a short-form TextGrid with its WAV and IPA phones, LibriSpeech
// without alignments, NIST SPHERE.
func TestSharedData(t *testing.T) {
	const root = "../../shared/data"
	if _, err := os.Stat(root); err != nil {
		t.Skip("shared data not found")
	}
	const models = "\nmodels:\n  - {name: hubert, onnx: ../models/demo/hubert.onnx, layers: '2'}\n  - {name: phones, labels: phone}\n  - {name: mel, labels: logmel}\ncomparisons:\n"
	const frames = "  - {name: frames, models: [hubert, mel], metrics: [cka], interval: none}\n"
	for name, text := range map[string]string{
		"mfa": "corpus: {folder: {root: " + root + "/mfa}}" + models + frames + `
  - {name: words, rows: {unit: word}, x: [hubert], y: [mel], metrics: [cka], interval: none}
  - {name: phones, rows: {unit: phone, pooling: max}, x: [hubert], y: [phones], metrics: [cka, knn], interval: none}
`,
		"LibriSpeech": "corpus: {librispeech: {root: " + root + "/LibriSpeech}}" + strings.Replace(models, "  - {name: phones, labels: phone}\n", "", 1) + frames,
		"sphere":      "audio: {channel: mix, resample: true}\ncorpus: {folder: {root: " + root + "/sphere}}" + strings.Replace(models, "  - {name: phones, labels: phone}\n", "", 1) + frames,
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := configs.Parse([]byte("name: run\n"+text), "x.yaml", nil)
			if err != nil {
				t.Fatal(err)
			}
			checkIsRun(t, cfg, t.TempDir(), true)
		})
	}
}

func outcomeCells(t *testing.T, o *Outcome) []results.Cell {
	t.Helper()
	cells, err := results.ReadFile(filepath.Join(o.Dir, "results.jsonl"))
	if err != nil || len(cells) == 0 {
		t.Fatalf("%d cells: %v", len(cells), err)
	}
	return cells
}

// unlike are the first lines of a that b lacks.
func unlike(a, b string) string {
	has := map[string]bool{}
	for line := range strings.Lines(b) {
		has[line] = true
	}
	out := ""
	for line := range strings.Lines(a) {
		if !has[line] && len(out) < 2000 {
			out += line
		}
	}
	return out
}

// spoil makes faults in the files of a corpus below dir, in the order of their names: audio that is missing, cut short,
// and no audio; labels that are missing and no labels.
func spoil(t *testing.T, dir, audio, labels string) {
	t.Helper()
	cut := func(path string) { writeFile(t, path, readFile(t, path)[:3000]) }
	nonsense := func(path string) { writeFile(t, path, "nonsense\n") }
	remove := func(path string) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for ext, faults := range map[string][]func(string){audio: {remove, cut, nonsense}, labels: {nil, nil, nil, remove, nonsense}} {
		var files []string
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if ext != "" && strings.HasSuffix(path, ext) {
				files = append(files, path)
			}
			return err
		})
		if err != nil || len(files) < 2*len(faults) && ext != "" {
			t.Fatalf("%d files %s below %s: %v", len(files), ext, dir, err)
		}
		for i, fault := range faults {
			if fault != nil && ext != "" {
				fault(files[i])
			}
		}
	}
}

// demo opens the demo LibriSpeech.
func demo(t *testing.T) *corpus.Corpus {
	t.Helper()
	s := corpus.Default("librispeech")
	s.Root, s.Subset = "../corpus/demo/LibriSpeech", "demo"
	c, err := corpus.Open(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// demoUtterances are those of the demo's first two speakers.
func demoUtterances(t *testing.T) []corpus.Utterance {
	var out []corpus.Utterance
	for _, u := range demo(t).Utterances {
		if u.Speaker == "21" || u.Speaker == "22" {
			out = append(out, u)
		}
	}
	return out
}

// copyTree copies the files below from whose path has one of the parts; none: all.
func copyTree(t *testing.T, from, to string, parts ...string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || len(parts) > 0 && !slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(path, p) }) {
			return err
		}
		rel, err := filepath.Rel(from, path)
		copyFile(t, path, filepath.Join(to, rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	writeFile(t, to, readFile(t, from))
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}
