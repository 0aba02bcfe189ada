package corpus

import (
	"errors"
	"fmt"
	"io"
	"maps"
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
	advice := "add a line speaker,group for each"
	for _, s := range slices.Sorted(maps.Keys(missing)) {
		names = append(names, fmt.Sprintf("%q", s))
		for known := range groups {
			if asNumber(known) == asNumber(s) {
				advice = fmt.Sprintf("the file has %q: a spreadsheet took the names for numbers; write them as the corpus does", known)
			}
		}
	}
	rest := ""
	if n := len(names); n > 5 {
		names, rest = names[:5], fmt.Sprintf(" and %d more", n-5)
	}
	return &Error{File: b.spec.Groups, Msg: fmt.Sprintf("no group for speaker %s%s: %s", strings.Join(names, ", "), rest, advice)}
}

// asNumber is a name as spreadsheets and data frames leave it that take it for a number: 007 becomes 7, and 7.0 where others are missing.
func asNumber(name string) string {
	return strings.TrimLeft(strings.TrimSuffix(name, ".0"), "0")
}

// readGroups reads "speaker,group" lines; a first line that says just that is a header.
func readGroups(path string) (map[string]string, error) {
	text, err := readText(path)
	if err != nil {
		return nil, &Error{File: path, Msg: "the groups file can't be read: " + reason(err)}
	}
	r := newCSVReader(path, text, '#')
	r.TrimLeadingSpace = true
	groups := map[string]string{}
	lines := map[string]int{}
	for first := true; ; first = false {
		rec, line, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if first && len(rec) == 2 && strings.EqualFold(rec[0], "speaker") && strings.EqualFold(rec[1], "group") {
			continue
		}
		if len(rec) != 2 || rec[0] == "" || rec[1] == "" {
			return nil, &Error{File: path, Line: line, Msg: fmt.Sprintf("expected speaker,group, found %s: %q", plural(len(rec), "field"), strings.Join(rec, ","))}
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
