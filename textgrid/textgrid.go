package textgrid

import (
	"fmt"
	"strings"
)

// TextGrid is one annotation file. All times are seconds.
type TextGrid struct {
	Start, End float64
	Tiers      []Tier // in the order of the file; names need not be unique
	Line       int    // line of Start in the file, 0 in the binary form

	// Warnings are the things that Read tolerated, each with its place in the
	// file: a tier that holds more intervals than it declares, bytes after the
	// end of the binary form. Write ignores them, Check repeats them.
	Warnings []Error
}

// Tier is a named row of intervals (IntervalTier) or points (TextTier).
type Tier struct {
	Name       string
	Kind       Kind
	Start, End float64    // seconds
	Intervals  []Interval // of an IntervalTier, in the order of the file
	Points     []Point    // of a TextTier, in the order of the file
	Line       int        // line of the tier's class, 0 in the binary form
}

// Interval is a labelled stretch of time, [Start, End) in seconds. An empty
// label is how Praat and most aligners write silence.
type Interval struct {
	Start, End float64
	Label      string // line ends are "\n" whatever the file has
	Line       int    // line of Start in the file, 0 in the binary form
}

// Point is a labelled moment, in seconds. Praat calls its label a mark.
type Point struct {
	Time  float64
	Label string // line ends are "\n" whatever the file has
	Line  int    // line of Time in the file, 0 in the binary form
}

// Kind says what a tier holds. Its names are those of Praat's classes.
type Kind int

const (
	IntervalTier Kind = iota // intervals that together cover the tier
	TextTier                 // points
)

// String gives the name of Praat's class, as it stands in the file.
func (k Kind) String() string {
	switch k {
	case IntervalTier:
		return "IntervalTier"
	case TextTier:
		return "TextTier"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// Tier returns the first tier of that exact name, nil if there is none.
func (t *TextGrid) Tier(name string) *Tier {
	for i := range t.Tiers {
		if t.Tiers[i].Name == name {
			return &t.Tiers[i]
		}
	}
	return nil
}

// All returns every tier of that exact name, in the order of the file.
func (t *TextGrid) All(name string) []*Tier {
	var tiers []*Tier
	for i := range t.Tiers {
		if t.Tiers[i].Name == name {
			tiers = append(tiers, &t.Tiers[i])
		}
	}
	return tiers
}

// speakerSeparator stands between speaker and tier in the names that the
// Montreal Forced Aligner writes for files with several speakers.
const speakerSeparator = " - "

// SplitName splits a name such as "speaker - words" into "speaker" and
// "words". A name without " - " is a tier of no particular speaker: "" and the
// name. The last " - " counts, because speakers are named by people and tiers by
// the aligner.
func SplitName(name string) (speaker, tier string) {
	i := strings.LastIndex(name, speakerSeparator)
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+len(speakerSeparator):]
}

// Speakers lists the speakers of the tiers by SplitName, each once, in the
// order of the file. It is empty when no tier's name has a speaker.
func (t *TextGrid) Speakers() []string {
	var speakers []string
	seen := map[string]bool{}
	for i := range t.Tiers {
		speaker, _ := SplitName(t.Tiers[i].Name)
		if speaker != "" && !seen[speaker] {
			seen[speaker] = true
			speakers = append(speakers, speaker)
		}
	}
	return speakers
}

// SpeakerTier returns the first tier of that speaker and name, as split by
// SplitName, nil if there is none. With speaker "" it is the tier that bears the
// bare name.
func (t *TextGrid) SpeakerTier(speaker, name string) *Tier {
	for i := range t.Tiers {
		s, n := SplitName(t.Tiers[i].Name)
		if s == speaker && n == name {
			return &t.Tiers[i]
		}
	}
	return nil
}
