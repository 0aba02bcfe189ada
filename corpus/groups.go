package corpus

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// assignGroups fills Utterance.Group: from the groups file, else a table's column, else the speaker, else the ID.
//
// Groups exist because speakers need not be independent: copies of one synthetic voice, siblings, takes of one session.
// Intervals that leave out a speaker at a time would be too narrow there.
func (b *builder) assignGroups() error {
	var groups map[string]string
	if b.spec.Groups != "" {
		var err error
		if groups, err = readGroups(b.spec.Groups); err != nil {
			return err
		}
	}
	missing := map[string]bool{}
	for i := range b.utterances {
		u := &b.utterances[i]
		switch {
		case groups != nil:
			g, ok := groups[u.Speaker]
			if !ok {
				missing[u.Speaker] = true
			}
			u.Group = g
		case u.Group != "": // a table's own column
		case u.Speaker != "":
			u.Group = u.Speaker
		default:
			u.Group = u.ID
		}
	}
	if len(missing) == 0 {
		return nil
	}
	names := make([]string, 0, len(missing))
	for s := range missing {
		names = append(names, fmt.Sprintf("%q", s))
	}
	slices.Sort(names)
	rest := ""
	if n := len(names); n > 5 {
		names, rest = names[:5], fmt.Sprintf(" and %d more", n-5)
	}
	return &Error{File: b.spec.Groups, Msg: fmt.Sprintf("no group for speaker %s%s: add a line speaker,group for each", strings.Join(names, ", "), rest)}
}

// readGroups reads "speaker,group" lines; a first line that says just that is a header.
func readGroups(path string) (map[string]string, error) {
	text, err := readText(path)
	if err != nil {
		return nil, &Error{File: path, Msg: "the groups file can't be read: " + reason(err)}
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	groups := map[string]string{}
	lines := map[string]int{}
	for first := true; ; first = false {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvError(path, err)
		}
		line, _ := r.FieldPos(0)
		if first && len(rec) == 2 && strings.EqualFold(rec[0], "speaker") && strings.EqualFold(rec[1], "group") {
			continue
		}
		if len(rec) != 2 || rec[0] == "" || rec[1] == "" {
			return nil, &Error{File: path, Line: line, Msg: fmt.Sprintf("expected speaker,group, found %d fields: %q", len(rec), strings.Join(rec, ","))}
		}
		rec[0], rec[1] = nfc(rec[0]), nfc(rec[1])
		if old, ok := groups[rec[0]]; ok && old != rec[1] {
			return nil, &Error{File: path, Line: line, Msg: fmt.Sprintf("speaker %q is in group %q, but was in group %q at line %d", rec[0], rec[1], old, lines[rec[0]])}
		}
		groups[rec[0]], lines[rec[0]] = rec[1], line
	}
	if len(groups) == 0 {
		return nil, &Error{File: path, Msg: "empty groups file: expected lines speaker,group"}
	}
	return groups, nil
}

// csvError turns the csv package's error into ours, which prints as file:line:col.
func csvError(path string, err error) error {
	var pe *csv.ParseError
	if errors.As(err, &pe) {
		return &Error{File: path, Line: pe.Line, Col: pe.Column, Msg: pe.Err.Error()}
	}
	return fmt.Errorf("%s: %w", path, err)
}
