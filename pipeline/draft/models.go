package draft

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"speechsim/models"
	"speechsim/models/checkpoint"
	"speechsim/models/hub"
)

// Model is a model as a config names it.
type Model struct {
	Name    string
	Key     string // checkpoint, onnx or vectors
	Value   string // a path from the working directory, or an id
	ID      bool   // Value is an id
	Kind    string // models.Audio or models.Text
	Missing bool   // an id that is to be fetched
}

// Control says whether the model has an untrained copy: an architecture that can be drawn anew.
func (m *Model) Control() bool { return m.Key == "checkpoint" && m.Kind == models.Audio }

// Untrained is the name of that copy.
func (m *Model) Untrained() string { return m.Name + "-untrained" }

// vectorFiles are endings of files of word vectors.
var vectorFiles = regexp.MustCompile(`\.(txt|vec|bin|zip|gz)$`)

// LookAtModel finds out what a model is that its owner calls one of speech or of text: the folder or the id of a checkpoint, an ONNX
// file, or a file of word vectors.
func LookAtModel(value, kind string) (Model, error) {
	m := Model{Name: nameOf(value), Key: "checkpoint", Value: value, Kind: kind}
	info, err := os.Stat(value)
	isFile := err == nil && !info.IsDir()
	switch ext := filepath.Ext(value); {
	case ext == ".onnx":
		m.Key = "onnx"
		if err := models.Usable(value); err != nil {
			return m, err
		}
		in, err := models.Inspect(value)
		if in == nil {
			return m, err
		}
		return m, m.mustBe(in.Card.Kind) // what else is wrong or missing, `pipeline check` and `models inspect` tell
	case kind == models.Text && vectorFiles.MatchString(value) && (isFile || !hub.IsID(value)) && !strings.HasPrefix(filepath.Base(value), "pytorch_model"):
		m.Key = "vectors"
		if !isFile {
			return m, fmt.Errorf("%s: there is no such file", value)
		}
		return m, nil
	}
	source, err := hub.Find(hub.Wanted{Name: value, Path: value, Weights: true})
	var missing *hub.MissingError
	if errors.As(err, &missing) {
		m.ID, m.Missing = true, true
		return m, nil
	}
	if err != nil {
		return m, err
	}
	m.ID = source.ID != ""
	is, err := kindOf(source.Path)
	if err != nil {
		return m, err
	}
	return m, m.mustBe(is)
}

// mustBe finds a model of text that was called one of speech, and the other way round. A kind that is not known is "".
func (m *Model) mustBe(is string) error {
	switch {
	case is == "" || is == m.Kind:
		return nil
	case is == models.Text:
		return fmt.Errorf("%s reads text: give it as --text", m.Value)
	}
	return fmt.Errorf("%s hears speech: give it as --model", m.Value)
}

// kindOf is what a checkpoint reads, models.Audio or models.Text.
func kindOf(path string) (string, error) {
	c, err := checkpoint.Open(path, checkpoint.Options{})
	if err != nil {
		return "", err
	}
	defer c.Close()
	m, err := c.Model("m")
	if err != nil {
		return "", err
	}
	return m.Card.Kind, nil
}

// unnamed are characters that a name can't have where --set names it.
var unnamed = regexp.MustCompile(`[^\pL\pN_-]+`)

// nameOf is a name for a model: the last part of its path or id.
func nameOf(value string) string {
	base := filepath.Base(filepath.Clean(value))
	if ext := filepath.Ext(base); ext == ".onnx" || vectorFiles.MatchString(base) {
		base = strings.TrimSuffix(base, ext)
	}
	return cmp.Or(strings.Trim(unnamed.ReplaceAllString(base, "-"), "-"), "model")
}

// Distinct gives models of one name other names.
func Distinct(list []Model) {
	taken := map[string]bool{"logmel": true, "phones": true, "word-types": true}
	for i := range list {
		m := &list[i]
		name := m.Name
		for n := 2; taken[m.Name] || taken[m.Untrained()]; n++ {
			m.Name = fmt.Sprintf("%s-%d", name, n)
		}
		taken[m.Name] = true
		if m.Control() {
			taken[m.Untrained()] = true
		}
	}
}

// Cached lists the checkpoints in the Hugging Face cache that the program can read.
func Cached() (ids []string) {
	cache, err := hub.OpenCache()
	if err != nil {
		return nil
	}
	for _, id := range cache.IDs() {
		if source, err := hub.Find(hub.Wanted{Name: id, Path: filepath.Join(cache.Dir, "no such path"), Weights: true}); err == nil {
			if _, err := kindOf(source.Path); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
