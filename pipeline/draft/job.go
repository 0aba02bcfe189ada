package draft

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"speechsim/models"
	"speechsim/pipeline/internal/files"
)

// Job is a config to be written. What it does not say is asked for.
type Job struct {
	Place
	Models []string // of speech
	Texts  []string
	File   string // to write
	Force  bool   // replace it

	Answers io.Reader // of who sits at a terminal; nil = nobody does
}

// Check finds what the job can't be, before anything is looked at.
func (j *Job) Check() error {
	switch ext := filepath.Ext(j.File); {
	case ext != ".yaml" && ext != ".yml":
		return fmt.Errorf("--out %q: the name of the file to write is wanted, NAME.yaml", j.File)
	case files.Exists(j.File) && !j.Force:
		return fmt.Errorf("%s is there already: give another name by --out, or --force to replace it", j.File)
	case j.Answers != nil:
		return nil
	case j.Folder == "":
		return errors.New("--corpus FOLDER is missing; questions are asked on a terminal alone")
	case len(j.Models) == 0:
		return fmt.Errorf("--model is missing: the folder of a checkpoint, its id on the Hugging Face hub, or an ONNX file%s; questions are asked on a terminal alone", inCache(Cached()))
	}
	return nil
}

// inCache says what the cache has.
func inCache(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return " (in the cache: " + strings.Join(ids, ", ") + ")"
}

// Run looks, asks for what is missing, and writes the config. What it finds is said on w.
func (j *Job) Run(ctx context.Context, w io.Writer) error {
	q := &questions{ctx: ctx, w: w}
	if j.Answers != nil {
		q.answers = bufio.NewReader(j.Answers)
	}
	speech, err := j.speech(ctx, q)
	if err != nil {
		return err
	}
	asked := len(j.Models) == 0
	list, err := j.models(q, "Speech model: the folder of a checkpoint, its id on the Hugging Face hub, or an ONNX file", models.Audio, j.Models, true)
	if err != nil {
		return err
	}
	texts, err := j.models(q, "Text model to compare words with: likewise, or a file of word vectors (empty: none)", models.Text, j.Texts, asked && speech.Words)
	if err != nil {
		return err
	}
	list = append(list, texts...)
	Distinct(list)
	if len(texts) > 0 && !speech.Words {
		fmt.Fprintf(w, "note: the corpus has no aligned words, so nothing is compared with %s\n", texts[0].Name)
	}
	text, err := Config(j.File, speech, list)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(j.File), 0o755); err != nil {
		return err
	}
	if err := files.Write(j.File, func(out io.Writer) error { _, err := out.Write(text); return err }); err != nil {
		return err
	}
	fmt.Fprintf(w, "config   %s; the next commands stand at its beginning\n", j.File)
	return nil
}

// speech looks at the corpus.
func (j *Job) speech(ctx context.Context, q *questions) (s *Speech, err error) {
	place := j.Place
	ask := place.Folder == ""
	for {
		if ask {
			if place.Folder, err = q.must("Folder of the corpus"); err != nil {
				return nil, err
			}
		}
		if s, err = LookAtSpeech(ctx, place); err == nil || !ask || ctx.Err() != nil {
			break
		}
		q.say("%v", err)
	}
	if err != nil {
		return nil, err
	}
	if ask && len(s.Subsets) > 1 {
		for {
			place.Layout = s.Layout
			if place.Subset, err = q.ask("Subset, of " + strings.Join(s.Subsets, ", ") + " (empty: all)"); err != nil {
				return nil, err
			}
			chosen, err := LookAtSpeech(ctx, place)
			if err == nil {
				s = chosen
				break
			}
			q.say("%v", err)
		}
	}
	q.say("corpus   %s: %s", s.Folder, s)
	if s.Alignments != "" {
		q.say("         alignments in %s", s.Alignments)
	}
	for _, note := range s.Notes {
		q.say("note: %s", note)
	}
	return s, nil
}

// models looks at models of a kind: those that were given, or one that is asked for.
func (j *Job) models(q *questions, question, kind string, given []string, ask bool) (list []Model, err error) {
	for _, value := range given {
		m, err := LookAtModel(value, kind)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	if len(given) == 0 && ask {
		cached := Cached()
		for i, id := range cached {
			q.say("  %d  %s", i+1, id)
		}
		if len(cached) > 0 {
			question += ", or a number of the list"
		}
		for len(list) == 0 {
			ask := q.must
			if kind == models.Text {
				ask = q.ask // empty is none
			}
			value, err := ask(question)
			if err != nil || value == "" {
				return nil, err
			}
			if n, err := strconv.Atoi(value); err == nil && n >= 1 && n <= len(cached) {
				value = cached[n-1]
			}
			m, err := LookAtModel(value, kind)
			if err != nil {
				q.say("%v", err)
				continue
			}
			list = append(list, m)
		}
	}
	for _, m := range list {
		if m.Missing {
			q.say("model    %s is no file or folder, and not in the Hugging Face cache: `pipeline fetch %s` gets it, if it is an id on the hub", m.Value, j.File)
		} else {
			q.say("model    %s", m.Value)
		}
	}
	return list, nil
}

// questions asks on a terminal.
type questions struct {
	ctx     context.Context
	w       io.Writer
	answers *bufio.Reader // nil = nobody can be asked
}

func (q *questions) say(format string, args ...any) { fmt.Fprintf(q.w, format+"\n", args...) }

// must asks until there is an answer.
func (q *questions) must(question string) (answer string, err error) {
	for answer == "" && err == nil {
		answer, err = q.ask(question)
	}
	return answer, err
}

// ask asks, and waits for a line or for the end of the context.
func (q *questions) ask(question string) (string, error) {
	fmt.Fprintf(q.w, "%s: ", question)
	type answer struct {
		line string
		err  error
	}
	came := make(chan answer, 1)
	go func() {
		line, err := q.answers.ReadString('\n')
		came <- answer{line, err}
	}()
	select {
	case <-q.ctx.Done():
		return "", q.ctx.Err()
	case a := <-came:
		if a.err != nil && a.line == "" {
			q.say("") // an end has no line of its own
			return "", errors.New("no answer came: nothing was written")
		}
		return unquoted(strings.TrimSpace(a.line)), nil
	}
}

// unquoted is an answer without the quotes that shells want and that hands type from habit.
func unquoted(s string) string {
	if len(s) > 1 && s[0] == s[len(s)-1] && slices.Contains([]byte{'"', '\''}, s[0]) {
		return s[1 : len(s)-1]
	}
	return s
}
