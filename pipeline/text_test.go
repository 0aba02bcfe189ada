package pipeline

import (
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"speechsim/configs"
	"speechsim/pipeline/internal/npy"
)

// written is an utterance of testdata/text: what transformers' BERT gives for the words of its transcript.
type written struct {
	Text   string        `json:"text"`
	Labels []string      `json:"labels"`
	Rows   [][][]float64 `json:"rows"` // by label and layer; nil where the transcript has no such word
}

const readText = `
models:
  - {name: bert, onnx: ../models/testdata/bert.full17.onnx, vocabulary: testdata/text/vocab.txt}
  - {name: length, labels: length}
rows: {unit: word}
comparisons:
  - {name: words, x: [bert], y: [length], metrics: [cka], interval: none}
formats: [svg, csv]
`

// TestTextAsWritten: word vectors of a text model are those of transformers on the same transcript, with its punctuation; what
// becomes of words that the transcript or the alignment lacks is said.
func TestTextAsWritten(t *testing.T) {
	var utterances map[string]written
	if err := json.Unmarshal([]byte(readFile(t, "testdata/text/golden.json")), &utterances); err != nil {
		t.Fatal(err)
	}
	// Without a transcript, the text is that of the alignment.
	silent := utterances["plain"]
	silent.Text = ""
	utterances["none"] = silent
	// A transcript of more tokens than the model has positions is not cut.
	utterances["long"] = written{Text: strings.Repeat("ship, ", 20), Labels: []string{"ship"}, Rows: make([][][]float64, 1)}

	dir := t.TempDir()
	for name, u := range utterances {
		base := filepath.Join(dir, "corpus", name)
		writeFile(t, base+".wav", quiet(16000))
		writeFile(t, base+".TextGrid", textGrid(u.Labels))
		if u.Text != "" {
			writeFile(t, base+".lab", u.Text+"\n")
		}
	}
	cfg, err := configs.Parse([]byte("name: run\ncorpus: {folder: {root: "+dir+"/corpus}}"+readText), "x.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	checkIsRun(t, cfg, dir, false)

	rows := storedRows(t, filepath.Join(dir, "store"))
	for name, u := range utterances {
		for segment, want := range u.Rows {
			got := rows[name+" "+strconv.Itoa(segment)]
			if (got == nil) != (want == nil) {
				t.Errorf("%s, %q: found a row: %t, want %t", name, u.Labels[segment], got != nil, want != nil)
			}
			for layer := range got {
				for i := range got[layer] {
					if d := math.Abs(got[layer][i] - want[layer][i]); !(d <= 1e-5) {
						t.Fatalf("%s, %q, layer %d, unit %d: %g, want %g", name, u.Labels[segment], layer, i, got[layer][i], want[layer][i])
					}
				}
			}
		}
	}
	dropped := readFile(t, filepath.Join(dir, "runs", "run", "dropped.csv"))
	for _, line := range []string{
		"words,lacking,1,ship,0.12,0.2,transcript mismatch (bert)\n",
		"words,lacking,3,untimely,0.32,0.4,transcript mismatch (bert)\n",
		"words,lacking,,captain,,,word not aligned\n",
		"words,long,0,ship,0,0.12,transcript too long for the model (bert)\n",
	} {
		if !strings.Contains(dropped, line) {
			t.Errorf("dropped.csv lacks %q:\n%s", line, dropped)
		}
	}
}

// storedRows are the rows of the text model in a store: by "utterance segment", then by layer.
func storedRows(t *testing.T, store string) map[string][][]float64 {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(store, "rows-*", "layer.3.npy"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d stored layers: %v", len(found), err)
	}
	dir := filepath.Dir(found[0])
	lines, err := csv.NewReader(strings.NewReader(readFile(t, filepath.Join(dir, "rows.csv")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][][]float64{}
	for layer := range 4 {
		a, err := npy.Open(filepath.Join(dir, fmt.Sprintf("layer.%d.npy", layer)))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		for i, line := range lines[1:] {
			row := make([]float64, a.Cols)
			if err := npy.Read(a, row, i, 1); err != nil {
				t.Fatal(err)
			}
			key := line[0] + " " + line[1]
			rows[key] = append(rows[key], row)
		}
	}
	return rows
}

// textGrid is a word tier of labels, of 0.12 and of 0.08 s by turns.
func textGrid(labels []string) string {
	at := func(i int) float64 { return float64(10*i+i%2*2) / 100 }
	var b strings.Builder
	fmt.Fprintf(&b, "\"ooTextFile\"\n\"TextGrid\"\n0\n1\n<exists>\n1\n\"IntervalTier\"\n\"words\"\n0\n1\n%d\n", len(labels)+1)
	for i, label := range append(labels, "") {
		to := at(i + 1)
		if i == len(labels) {
			to = 1
		}
		fmt.Fprintf(&b, "%g\n%g\n\"%s\"\n", at(i), to, label)
	}
	return b.String()
}

// quiet is a WAV file of a soft tone, mono at 16 kHz.
func quiet(samples int) string {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("RIFF"), uint32(36+2*samples))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data"...)
	b = le.AppendUint32(b, uint32(2*samples))
	for i := range samples {
		b = le.AppendUint16(b, uint16(int16(900*math.Sin(float64(i)/9))))
	}
	return string(b)
}
