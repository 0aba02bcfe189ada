// Package draft writes the first config of a study: it looks at a folder of speech and at models, and writes what a paper's first
// experiment on them is, with comments, for its reader to change. `pipeline init` is its command.
//
//	speech, err := draft.LookAtSpeech(ctx, draft.Place{Folder: "/data/timit"})
//	model, err := draft.LookAtModel("facebook/hubert-base-ls960", models.Audio)
//	text, err := draft.Config("study.yaml", speech, []draft.Model{model})
//
// Nothing is guessed that would change numbers: what may be meant otherwise stands in a comment beside it.
package draft

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"speechsim/configs"
	"speechsim/metrics"
	"speechsim/models"
)

// Config is the text of a config, for the file of that name: paths in it are relative to its folder.
func Config(file string, s *Speech, list []Model) ([]byte, error) {
	w := &writer{folder: filepath.Dir(file)}
	w.head(file, s, list)
	w.line("name: %s", scalar(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))))
	w.corpus(s)
	w.models(s, list)
	w.comparisons(s, list)
	if w.err != nil {
		return nil, w.err
	}
	if _, err := configs.Parse(w.Bytes(), file, nil); err != nil {
		return nil, fmt.Errorf("the config that was drafted can't be read: %w", err)
	}
	return w.Bytes(), nil
}

// writer writes lines of YAML.
type writer struct {
	bytes.Buffer
	folder string
	err    error
}

func (w *writer) line(format string, args ...any) {
	fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

// path is a path of the working directory as the config says it.
func (w *writer) path(p string) string {
	if strings.Contains(p, "${") {
		w.err = fmt.Errorf("%s: in a config ${...} is a variable of the environment: rename the folder, or give a path without it", p)
	}
	if !filepath.IsAbs(p) {
		from, err := filepath.Rel(w.folder, p)
		if err != nil { // the one is relative and the other is not
			from, err = filepath.Abs(p)
		}
		if err != nil {
			w.err = err
		}
		p = from
	}
	return scalar(filepath.ToSlash(p))
}

// plain is text that YAML reads as itself, also inside of braces.
var plain = regexp.MustCompile(`^[A-Za-z_/.][A-Za-z0-9_/.+-]*$`)

// scalar is text as YAML.
func scalar(s string) string {
	if plain.MatchString(s) && !slices.Contains([]string{"null", "true", "false", "yes", "no", "on", "off", "y", "n", "."}, strings.ToLower(s)) {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b) // a string of JSON is one of YAML
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // strings can be encoded
	}
	return strings.TrimSpace(b.String())
}

func (w *writer) head(file string, s *Speech, list []Model) {
	file = filepath.ToSlash(file)
	w.line("# pipeline run %s", file)
	w.line("#")
	w.line("# Written by pipeline init, for you to change; docs/config.md has all keys. Before a run:")
	for _, m := range list {
		if m.Missing {
			w.line("#   pipeline fetch %s      downloads the checkpoints that are not there yet", file)
			break
		}
	}
	w.line("#   pipeline check %s      says what is odd with the corpus, and what will be rows", file)
	w.line("#   pipeline plan %s       says what a run takes: memory, disk and time", file)
}

func (w *writer) corpus(s *Speech) {
	w.line("corpus:")
	w.line("  # %s", s)
	for _, note := range s.Notes {
		w.line("  # %s", note)
	}
	w.line("  %s:", s.Layout)
	if s.Layout == "table" {
		w.line("    file: %s", w.path(s.Folder))
	} else {
		w.line("    root: %s", w.path(s.Folder))
	}
	switch {
	case s.Layout == "timit" && s.Subset != "":
		w.line("    split: %s", scalar(s.Subset))
	case s.Layout == "timit":
		w.line("    # split: train                         train, test or core-test; both without it")
	case s.Subset != "":
		w.line("    subset: %s", scalar(s.Subset))
	case len(s.Subsets) > 1:
		w.line("    # subset: %-28s all without it: %s", scalar(s.Subsets[0]), strings.Join(s.Subsets, ", "))
	}
	if s.Alignments != "" {
		w.line("    alignments: %s", w.path(s.Alignments))
	} else if s.Layout != "timit" && s.Layout != "table" && !s.Words && !s.Phones {
		w.line("    # alignments: FOLDER                   which word and phone is spoken when: docs/corpora.md says how to get that")
	}
	if s.Speaker != "" {
		w.line("    # speaker: %-27s if that is where the speaker stands in the names: %s", scalar(s.Speaker), s.SpeakerGives)
	}
	var audio []string
	if s.Resample {
		audio = append(audio, "resample: true")
	}
	if s.Mix {
		audio = append(audio, "channel: mix")
	}
	if len(audio) > 0 {
		w.line("audio: {%s}    # %s", strings.Join(audio, ", "), s.Sound)
	}
}

func (w *writer) models(s *Speech, list []Model) {
	w.line("models:")
	for _, m := range list {
		value := m.Value
		if m.Key != "checkpoint" || !m.ID {
			value = w.path(m.Value)
		} else {
			value = scalar(value)
		}
		note := ""
		if m.Missing {
			note = "    # not there yet"
		}
		w.line("  - {name: %s, %s: %s}%s", scalar(m.Name), m.Key, value, note)
		if m.Control() {
			w.line("  - {name: %s, checkpoint: %s, weights: random}    # the control: the same architecture without training", scalar(m.Untrained()), value)
		}
	}
	cached := slices.DeleteFunc(Cached(), func(id string) bool {
		return slices.ContainsFunc(list, func(m Model) bool { return m.ID && m.Value == id })
	})
	if len(cached) > 0 {
		w.line("  # also in the Hugging Face cache: %s", strings.Join(cached, ", "))
	}
	if s.Phones || s.Words {
		w.line("  - {name: logmel, labels: logmel}         # the acoustic baseline: 80 log-mel filters, not a model")
	}
	if s.Phones {
		w.line("  - {name: phones, labels: phone}          # labels in the place of a model: which phone it is")
	}
	if s.Words {
		w.line("  - {name: word-types, labels: word}       # ... and which word")
	}
}

func (w *writer) comparisons(s *Speech, list []Model) {
	var each, text []string // of speech, with its copy
	for _, m := range list {
		switch {
		case m.Kind == models.Text:
			text = append(text, m.Name)
		case m.Control():
			each = append(each, scalar(m.Name)+", "+scalar(m.Untrained()))
		default:
			each = append(each, scalar(m.Name))
		}
	}
	speech := strings.Join(each, ", ")
	w.line("comparisons:")
	if !s.Phones && !s.Words {
		why := "# how similar are the layers, on every frame? Words and phones need alignments"
		if len(each) > 1 {
			why += "; models whose frames are at other times can't be compared on frames"
		}
		for i, x := range each { // each model by itself: whether two have their frames at the same times is not known here
			name := "frames"
			if i > 0 {
				name, why = fmt.Sprintf("frames-%d", i+1), ""
			}
			w.line("  - name: %-32s %s", name, why)
			w.line("    models: [%s]", x)
			w.line("    metrics: [cka]")
		}
		return
	}
	null, why := "null: {permute: group, draws: 199}", "    # permutation null: the metric on permuted rows, which are unrelated; a group is a speaker"
	if s.Speakers == 0 {
		why = strings.Replace(why, "a group is a speaker", "a group is an utterance, as speakers are not known", 1)
	}
	if s.Groups < metrics.FewestGroups {
		null, why = "# "+null, fmt.Sprintf("    # permutation null: it needs %d speakers", metrics.FewestGroups)
	}
	one := func(name, question, unit, y string) {
		w.line("  - name: %-32s # %s", scalar(name), question)
		w.line("    rows: {unit: %s}", unit)
		w.line("    x: [%s, logmel]", speech)
		w.line("    y: [%s]", scalar(y))
		w.line("    metrics: [cka]")
		w.line("    %s%s", null, why)
		why = ""
	}
	if s.Phones {
		one("phone-identity", "how much does a layer say about which phone it is?", "phone", "phones")
	}
	if s.Words {
		one("word-identity", "how much does a layer say about which word it is?", "word", "word-types")
		for _, name := range text {
			one("words-"+name, "how similar are the layers of speech to those of text, on pooled words?", "word", name)
		}
	}
}
