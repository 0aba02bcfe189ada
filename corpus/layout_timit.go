package corpus

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"speechsim/tokenizer"
)

// openTIMIT reads TIMIT as LDC distributes it, in any letter case:
//
//	ROOT/TRAIN|TEST/DR1..DR8/SPEAKER/SENTENCE.WAV    NIST SPHERE, or RIFF; SENTENCE.WAV.wav is taken when it is alone
//	                                .../SENTENCE.PHN .WRD .TXT    lines "FROM TO LABEL" in samples at 16 kHz
//
// IDs are SPEAKER_SENTENCE in upper case (FCJF0_SX37), as in Kaldi's recipe. The sex is the speaker's first letter.
// ROOT may also be the folder above (LDC93S1/TIMIT, or the .../data of some mirrors).
func openTIMIT(ctx context.Context, b *builder) error {
	sets, err := b.timitSets()
	if err != nil {
		return err
	}
	for _, set := range sets {
		for _, dialect := range b.folders(set) {
			if !foldPrefix(dialect, "DR") {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			for _, speaker := range b.folders(filepath.Join(set, dialect)) {
				if strings.EqualFold(b.spec.Subset, "core-test") && !slices.Contains(timitCoreTest, strings.ToUpper(speaker)) {
					continue
				}
				b.timitSpeaker(strings.ToUpper(speaker), filepath.Join(set, dialect, speaker))
			}
		}
	}
	return nil
}

// timitCoreTest are the 24 speakers of the core test set (TIMIT documentation, testset.doc): two men and one woman of
// each dialect region.
var timitCoreTest = []string{
	"MDAB0", "MWBT0", "FELC0", "MTAS1", "MWEW0", "FPAS0", "MJMP0", "MLNT0", "FPKT0", "MLLL0", "MTLS0", "FJLM0",
	"MBPM0", "MKLT0", "FNLP0", "MCMJ0", "MJDH0", "FMGD0", "MGRT0", "MNJM0", "FDHC0", "MJLN0", "MPAM0", "FMLD0",
}

// timitSets returns the folders that Spec.Subset asks for.
func (b *builder) timitSets() ([]string, error) {
	want := map[string][]string{"": {"TRAIN", "TEST"}, "train": {"TRAIN"}, "test": {"TEST"}, "core-test": {"TEST"}}[strings.ToLower(b.spec.Subset)]
	if want == nil {
		return nil, fmt.Errorf("corpus: TIMIT has no subset %q: expected train, test, core-test, or nothing for train and test", b.spec.Subset)
	}
	root := b.spec.Root
	for range 3 {
		names := b.folders(root)
		var sets []string
		for _, set := range want {
			for _, name := range names {
				if strings.EqualFold(name, set) {
					sets = append(sets, filepath.Join(root, name))
				}
			}
		}
		if len(sets) > 0 {
			return sets, nil
		}
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, "TIMIT") || strings.EqualFold(n, "data") })
		if i < 0 {
			break
		}
		root = filepath.Join(root, names[i])
	}
	return nil, fmt.Errorf("%s: no folder %s: layout %s expects %s; the folders there are %s", root,
		strings.Join(want, " or "), b.layout.name, b.layout.expects, orNone(foldersIn(root)))
}

func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// timitFiles are the names of one sentence's files.
type timitFiles struct{ wav, phn, wrd, txt string }

// timitSpeaker adds the sentences of one speaker, whose name is in upper case.
func (b *builder) timitSpeaker(speaker, dir string) {
	entries, err := b.list(dir)
	if err != nil {
		b.unreadable(dir, err)
		return
	}
	sentences := map[string]*timitFiles{}
	files := 0
	for _, e := range entries {
		name, ext, _ := strings.Cut(nfc(strings.ToUpper(e.name)), ".")
		if e.dir || ext == "" {
			continue
		}
		files++
		if strings.HasPrefix(name, "SA") && !b.spec.SA {
			continue
		}
		f := sentences[name]
		if f == nil {
			f = &timitFiles{}
		}
		var slot *string
		switch ext {
		case "WAV", "SPH", "FLAC", "WAV.WAV":
			slot = &f.wav
		case "PHN":
			slot = &f.phn
		case "WRD":
			slot = &f.wrd
		case "TXT":
			slot = &f.txt
		default:
			continue
		}
		sentences[name] = f
		// SX1.WAV.wav is a mirror's RIFF copy of SX1.WAV and sorts after it: the original is used without a word.
		if *slot != "" {
			if ext != "WAV.WAV" {
				b.find(Finding{Kind: KindDuplicate, Severity: SeverityWarning, Utterance: speaker + "_" + name, File: filepath.Join(dir, e.name),
					Message: fmt.Sprintf("two files for %s that differ in letter case or kind: %s is used, this one is not", name, *slot)})
			}
			continue
		}
		*slot = e.name
	}
	if files == 0 {
		b.find(Finding{Kind: KindMissingAudio, Severity: SeverityWarning, File: dir, Message: "the folder of a speaker holds no audio and no labels"})
	}
	sex := speaker[:1]
	if sex != "F" && sex != "M" {
		b.find(Finding{Kind: KindMissingSpeaker, Severity: SeverityWarning, File: dir,
			Message: fmt.Sprintf("speaker %s begins with neither F nor M: the sex is unknown", oneLine(speaker))})
		sex = ""
	}
	join := func(name string) string {
		if name == "" {
			return ""
		}
		return filepath.Join(dir, name)
	}
	for name, f := range sentences {
		u := Utterance{ID: speaker + "_" + name, Speaker: speaker, Sex: sex, AudioPath: join(f.wav),
			WordsFile: join(f.wrd), PhonesFile: join(f.phn), TextFile: join(f.txt)}
		if f.wav == "" {
			b.find(Finding{Kind: KindMissingAudio, Severity: SeverityError, Utterance: u.ID, File: filepath.Join(dir, name+".WAV"),
				Message: fmt.Sprintf("no audio for %s: its labels are there, %s.WAV is not", u.ID, name)})
			continue
		}
		if f.txt == "" {
			b.find(Finding{Kind: KindMissingText, Severity: SeverityWarning, Utterance: u.ID, File: u.AudioPath,
				Message: fmt.Sprintf("no %s.TXT beside the audio: it has no transcript", name)})
		} else if !b.timitText(&u) {
			continue
		}
		b.add(u)
	}
}

// timitText reads the one line "FROM TO SENTENCE" of u.TextFile. It is false when the utterance can't be used.
func (b *builder) timitText(u *Utterance) bool {
	text, err := readText(u.TextFile)
	if err != nil {
		b.find(Finding{Kind: KindUnreadable, Severity: SeverityError, Utterance: u.ID, File: u.TextFile, Message: "can't be read: " + reason(err)})
		return false
	}
	if f := checkUTF8(u.TextFile, 1, text); f != nil {
		f.Utterance = u.ID
		b.find(*f)
		return false
	}
	text = oneText(text)
	from, rest := cutField(text)
	to, words := cutField(rest)
	if _, err1 := strconv.Atoi(from); err1 == nil {
		if _, err2 := strconv.Atoi(to); err2 == nil {
			text = words
		}
	}
	u.Text, u.TextLine = text, 1
	if text == "" {
		b.find(Finding{Kind: KindTranscript, Severity: SeverityWarning, Utterance: u.ID, File: u.TextFile, Line: 1,
			Message: "expected FROM TO SENTENCE: the transcript is empty"})
	}
	return true
}

// timitRate is the rate that TIMIT's sample offsets count in.
const timitRate = 16000

// readTIMITLabels reads a .PHN or .WRD file.
func readTIMITLabels(path string) ([]Segment, error) {
	text, err := readText(path)
	if err != nil {
		return nil, &Error{File: path, Msg: "can't be read: " + reason(err)}
	}
	return parseTIMITLabels(path, text)
}

// parseTIMITLabels reads lines "FROM TO LABEL", offsets in samples. Start and End of the segments are seconds, From
// and To are the samples themselves.
func parseTIMITLabels(path, text string) (segments []Segment, err error) {
	eachLine(text, func(line int, s string) {
		if err != nil || strings.TrimSpace(s) == "" {
			return
		}
		from, rest := cutField(s)
		to, written := cutField(rest)
		label := tokenizer.TrimLabel(written)
		a, err1 := parseOffset(from)
		b, err2 := parseOffset(to)
		switch {
		case err1 != nil:
			err = &Error{File: path, Line: line, Col: 1 + indexField(s, 0), Msg: fmt.Sprintf("expected FROM TO LABEL, FROM in samples, found %q", shorten(from))}
		case err2 != nil:
			err = &Error{File: path, Line: line, Col: 1 + indexField(s, 1), Msg: fmt.Sprintf("expected FROM TO LABEL, TO in samples, found %q", shorten(to))}
		case label == "":
			err = &Error{File: path, Line: line, Msg: fmt.Sprintf("expected FROM TO LABEL, found no label in %q", shorten(s))}
		default:
			if f := checkUTF8(path, line, label); f != nil {
				err = f.err()
				return
			}
			segments = append(segments, Segment{Index: len(segments), Label: label, Trimmed: label != written, Line: line, From: a, To: b,
				Start: float64(a) / timitRate, End: float64(b) / timitRate})
		}
	})
	if err != nil {
		return nil, err
	}
	if len(segments) == 0 {
		return nil, &Error{File: path, Msg: "is empty: expected lines FROM TO LABEL"}
	}
	return segments, nil
}

// parseOffset reads a sample offset, at most a day of audio.
func parseOffset(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err == nil && (n < 0 || n > 24*3600*timitRate) {
		err = strconv.ErrRange
	}
	return n, err
}

// indexField is the byte offset of field n (0 or 1) in s.
func indexField(s string, n int) int {
	i := 0
	blank := func() bool { return i < len(s) && (s[i] == ' ' || s[i] == '\t') }
	for blank() {
		i++
	}
	for range n {
		for i < len(s) && !blank() {
			i++
		}
		for blank() {
			i++
		}
	}
	return i
}
