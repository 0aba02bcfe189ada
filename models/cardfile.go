package models

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Error is a mistake in a card.
type Error struct {
	File      string
	Line, Col int // from 1; Col 0 if only the line is known
	Msg       string
}

func (e *Error) Error() string {
	if e.Col == 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// SidecarPath is where the card of a model file is looked for:
// "x/hubert.onnx" has "x/hubert.card.yaml".
func SidecarPath(model string) string {
	return strings.TrimSuffix(model, filepath.Ext(model)) + ".card.yaml"
}

// ReadCardFile reads a card. See [ReadCard].
func ReadCardFile(path string) (*Card, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ReadCard(data, path)
}

// ReadCard reads a card's YAML. Unknown keys, wrong types and a second document
// are errors of type *Error with the place; file names it. A card may leave out
// what the graph shows.
func ReadCard(data []byte, file string) (*Card, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	card := new(Card)
	err := d.Decode(card)
	if errors.Is(err, io.EOF) {
		return nil, &Error{file, 1, 1, "the card is empty: write at least kind: audio or kind: text"}
	}
	if err != nil {
		return nil, cardError(err, data, file)
	}
	var more yaml.Node
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &Error{file, max(more.Line, 1), max(more.Column, 1), "a second document begins here: a card is one document"}
	}
	return card, nil
}

var (
	yamlLine     = regexp.MustCompile(`line (\d+): (.*)`)
	unknownField = regexp.MustCompile(`field (\S+) not found in type`)
)

// cardError gives a yaml error its place and our words. yaml names the line; the
// column is where the line's key begins.
func cardError(err error, data []byte, file string) error {
	msg, line := err.Error(), 1
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = m[2]
	}
	col := 1
	if lines := strings.Split(string(data), "\n"); line >= 1 && line <= len(lines) {
		text := lines[line-1]
		col = len(text) - len(strings.TrimLeft(text, " -\t")) + 1
		if m := unknownField.FindStringSubmatch(msg); m != nil {
			if at := strings.Index(text, m[1]); at >= 0 {
				col = at + 1
			}
		}
	}
	if m := unknownField.FindStringSubmatch(msg); m != nil {
		msg = fmt.Sprintf("a card has no key %q; the keys are in docs/models.md", m[1])
	}
	msg = strings.TrimPrefix(msg, "yaml: ")
	return &Error{file, line, col, msg}
}

// YAML is the card as [ReadCard] reads it, without the parts that are empty.
func (c *Card) YAML() string {
	var n yaml.Node
	var out bytes.Buffer
	err := n.Encode(c)
	if err == nil {
		setOnLines(&n)
		e := yaml.NewEncoder(&out)
		e.SetIndent(2)
		err = errors.Join(e.Encode(&n), e.Close())
	}
	if err != nil {
		panic(err) // a card is texts and numbers, which can always be written
	}
	return out.String()
}

// setOnLines sets the entries of lists on one line each.
func setOnLines(n *yaml.Node) {
	for _, child := range n.Content {
		setOnLines(child)
		if n.Kind == yaml.SequenceNode && child.Kind == yaml.MappingNode {
			child.Style = yaml.FlowStyle
		}
	}
}
