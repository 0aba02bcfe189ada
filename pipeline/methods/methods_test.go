package methods

import (
	"slices"
	"strings"
	"testing"

	"speechsim/metrics"
	"speechsim/models/checkpoint"
	"speechsim/pipeline/results"
)

const manifest = `{"name": "n", "config": {"corpus": {"timit": {"split": "test", "root": "/data/TIMIT"}},
	"models": [{"name": "hubert", "label": "HuBERT Base", "control": ["my_model"], "checkpoint": "facebook/hubert-base-ls960"}, {"name": "drawn", "checkpoint": "facebook/hubert-base-ls960", "weights": "random", "seed": 3}, {"name": "logmel", "labels": "logmel"}, {"name": "my_model", "onnx": "m.onnx"}],
	"comparisons": [{"name": "k", "x": ["hubert", "drawn"], "y": ["logmel"], "rows": {"unit": "word", "pooling": "pasad2021"}, "null": {"correct": "fdr"}}, {"name": "maps", "models": ["hubert"], "rows": {"unit": "frame"}}]},
	"inputs": {"corpus": "0123456789abcdef", "checkpoints": {"hubert": {"path": "/cache/x", "id": "facebook/hubert-base-ls960", "revision": "main", "commit": "0123456789abcdef01234567"}, "drawn": {"id": "facebook/hubert-base-ls960", "commit": "0123456789abcdef01234567"}}},
	"versions": {"pipeline": "9.9", "onnxruntime": "1.0", "blas": "openblas 1"}, "corpus": {"root": "/data/TIMIT", "usable": 12000, "hours": 2.5, "speakers": 1, "groups": ["a", "b", "c"]},
	"models": [{"name": "hubert", "file": "/cache/x", "family": "hubert", "layers": ["0", "1", "2"], "units": [768, 768, 768]}, {"name": "drawn", "file": "/cache/x", "layers": ["0", "7"], "units": [4, 8]}, {"name": "logmel", "layers": ["logmel"], "units": [80]}, {"name": "my_model", "file": "/data/m.onnx", "layers": ["0"], "units": [1]}],
	"rows": [{"comparison": "k", "segments": 100, "used": 90, "dropped": {"silence": 9, "out of vocabulary": 1}}], "skipped": [{}]}`

func cells() []results.Cell {
	return []results.Cell{
		{Comparison: "k", Metric: "cka", Variant: "debiased", N: 90, Value: new(.5), Lo: new(.4), Hi: new(.6), P: new(.01), Null: &results.Null{Draws: 119, About: "5 groups permuted among those of like size, 50 of 90 rows, each of 120 orders once"}, Groups: &results.Groups{Grouped: new(.5)}},
		{Comparison: "k", Metric: "svcca", Variant: "textbook", N: 90, Value: new(.5)},
		{Comparison: "maps", Metric: "attention", Variant: "pearson", N: 12345, Value: new(.5)},
	}
}

func TestOf(t *testing.T) {
	m, err := Of([]byte(manifest), cells())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"The corpus was folder TIMIT, part test, speech in the layout of TIMIT (Garofolo et al. 1993): 12\u00a0000 utterances of 1 speaker, 2.5 hours. The utterances belong to 3 groups, which are taken to be independent of each other. 1 utterance could not be read",
		"Compared were: HuBERT Base, checkpoint facebook/hubert-base-ls960, revision main, commit 0123456789ab (facebook/hubert-base-ls960), of the architecture of HuBERT (Hsu et al. 2021), layers 0 to 2 of 768 units; ",
		"drawn, the untrained control of HuBERT Base, checkpoint facebook/hubert-base-ls960, commit 0123456789ab, with weights drawn anew (seed 3), layers 0 and 7 of 4 to 8 units; my_model, the untrained control of HuBERT Base, file m.onnx, 1 unit. In the place of models stood 80 log-mel filters.",
		"A layer's row of a word is the mean of its frames (Pasad et al. 2021).",
		"In k, HuBERT Base and drawn were compared with log-mel filters by CKA, debiased (Kornblith et al. 2019; Song et al. 2012); and by SVCCA, textbook (Raghu et al. 2017), on words: 90 of 100 segments.",
		"In maps, the layers of HuBERT Base were compared with one another by Attention, pearson (El Kheir et al. 2024), on attention maps (n = 12\u00a0345). Segments were left out: 1 as out of vocabulary and 9 as silence.",
		"in k 5 groups permuted among those of like size, 50 of 90 rows, each of 120 orders once, 119 draws. Whole groups are exchanged, row by row, because rows of a group resemble each other; each is cut to as many rows as the shortest that it is exchanged with, so p and the chance level are of fewer rows than the value beside them",
		"and is corrected over all cells of a comparison for the false discovery rate (Benjamini and Hochberg 1995).",
		"one group of utterances at a time (3 groups), about the value less its bias (Busing et al. 1999)", "pairs of rows of different groups alone",
		"To get the same numbers: pipeline 9.9, ONNX Runtime 1.0, linear algebra by openblas 1, and a corpus whose SHA-256 begins with 0123456789ab.",
	} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the text does not say %q:\n%s", want, m.Text)
		}
	}
	for _, want := range []string{"% needs \\usepackage{natbib}\n", "\n\\providecommand{\\citep}{\\cite}\n", `my\_model`, `(95~\%)`, `\citep{kornblith2019,song2012}`, `12~000`} {
		if !strings.Contains(m.LaTeX, want) {
			t.Errorf("the LaTeX does not say %q:\n%s", want, m.LaTeX)
		}
	}
	for _, want := range []string{"@inproceedings{kornblith2019,", "@misc{facebook:hubert-base-ls960,", "@article{hsu2021,", "howpublished = {Hugging Face hub, commit 0123456789\\allowbreak{}abcdef0123\\allowbreak{}4567}"} {
		if strings.Count(m.BibTeX, want) != 1 {
			t.Errorf("the bibliography does not have %q once:\n%s", want, m.BibTeX)
		}
	}
	for _, wrong := range []string{"westfall1993", "morcos2018", "%s", mark} {
		if strings.Contains(m.BibTeX+m.Text+m.LaTeX, wrong) {
			t.Errorf("%q is written", wrong)
		}
	}
}

// TestNothingIsSaidOfWhatIsNot: a run without intervals and nulls.
func TestNothingIsSaidOfWhatIsNot(t *testing.T) {
	m, err := Of([]byte(manifest), cells()[1:])
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.Text, "interval") || strings.Contains(m.Text, "Chance") {
		t.Error(m.Text)
	}
	if _, err := Of([]byte("{"), nil); err == nil {
		t.Error("half a manifest is read")
	}
}

// TestReferences: each metric has its papers, and each paper an entry with braces that close.
func TestReferences(t *testing.T) {
	known := map[string]bool{}
	for _, r := range references {
		known[r.key] = true
		if strings.Count(r.bibtex, "%s") != 1 || strings.Count(r.bibtex, "{") != strings.Count(r.bibtex, "}") {
			t.Errorf("%s: %s", r.key, r.bibtex)
		}
	}
	for _, m := range metrics.All() {
		if len(sourcesOf[m.Name]) == 0 {
			t.Errorf("metric %s has no source", m.Name)
		}
	}
	for m, keys := range sourcesOf {
		for _, key := range keys {
			if !known[key] {
				t.Errorf("%s: no entry %s", m, key)
			}
		}
	}
}

// TestFamilies: each family that a card can name has its paper.
func TestFamilies(t *testing.T) {
	for _, name := range checkpoint.Families() {
		f, known := families[name]
		if !known || !slices.ContainsFunc(ofModels, func(r reference) bool { return r.key == f.key }) {
			t.Errorf("family %s has no paper", name)
		}
	}
	for file, want := range map[string]bool{"/data/glove.6B.300d.zip": true, "vectors.txt": false, "my-glove.txt": false} {
		if _, known := vectorsOf(file); known != want {
			t.Errorf("%s is GloVe: %v", file, known)
		}
	}
}

// TestCorpora: speech that only lies in the layout of a corpus is not called that corpus.
func TestCorpora(t *testing.T) {
	for _, test := range []struct {
		layout, part string
		speakers     int
		own          bool
	}{
		{"librispeech", "test-other", 10, true}, {"librispeech", "dev-clean,dev-other", 73, true}, {"librispeech", "demo", 13, false}, {"librispeech", "", 13, false},
		{"timit", "train", 462, true}, {"timit", "train", 4, false}, {"timit", "", 630, true}, {"timit", "core-test", 24, true},
	} {
		if c := corpora[test.layout]; c.own(test.part, test.speakers) != test.own {
			t.Errorf("%s, part %q of %d speakers, is of %s: %v", test.layout, test.part, test.speakers, c.name, !test.own)
		}
	}
}

// TestEntriesAreWhole: BibTeX finds in each entry what one of its type has to have.
func TestEntriesAreWhole(t *testing.T) {
	need := map[string][]string{"inproceedings": {"booktitle"}, "article": {"journal"}, "book": {"publisher"}, "misc": {"howpublished"}}
	for _, r := range slices.Concat(references, ofModels) {
		kind, _, _ := strings.Cut(strings.TrimPrefix(r.bibtex, "@"), "{")
		fields, known := need[kind]
		if !known {
			t.Errorf("%s: no rule for an entry of type %q", r.key, kind)
		}
		for _, field := range append([]string{"author", "title", "year"}, fields...) {
			if !strings.Contains(strings.ReplaceAll(r.bibtex, " ", ""), field+"={") {
				t.Errorf("%s has no %s", r.key, field)
			}
		}
	}
}
