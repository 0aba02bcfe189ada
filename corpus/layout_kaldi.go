package corpus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// openKaldi reads a Kaldi data directory:
//
//	wav.scp      RECORDING PATH               plain paths; commands ("sox ... |") and archives (x.ark:123) are refused
//	segments     UTTERANCE RECORDING FROM TO [CHANNEL]    optional; without it every recording is one utterance; channels count from 0
//	reco2file_and_channel RECORDING FILE CHANNEL    optional; which side of which call a recording is
//	text         UTTERANCE TRANSCRIPT         optional
//	utt2spk      UTTERANCE SPEAKER            optional
//	spk2gender   SPEAKER f|m                  optional
//	words.ctm, phones.ctm                     optional, here or in Spec.Alignments
//
// Relative paths in wav.scp start from Spec.AudioRoot, or from the data directory.
func openKaldi(ctx context.Context, b *builder) error {
	root := b.spec.Root
	recordings, order, err := b.kaldiRecordings(filepath.Join(root, "wav.scp"))
	if err != nil {
		return err
	}
	words, phones, err := b.kaldiCTM()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	utterances, err := b.kaldiUtterances(recordings, order)
	if err != nil {
		return err
	}
	sides := b.kaldiSides()
	speakers := b.kaldiMap("utt2spk", "UTTERANCE SPEAKER")
	sexes := b.kaldiMap("spk2gender", "SPEAKER f|m")
	at := map[string]int{} // by ID
	for i := range utterances {
		at[utterances[i].ID] = i
	}
	b.sharers = map[string][]string{}
	for i := range utterances {
		u := &utterances[i]
		if _, ok := at[u.Recording]; ok && u.Recording != u.ID {
			b.sharers[u.Recording] = append(b.sharers[u.Recording], u.ID)
		}
		u.WordsFile, u.PhonesFile = words, phones
		u.Call, u.Side = sides[u.Recording].call, sides[u.Recording].side
		u.Speaker = nfc(speakers[u.ID].value)
		switch s := strings.ToUpper(sexes[u.Speaker].value); s {
		case "F", "M":
			u.Sex = s
		}
		if speakers != nil && u.Speaker == "" {
			b.find(Finding{Kind: KindMissingSpeaker, Severity: SeverityWarning, Utterance: u.ID, File: filepath.Join(root, "utt2spk"),
				Message: fmt.Sprintf("no line for %s: it has no speaker", u.ID)})
		}
	}
	bad := b.kaldiText(utterances, at)
	for i := range utterances {
		if !bad[i] {
			b.add(utterances[i])
		}
	}
	return nil
}

// kaldiText gives the utterances their transcripts. at has their places by ID; bad says which can't be used.
func (b *builder) kaldiText(utterances []Utterance, at map[string]int) (bad map[int]bool) {
	path := filepath.Join(b.spec.Root, "text")
	bad = map[int]bool{}
	if !exists(path) {
		b.find(Finding{Kind: KindMissingText, Severity: SeverityWarning, File: path, Message: "no file text: no utterance has a transcript"})
		return bad
	}
	refused := map[string]bool{} // their audio was complained about already
	for _, f := range b.findings {
		refused[f.Utterance] = true
	}
	told := make([]bool, len(utterances))
	b.transcripts(path, func(t transcript) {
		i, ok := at[t.id]
		switch {
		case !ok && !refused[t.id] && !t.bad:
			b.find(Finding{Kind: KindMissingAudio, Severity: SeverityError, Utterance: t.id, File: path, Line: t.line,
				Message: fmt.Sprintf("no audio for %s: neither segments nor wav.scp has it", t.id)})
		case !ok:
		case told[i]:
			b.find(t.again(path))
		case t.bad:
			bad[i], told[i] = true, true
		default:
			u := &utterances[i]
			u.Text, u.TextFile, u.TextLine, told[i] = t.text, path, t.line, true
		}
	})
	for i := range utterances {
		if u := &utterances[i]; !told[i] {
			b.find(Finding{Kind: KindMissingText, Severity: SeverityWarning, Utterance: u.ID, File: path,
				Message: fmt.Sprintf("no line for %s: it has no transcript", u.ID)})
		}
	}
	return bad
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// kaldiValue is the second half of a two-column line.
type kaldiValue struct {
	value string
	line  int
}

// kaldiTable reads "KEY VALUE" lines, in the order of the file. A line without a value, or a second one with the same
// key, is a finding and left out.
func (b *builder) kaldiTable(path, expects string) (map[string]kaldiValue, []string, error) {
	text, err := readText(path)
	if err != nil {
		return nil, nil, err
	}
	values := map[string]kaldiValue{}
	var order []string
	eachLine(text, func(line int, s string) {
		key, value := cutField(s)
		if key = nfc(key); key == "" {
			return
		}
		if f := checkUTF8(path, line, s); f != nil {
			b.find(*f)
			return
		}
		if value == "" {
			b.find(Finding{Kind: KindTranscript, Severity: SeverityError, File: path, Line: line,
				Message: fmt.Sprintf("expected %s, found %q", expects, shorten(s))})
			return
		}
		if old, ok := values[key]; ok {
			b.find(Finding{Kind: KindDuplicate, Severity: SeverityError, File: path, Line: line,
				Message: fmt.Sprintf("%s was already given at line %d; the first is used", shorten(key), old.line)})
			return
		}
		values[key] = kaldiValue{value, line}
		order = append(order, key)
	})
	return values, order, nil
}

// kaldiMap is kaldiTable of an optional file; nil if it is not there.
func (b *builder) kaldiMap(name, expects string) map[string]kaldiValue {
	path := filepath.Join(b.spec.Root, name)
	values, _, err := b.kaldiTable(path, expects)
	switch {
	case os.IsNotExist(err):
		b.find(Finding{Kind: KindMissingSpeaker, Severity: SeverityWarning, File: path, Message: "no file " + name + ": expected lines " + expects})
	case err != nil:
		b.unreadable(path, err)
	}
	return values
}

// archivePath is Kaldi's way to say "at byte 123 of an archive".
var archivePath = regexp.MustCompile(`:\d+(\[.*\])?$`)

// kaldiRecordings reads wav.scp: the audio file of every recording that has one.
func (b *builder) kaldiRecordings(path string) (map[string]kaldiValue, []string, error) {
	recordings, order, err := b.kaldiTable(path, "RECORDING PATH")
	if os.IsNotExist(err) {
		return nil, nil, fmt.Errorf("%s can't be found: layout %s expects %s", path, b.layout.name, b.layout.expects)
	}
	if err != nil {
		return nil, nil, &Error{File: path, Msg: "can't be read: " + reason(err)}
	}
	root := b.spec.AudioRoot
	if root == "" {
		root = b.spec.Root
	}
	segmented := exists(filepath.Join(b.spec.Root, "segments"))
	for id, r := range recordings {
		file := r.value
		if !filepath.IsAbs(file) {
			file = filepath.Join(root, file)
		}
		file = onDisk(file)
		f := Finding{Kind: KindRefusedPath, Severity: SeverityError, File: path, Line: r.line}
		if !segmented { // the recording is the utterance
			f.Utterance = id
		}
		switch info, err := os.Stat(file); {
		case strings.HasSuffix(r.value, "|"), strings.HasPrefix(r.value, "|"):
			f.Message = fmt.Sprintf("expected a plain path, found the command %q: commands are not run; write the audio once (wav-copy scp:wav.scp ark,scp:..., or sox) and list the files", shorten(r.value))
		case err == nil && info.Mode().IsRegular():
			recordings[id] = kaldiValue{file, r.line}
			continue
		case err == nil:
			f.Message = fmt.Sprintf("expected an audio file, found a folder or device: %s", oneLine(file))
		case archivePath.MatchString(r.value):
			f.Message = fmt.Sprintf("expected a plain path, found a place in an archive, %q: write the audio to files (wav-copy) and list them", shorten(r.value))
		default:
			f.Kind = KindMissingAudio
			f.Message = fmt.Sprintf("no audio for %s: %s: %s", shorten(id), oneLine(file), reason(err))
			if !filepath.IsAbs(r.value) {
				f.Message += "; relative paths start from " + oneLine(root)
			}
		}
		b.find(f)
		delete(recordings, id)
	}
	return recordings, order, nil
}

// kaldiUtterances reads segments, or makes one utterance of each recording.
func (b *builder) kaldiUtterances(recordings map[string]kaldiValue, order []string) ([]Utterance, error) {
	path := filepath.Join(b.spec.Root, "segments")
	segments, ids, err := b.kaldiTable(path, "UTTERANCE RECORDING FROM TO")
	if os.IsNotExist(err) {
		var out []Utterance
		for _, id := range order {
			if r, ok := recordings[id]; ok {
				out = append(out, Utterance{ID: id, Recording: id, AudioPath: r.value})
			}
		}
		return out, nil
	}
	if err != nil {
		return nil, &Error{File: path, Msg: "can't be read: " + reason(err)}
	}
	out := make([]Utterance, 0, len(ids))
	for _, id := range ids {
		s := segments[id]
		u, err := parseKaldiSegment(path, s.line, id, s.value)
		if err != nil {
			b.find(Finding{Kind: KindTimes, Severity: SeverityError, Utterance: id, File: path, Line: s.line, Message: err.Msg})
			continue
		}
		r, ok := recordings[u.Recording]
		if !ok {
			b.find(Finding{Kind: KindMissingAudio, Severity: SeverityError, Utterance: id, File: path, Line: s.line,
				Message: fmt.Sprintf("no audio for %s: wav.scp has no usable recording %s", shorten(id), shorten(u.Recording))})
			continue
		}
		u.AudioPath = r.value
		out = append(out, u)
	}
	return out, nil
}

// parseKaldiSegment reads "RECORDING FROM TO [CHANNEL]". TO is -1 for the end of the recording. Channels count from 0, as in
// Kaldi's extract-segments, and -1 names none; A and B are the first and the second.
func parseKaldiSegment(path string, line int, id, value string) (Utterance, *Error) {
	fail := func(format string, args ...any) (Utterance, *Error) {
		return Utterance{}, &Error{File: path, Line: line, Msg: fmt.Sprintf(format, args...)}
	}
	fields := strings.Fields(value)
	if len(fields) != 3 && len(fields) != 4 {
		return fail("expected UTTERANCE RECORDING FROM TO [CHANNEL], found %s after the utterance", plural(len(fields), "field"))
	}
	from, err1 := parseSeconds(fields[1])
	to, err2 := parseSeconds(fields[2])
	switch {
	case err1 != nil || err2 != nil:
		return fail("expected FROM and TO in seconds, found %q and %q", shorten(fields[1]), shorten(fields[2]))
	case from < 0 || to != -1 && to <= from:
		return fail("the segment from %g to %g s is empty or lies before the recording", from, to)
	}
	if to == -1 {
		to = 0
	}
	u := Utterance{ID: id, Recording: nfc(fields[0]), From: from, To: to}
	if len(fields) == 4 {
		n, err := strconv.ParseInt(fields[3], 10, 32)
		switch side := sideNumber(fields[3]); {
		case side > 0:
			u.Channel = strconv.Itoa(side)
		case err != nil || n < -1:
			return fail("expected a channel's number from 0 (the first is 0), A or B, found %q", shorten(fields[3]))
		case n >= 0:
			u.Channel = strconv.FormatInt(n+1, 10)
		}
	}
	return u, nil
}

// sideNumber is the number, from 1, of the side of a call that is named A or B, and 0 of anything else.
func sideNumber(name string) int {
	switch strings.ToUpper(name) {
	case "A":
		return 1
	case "B":
		return 2
	}
	return 0
}

// kaldiSide says of which call a recording is which side.
type kaldiSide struct{ call, side string }

// kaldiSides reads reco2file_and_channel, nil if it is not there.
func (b *builder) kaldiSides() map[string]kaldiSide {
	path := filepath.Join(b.spec.Root, "reco2file_and_channel")
	const expects = "RECORDING FILE CHANNEL"
	values, order, err := b.kaldiTable(path, expects)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		b.unreadable(path, err)
		return nil
	}
	sides := map[string]kaldiSide{}
	for _, recording := range order {
		s, err := parseKaldiSide(values[recording].value)
		if err != nil {
			b.find(Finding{Kind: KindTranscript, Severity: SeverityError, File: path, Line: values[recording].line, Message: fmt.Sprintf("expected %s: %v", expects, err)})
			continue
		}
		sides[recording] = s
	}
	return sides
}

// parseKaldiSide reads "FILE CHANNEL". Channels are A and B or, as in a CTM file, numbers from 1.
func parseKaldiSide(value string) (kaldiSide, error) {
	call, channel := cutField(value)
	n := sideNumber(channel)
	if n == 0 {
		n, _ = strconv.Atoi(channel)
	}
	if n < 1 {
		return kaldiSide{}, fmt.Errorf("a channel is A, B or a number from 1, found %q", shorten(channel))
	}
	return kaldiSide{nfc(call), strconv.Itoa(n)}, nil
}

// kaldiCTM registers the CTM files and returns their paths.
func (b *builder) kaldiCTM() (words, phones string, err error) {
	dir := b.spec.Alignments
	if dir == "" {
		dir = b.spec.Root
	} else if err := b.mustBeFolder(dir, "alignments"); err != nil {
		return "", "", err
	}
	w, p := ctmFiles(dir)
	if w == nil && p == nil {
		if b.spec.Alignments != "" {
			return "", "", fmt.Errorf("%s: no words.ctm and no phones.ctm there", dir)
		}
		return "", "", nil
	}
	b.ctm = map[string]*ctmFile{}
	if w != nil {
		words, b.ctm[w.path] = w.path, w
	}
	if p != nil {
		phones, b.ctm[p.path] = p.path, p
	}
	return words, phones, nil
}
