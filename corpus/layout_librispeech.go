package corpus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// openLibriSpeech reads LibriSpeech and what is built like it (MLS, LibriTTS, the demo corpus):
//
//	ROOT/SPEAKERS.TXT
//	ROOT/SUBSET/SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt     lines "ID TRANSCRIPT"
//	ROOT/SUBSET/SPEAKER/CHAPTER/ID.normalized.txt             LibriTTS: a transcript without a line, see textForms
//	ROOT/SUBSET/SPEAKER/CHAPTER/ID.flac
//	ROOT/SUBSET/SPEAKER/CHAPTER/ID.TextGrid                   or in a parallel tree, see alignmentFolders
//
// ROOT may also be the folder of one subset, or the folder that holds LibriSpeech/.
func openLibriSpeech(ctx context.Context, b *builder) error {
	subsets, err := b.librispeechSubsets()
	if err != nil {
		return err
	}
	var tree *textGridTree
	if b.spec.Alignments != "" {
		if err := b.mustBeFolder(b.spec.Alignments, "alignments"); err != nil {
			return err
		}
		tree = &textGridTree{root: b.spec.Alignments}
	}
	sex := b.librispeechSpeakers(filepath.Dir(subsets[0]))
	for _, dir := range subsets {
		for _, speaker := range b.folders(dir) {
			if err := ctx.Err(); err != nil {
				return err
			}
			for _, chapter := range b.folders(filepath.Join(dir, speaker)) {
				b.librispeechChapter(tree, sex, filepath.Base(dir), speaker, chapter, filepath.Join(dir, speaker, chapter))
			}
		}
	}
	return nil
}

// librispeechSubsets returns the folders of the subsets that Spec.Subset asks for.
func (b *builder) librispeechSubsets() ([]string, error) {
	root := b.spec.Root
	if info, err := os.Stat(filepath.Join(root, "LibriSpeech")); err == nil && info.IsDir() {
		root = filepath.Join(root, "LibriSpeech")
	}
	if b.spec.Subset != "" {
		var dirs []string
		for name := range strings.SplitSeq(b.spec.Subset, ",") {
			name = strings.TrimSpace(name)
			dir := onDisk(filepath.Join(root, name))
			if info, err := os.Stat(dir); err != nil || !info.IsDir() || !filepath.IsLocal(name) {
				return nil, fmt.Errorf("%s: no subset %q: the folders there are %s", root, name, orNone(b.folders(root)))
			}
			if !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
		return dirs, nil
	}
	var subsets []string
	for _, name := range b.folders(root) {
		dir := filepath.Join(root, name)
		if b.holdsChapters(dir) {
			subsets = append(subsets, dir)
		}
	}
	if len(subsets) > 0 {
		return subsets, nil
	}
	if b.holdsChapters(root) {
		return []string{root}, nil
	}
	return nil, fmt.Errorf("%s: no *.trans.txt found: layout %s expects %s; the folders there are %s",
		root, b.layout.name, b.layout.expects, orNone(b.folders(root)))
}

// holdsChapters reports whether dir/SPEAKER/CHAPTER has a transcript for some speaker and chapter.
func (b *builder) holdsChapters(dir string) bool {
	for _, speaker := range foldersIn(dir) {
		for _, chapter := range foldersIn(filepath.Join(dir, speaker)) {
			items, _ := os.ReadDir(filepath.Join(dir, speaker, chapter))
			for _, it := range items {
				if !ofMacOS(it.Name()) && (strings.HasSuffix(it.Name(), ".trans.txt") || audioKind(it.Name()) >= 0) {
					return true
				}
			}
		}
	}
	return false
}

// foldersIn is builder.folders without findings, for looking ahead.
func foldersIn(dir string) []string {
	var scratch builder
	return scratch.folders(dir)
}

// librispeechSpeakers reads "ID | SEX | SUBSET | MINUTES | NAME" lines; ';' begins a comment.
func (b *builder) librispeechSpeakers(root string) map[string]string {
	path := filepath.Join(root, "SPEAKERS.TXT")
	text, err := readText(path)
	if os.IsNotExist(err) {
		b.find(Finding{Kind: KindMissingSpeaker, Severity: SeverityWarning, File: path, Message: "no SPEAKERS.TXT: the sex of speakers is unknown"})
		return nil
	}
	if err != nil {
		b.unreadable(path, err)
		return nil
	}
	sex := map[string]string{}
	eachLine(text, func(line int, s string) {
		if s = strings.TrimSpace(s); s == "" || s[0] == ';' {
			return
		}
		fields := strings.Split(s, "|")
		if len(fields) < 2 {
			b.find(Finding{Kind: KindMissingSpeaker, Severity: SeverityWarning, File: path, Line: line,
				Message: fmt.Sprintf("expected ID | SEX | ..., found %q", shorten(s))})
			return
		}
		switch v := strings.ToUpper(strings.TrimSpace(fields[1])); v {
		case "F", "M":
			sex[nfc(strings.TrimSpace(fields[0]))] = v
		default:
			b.find(Finding{Kind: KindMissingSpeaker, Severity: SeverityWarning, File: path, Line: line,
				Message: fmt.Sprintf("expected sex F or M, found %q", v)})
		}
	})
	return sex
}

// alignmentFolders are the places of a chapter's TextGrids in a parallel tree, as published: the corpus's own layout
// (with or without LibriSpeech/ above it), without the subset, and one folder a speaker (what MFA writes).
func alignmentFolders(subset, speaker, chapter string) []string {
	return []string{
		filepath.Join(subset, speaker, chapter),
		filepath.Join(speaker, chapter),
		filepath.Join(subset, speaker),
		speaker,
		filepath.Join("LibriSpeech", subset, speaker, chapter),
	}
}

// librispeechChapter adds the utterances of one folder.
func (b *builder) librispeechChapter(tree *textGridTree, sex map[string]string, subset, speaker, chapter, dir string) {
	entries, err := b.list(dir)
	if err != nil {
		b.unreadable(dir, err)
		return
	}
	audio := audioFiles{}
	grids, texts := map[string]string{}, map[string]string{}
	var transcripts []string
	for _, e := range entries {
		switch {
		case e.dir:
		case strings.HasSuffix(e.name, ".trans.txt"):
			transcripts = append(transcripts, e.name)
		case hasExt(e.name, ".txt"):
			texts[stem(e.name)] = e.name
		case audioKind(e.name) >= 0:
			b.addAudio(audio, dir, e.name)
		case hasExt(e.name, ".textgrid"):
			grids[stem(e.name)] = e.name
		}
	}
	utterance := func(id string) Utterance {
		u := Utterance{ID: id, Speaker: speaker, Sex: sex[nfc(speaker)], AudioPath: filepath.Join(dir, audio[id])}
		grid := ""
		if tree != nil {
			grid = tree.find(id, alignmentFolders(subset, speaker, chapter)...)
		} else if name, ok := grids[id]; ok {
			grid = filepath.Join(dir, name)
		}
		u.WordsFile, u.PhonesFile = grid, grid
		return u
	}
	if len(transcripts) == 0 && len(audio) == 0 {
		b.find(Finding{Kind: KindMissingAudio, Severity: SeverityWarning, File: dir, Message: "the folder of a chapter holds neither audio nor a *.trans.txt"})
	}
	told := map[string]bool{}
	for _, name := range transcripts {
		path := filepath.Join(dir, name)
		b.transcripts(path, func(t transcript) {
			_, ok := audio[t.id]
			switch {
			case told[t.id]:
				b.find(t.again(path))
			case t.bad:
			case !ok:
				b.find(Finding{Kind: KindMissingAudio, Severity: SeverityError, Utterance: t.id, File: path, Line: t.line,
					Message: fmt.Sprintf("no audio for %s: expected %s.flac beside the transcript", t.id, t.id)})
			default:
				u := utterance(t.id)
				u.Text, u.TextFile, u.TextLine = t.text, path, t.line
				b.add(u)
			}
			told[t.id] = true
		})
	}
	for _, id := range audio.stems() {
		if told[id] {
			continue
		}
		u := utterance(id)
		if name, ok := textOf(texts, id); ok {
			if !b.wholeText(&u, filepath.Join(dir, name)) {
				continue
			}
		} else {
			b.find(Finding{Kind: KindMissingText, Severity: SeverityWarning, Utterance: id, File: u.AudioPath,
				Message: fmt.Sprintf("no line for %s in a *.trans.txt of its folder: it has no transcript", id)})
		}
		b.add(u)
	}
}

// transcript is one "ID TEXT" line.
type transcript struct {
	id, text string
	line     int
	bad      bool // not UTF-8: its finding refuses the utterance
}

// again is the finding for a second line of the same ID.
func (t transcript) again(path string) Finding {
	// Finding.Utterance stays empty: the utterance of that ID is used.
	return Finding{Kind: KindDuplicate, Severity: SeverityError, File: path, Line: t.line,
		Message: fmt.Sprintf("utterance %s was already given; the first is used", shorten(t.id))}
}

// transcripts reads the "ID TEXT" lines of a file (LibriSpeech's trans.txt, Kaldi's text) and hands each to yield. A line
// without text or in another encoding is a finding; the utterance of the first is kept with empty text, that of the second is
// not (bad).
func (b *builder) transcripts(path string, yield func(transcript)) {
	text, err := readText(path)
	if err != nil {
		b.unreadable(path, err)
		return
	}
	parseTranscripts(path, text, b.find, yield)
}

// parseTranscripts keeps nothing of its own, so that a large file costs what its utterances do.
func parseTranscripts(path, text string, find func(Finding), yield func(transcript)) {
	eachLine(text, func(line int, s string) {
		id, words := cutField(s)
		if id = nfc(id); id == "" {
			return
		}
		t := transcript{id: id, text: words, line: line}
		if f := checkUTF8(path, line, s); f != nil {
			f.Utterance = id
			find(*f)
			t = transcript{id: id, line: line, bad: true}
		} else if words == "" {
			find(Finding{Kind: KindTranscript, Severity: SeverityWarning, Utterance: id, File: path, Line: line,
				Message: fmt.Sprintf("expected ID TRANSCRIPT, found %q alone: the transcript is empty", shorten(id))})
		}
		yield(t)
	})
}

// audioFiles maps a stem to the name of its audio file.
type audioFiles map[string]string

// addAudio notes an audio file. Of two files with one stem the preferred kind wins, and that is a finding.
func (b *builder) addAudio(files audioFiles, dir, name string) {
	id := stem(name)
	old, ok := files[id]
	if !ok {
		files[id] = name
		return
	}
	if audioKind(name) < audioKind(old) {
		old, name = name, old
	}
	files[id] = old
	why := ""
	if nfc(old) == nfc(name) {
		why = ", whose names differ in Unicode form only (NFC and NFD)"
	}
	b.find(Finding{Kind: KindDuplicate, Severity: SeverityWarning, Utterance: id, File: filepath.Join(dir, name),
		Message: fmt.Sprintf("two audio files for %s%s: %s is used, this one is not", id, why, old)})
}

func (a audioFiles) stems() []string {
	out := make([]string, 0, len(a))
	for s := range a {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// orNone lists at most ten names for a message.
func orNone(names []string) string {
	switch n := len(names); {
	case n == 0:
		return "(none)"
	case n > 10:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:10], ", "), n-10)
	}
	return strings.Join(names, ", ")
}

// shorten cuts s for a message.
func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return s
}
