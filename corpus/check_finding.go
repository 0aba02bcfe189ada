package corpus

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is a fault with its place. Line and Col count from 1; 0 means that the fault belongs to the whole file.
type Error struct {
	File      string
	Line, Col int
	Msg       string
}

// Error prints "file:line:col: message".
func (e *Error) Error() string { return place(e.File, e.Line, e.Col) + e.Msg }

// Severity says what a Finding costs.
type Severity string

const (
	// SeverityError: the utterance can't be used; a run drops it and says so.
	SeverityError Severity = "error"
	// SeverityWarning: the utterance is used, and somebody should look at it.
	SeverityWarning Severity = "warning"
)

// Kind names what was found.
type Kind string

// The kinds of findings, grouped as a report shows them.
const (
	KindMissingAudio     Kind = "missing-audio"          // a transcript or label without its audio
	KindMissingText      Kind = "missing-transcript"     // audio without a transcript
	KindMissingAlignment Kind = "missing-alignment"      // no TextGrid, .PHN/.WRD or CTM lines for an utterance
	KindMissingSpeaker   Kind = "missing-speaker"        // the speaker, or the speaker's sex, is not given
	KindUnreadable       Kind = "unreadable"             // a file that can't be opened or parsed
	KindFormat           Kind = "odd-format"             // a file that breaks its format and could be read all the same
	KindName             Kind = "bad-name"               // a name with control characters, or not UTF-8
	KindLink             Kind = "symlink"                // a link that is broken, loops, or leads to what was read already
	KindDuplicate        Kind = "duplicate"              // one ID, one file or one recording twice
	KindTranscript       Kind = "bad-transcript"         // a transcript line that can't be read
	KindEncoding         Kind = "not-utf-8"              // text in another encoding
	KindAudio            Kind = "bad-audio"              // audio that can't be decoded, or of another rate or number of channels
	KindSignal           Kind = "suspicious-audio"       // clipping, silence, DC, a header that disagrees with its data
	KindDuration         Kind = "duration"               // audio and alignment disagree about how long the utterance is
	KindPastEnd          Kind = "past-the-end"           // a segment that ends after the audio
	KindOverlap          Kind = "overlap"                // two segments of one tier overlap
	KindMoved            Kind = "moved-labels"           // a TextGrid that starts after 0, whose times were moved to the audio's
	KindGap              Kind = "gap"                    // time between two intervals of a tier that should be gapless
	KindTimes            Kind = "bad-times"              // a segment that ends before it starts, or starts before 0
	KindZeroLength       Kind = "zero-length"            // a segment of no samples
	KindLongWord         Kind = "long-word"              // a word longer than 2 s
	KindShortWord        Kind = "short-word"             // a word shorter than 30 ms
	KindTiers            Kind = "words-against-phones"   // the word tier contradicts the phone tier
	KindMismatch         Kind = "words-against-text"     // the word tier contradicts the transcript
	KindPronunciation    Kind = "phones-against-lexicon" // the phones of an utterance are far from what the lexicon says of its words
	KindFarWord          Kind = "word-against-lexicon"   // a word type whose tokens are mostly aligned with phones far from the lexicon's
	KindLexicon          Kind = "not-in-lexicon"         // a word type that the lexicon lacks
	KindUnheard          Kind = "not-in-phone-tier"      // a phone of the lexicon that no phone tier has
	KindShift            Kind = "energy-against-labels"  // speech energy and labels are shifted against each other
	KindNoWords          Kind = "no-words"               // an alignment with nothing but silence
	KindFeatures         Kind = "features"               // features of the user's own do not fit the corpus, or look odd
	KindRows             Kind = "few-rows"               // a comparison is left with too few rows to be measured
	KindColumn           Kind = "unused-column"          // a column of a table that means nothing here
	KindRefusedPath      Kind = "refused-path"           // a path that leaves the corpus root, or a command where a path is expected
)

// Finding is one anomaly: what, how bad, where.
type Finding struct {
	Kind      Kind     `json:"kind"`
	Severity  Severity `json:"severity"`
	Utterance string   `json:"utterance,omitempty"` // ID, empty when the finding is about more than one utterance
	File      string   `json:"file,omitempty"`
	Line      int      `json:"line,omitempty"`
	Col       int      `json:"col,omitempty"`
	Message   string   `json:"message"`
	More      int      `json:"more,omitempty"` // this finding stands for so many of a file that had more of a kind than are listed
}

// String prints "file:line:col: severity: message [kind]" on one line, whatever the names in it hold.
func (f Finding) String() string {
	return fmt.Sprintf("%s%s: %s [%s]", place(f.File, f.Line, f.Col), f.Severity, oneLine(f.Message), f.Kind)
}

func (f Finding) err() *Error {
	return &Error{File: f.File, Line: f.Line, Col: f.Col, Msg: f.Message}
}

// compareFindings orders findings by place, so that a report does not depend on which worker was first.
func compareFindings(a, b Finding) int {
	return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
		strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Message, b.Message))
}

func sortFindings(f []Finding) { slices.SortStableFunc(f, compareFindings) }

func place(file string, line, col int) string {
	var b strings.Builder
	if file != "" {
		b.WriteString(oneLine(file))
		b.WriteByte(':')
	}
	if line > 0 {
		b.WriteString(strconv.Itoa(line))
		b.WriteByte(':')
		if col > 0 {
			b.WriteString(strconv.Itoa(col))
			b.WriteByte(':')
		}
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	return b.String()
}

// oneLine returns s, quoted when it would break a line-based report (control characters, invalid UTF-8).
func oneLine(s string) string {
	if plainName(s) {
		return s
	}
	return strconv.Quote(s)
}

// plainName reports whether s can stand in a line of text: valid UTF-8 without control characters.
func plainName(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}
