package corpus

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// openFolder reads what the Montreal Forced Aligner takes: audio anywhere below ROOT, next to each file NAME.lab (or
// NAME.txt, the transcript, see textForms) and NAME.TextGrid, or the TextGrids in a parallel tree, Spec.Alignments.
//
// The ID is the path below ROOT without its ending, with slashes (speaker1/rec2). The speaker is the name of the file's
// folder, as in MFA, and files in ROOT itself have none; Spec.Speaker chooses otherwise.
func openFolder(ctx context.Context, b *builder) error {
	var tree *textGridTree
	if b.spec.Alignments != "" {
		if err := b.mustBeFolder(b.spec.Alignments, "alignments"); err != nil {
			return err
		}
		tree = &textGridTree{root: b.spec.Alignments}
	}
	return b.walk(ctx, b.spec.Root, func(dir string, files []string) {
		b.folderFiles(tree, dir, files)
	})
}

// folderFiles adds the utterances of one folder.
func (b *builder) folderFiles(tree *textGridTree, dir string, files []string) {
	rel, err := filepath.Rel(b.spec.Root, dir)
	if err != nil {
		b.unreadable(dir, err)
		return
	}
	audio := audioFiles{}
	texts, grids := map[string]string{}, map[string]string{}
	var orphans []string // files that should have audio next to them
	for _, name := range files {
		switch {
		case audioKind(name) >= 0:
			b.addAudio(audio, dir, name)
		case hasExt(name, ".lab"), hasExt(name, ".txt"):
			old, ok := texts[stem(name)]
			if ok && hasExt(old, ".lab") == hasExt(name, ".lab") {
				b.findTwin(dir, old, name)
			} else if !ok || !hasExt(old, ".lab") {
				texts[stem(name)] = name
			}
			orphans = append(orphans, name)
		case hasExt(name, ".textgrid") && tree == nil:
			if old, ok := grids[stem(name)]; ok {
				b.findTwin(dir, old, name)
			} else {
				grids[stem(name)] = name
			}
			orphans = append(orphans, name)
		}
	}
	twin := ""
	if other := b.otherForm(rel); other != "" && len(orphans) > 0 {
		twin = fmt.Sprintf("; %s is another folder, whose name differs in Unicode form only (NFC and NFD): move the files of both into one", oneLine(other))
	}
	for _, name := range orphans {
		if slices.ContainsFunc(textForms, func(form string) bool {
			_, ok := audio[strings.TrimSuffix(stem(name), form)]
			return ok
		}) {
			continue
		}
		severity := SeverityError
		if hasExt(name, ".txt") {
			severity = SeverityWarning // README.txt is no transcript
		}
		b.find(Finding{Kind: KindMissingAudio, Severity: severity, Utterance: utteranceName(rel, stem(name)), File: filepath.Join(dir, name),
			Message: fmt.Sprintf("no audio for it: expected %s.wav or .flac beside it%s", oneLine(stem(name)), twin)})
	}
	folderSpeaker, pattern := b.folderSpeaker(rel), b.spec.speakerPattern()
	for _, id := range audio.stems() {
		u := Utterance{ID: utteranceName(rel, id), Speaker: folderSpeaker, AudioPath: filepath.Join(dir, audio[id])}
		if pattern != nil {
			u.Speaker = ""
			if m := pattern.FindStringSubmatch(u.ID); m != nil {
				u.Speaker = m[1]
			}
			if u.Speaker == "" {
				b.find(Finding{Kind: KindMissingSpeaker, Severity: SeverityWarning, Utterance: u.ID, File: u.AudioPath,
					Message: fmt.Sprintf("speaker: %s finds no speaker in the name %s", b.spec.Speaker, u.ID)})
			}
		}
		grid := ""
		if tree != nil {
			grid = tree.find(id, rel, folderSpeaker)
		} else if name, ok := grids[id]; ok {
			grid = filepath.Join(dir, name)
		}
		u.WordsFile, u.PhonesFile = grid, grid
		name, ok := textOf(texts, id)
		if !ok {
			b.find(Finding{Kind: KindMissingText, Severity: SeverityWarning, Utterance: u.ID, File: u.AudioPath,
				Message: fmt.Sprintf("no %s.lab or .txt beside the audio: it has no transcript", oneLine(id))})
		} else if !b.wholeText(&u, filepath.Join(dir, name)) {
			continue
		}
		b.add(u)
	}
}

// textForms is what may stand between the name of an utterance and the .txt of its transcript: LibriTTS has its texts twice, with
// numbers and abbreviations in words, as they are spoken and aligned, and as they were printed.
var textForms = []string{"", ".normalized", ".original"}

// textOf is the transcript of an utterance among texts, by stem: the first of its forms.
func textOf(texts map[string]string, id string) (name string, ok bool) {
	for _, form := range textForms {
		if name, ok = texts[id+form]; ok {
			break
		}
	}
	return name, ok
}

// otherForm is the folder whose path below the root is rel in the other Unicode form, "" if there is none.
func (b *builder) otherForm(rel string) string {
	for _, form := range []norm.Form{norm.NFC, norm.NFD} {
		if path := filepath.Join(b.spec.Root, form.String(rel)); form.String(rel) != rel && exists(path) {
			return path
		}
	}
	return ""
}

// wholeText makes a file's content the transcript of u. It is false when the utterance can't be used.
func (b *builder) wholeText(u *Utterance, path string) bool {
	text, err := readText(path)
	if err != nil {
		b.find(Finding{Kind: KindUnreadable, Severity: SeverityError, Utterance: u.ID, File: path, Message: "can't be read: " + reason(err)})
		return false
	}
	var bad *Finding
	eachLine(text, func(n int, s string) {
		if bad == nil {
			bad = checkUTF8(path, n, s)
		}
	})
	if bad != nil {
		bad.Utterance = u.ID
		b.find(*bad)
		return false
	}
	u.Text, u.TextFile, u.TextLine = oneText(text), path, 0
	if u.Text == "" {
		b.find(Finding{Kind: KindTranscript, Severity: SeverityWarning, Utterance: u.ID, File: path, Message: "the transcript is empty"})
	}
	return true
}

func utteranceName(rel, stem string) string {
	if rel == "." {
		return stem
	}
	return nfc(filepath.ToSlash(rel)) + "/" + stem
}

// folderSpeaker names the speaker of the files in folder rel (below the root), by Spec.Speaker.
func (b *builder) folderSpeaker(rel string) string {
	switch {
	case rel == "." || b.spec.Speaker == "none":
		return ""
	case b.spec.Speaker == "top":
		top, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
		return top
	}
	return filepath.Base(rel)
}

// findTwin says that of two files with the labels of one utterance the second is not used: their names differ in Unicode form or in letter case.
func (b *builder) findTwin(dir, used, other string) {
	b.find(Finding{Kind: KindDuplicate, Severity: SeverityError, File: filepath.Join(dir, other),
		Message: fmt.Sprintf("two files for %s, whose names differ in Unicode form (NFC and NFD) or letter case only: %s is used, this one is not; remove one", oneLine(stem(used)), oneLine(used))})
}
