package corpus

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// entry is one name in a folder, with symlinks resolved: people link subsets and whole corpora into place.
type entry struct {
	name string
	dir  bool
	link bool
}

// list returns the entries of a folder, sorted by name. A link that leads nowhere (or only to itself) is a finding.
func (b *builder) list(dir string) ([]entry, error) {
	items, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, 0, len(items))
	for _, it := range items {
		if ofMacOS(it.Name()) {
			continue
		}
		e := entry{name: it.Name(), dir: it.IsDir()}
		if it.Type()&fs.ModeSymlink != 0 {
			info, err := os.Stat(filepath.Join(dir, e.name))
			if err != nil {
				b.find(Finding{Kind: KindLink, Severity: SeverityWarning, File: filepath.Join(dir, e.name), Message: "symbolic link leads nowhere: " + reason(err)})
				continue
			}
			e.dir, e.link = info.IsDir(), true
			it = fs.FileInfoToDirEntry(info)
		}
		if !e.dir && !it.Type().IsRegular() {
			b.find(Finding{Kind: KindUnreadable, Severity: SeverityWarning, File: filepath.Join(dir, e.name), Message: "is neither a file nor a folder; not read"})
			continue
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// ofMacOS tells whether a name is that of what macOS leaves beside the files of others, on discs and in archives: companions
// with a file's attributes, which have its name and ending after "._", and its folders' settings.
func ofMacOS(name string) bool {
	return strings.HasPrefix(name, "._") || name == ".DS_Store" || name == "__MACOSX"
}

// folders returns the names of the folders in dir, hidden ones left out. A folder that can't be read is a finding.
func (b *builder) folders(dir string) []string {
	entries, err := b.list(dir)
	if err != nil {
		b.unreadable(dir, err)
	}
	var names []string
	for _, e := range entries {
		if e.dir && !strings.HasPrefix(e.name, ".") {
			names = append(names, e.name)
		}
	}
	return names
}

func (b *builder) unreadable(path string, err error) {
	b.find(Finding{Kind: KindUnreadable, Severity: SeverityError, File: path, Message: "can't be read: " + reason(err)})
}

// reason is err without the path, which the message has already.
func reason(err error) string {
	if pe, ok := err.(*fs.PathError); ok {
		return pe.Err.Error()
	}
	return err.Error()
}

// walk calls visit for every folder at and below root, with its files in sorted order. Links to folders are followed,
// but no real folder is read twice: a link that loops, or that leads to a folder that is in the tree anyhow, is a
// finding. Real folders come before linked ones, so which name a file gets does not depend on what links are called.
func (b *builder) walk(ctx context.Context, root string, visit func(dir string, files []string)) error {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	var links []string
	var descend func(dir, real string) error
	descend = func(dir, real string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		seen[real] = true
		entries, err := b.list(dir)
		if err != nil {
			b.unreadable(dir, err)
			return nil
		}
		var files []string
		for _, e := range entries {
			if !e.dir {
				files = append(files, e.name)
			}
		}
		visit(dir, files)
		for _, e := range entries {
			switch path := filepath.Join(dir, e.name); {
			case !e.dir || strings.HasPrefix(e.name, "."):
			case e.link:
				links = append(links, path)
			default:
				if err := descend(path, filepath.Join(real, e.name)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := descend(root, real); err != nil {
		return err
	}
	for i := 0; i < len(links); i++ { // descend may append to links
		real, err := filepath.EvalSymlinks(links[i])
		if err != nil {
			b.unreadable(links[i], err)
			continue
		}
		if seen[real] {
			b.find(Finding{Kind: KindLink, Severity: SeverityWarning, File: links[i],
				Message: fmt.Sprintf("symbolic link leads to %s, which is part of the corpus already; not followed", oneLine(real))})
			continue
		}
		if err := descend(links[i], real); err != nil {
			return err
		}
	}
	return nil
}

// isFile reports whether a directory's entry is a regular file, or a link to one. Anything else may hang when opened.
func isFile(path string, it fs.DirEntry) bool {
	if it.Type()&fs.ModeSymlink == 0 {
		return it.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// audioKinds are the endings of audio files, the preferred first.
var audioKinds = []string{".flac", ".wav", ".sph", ".nist"}

// audioKind returns the rank of a file name among audioKinds, or -1.
func audioKind(name string) int {
	ext := strings.ToLower(filepath.Ext(name))
	for i, k := range audioKinds {
		if ext == k {
			return i
		}
	}
	return -1
}

func hasExt(name, ext string) bool { return strings.EqualFold(filepath.Ext(name), ext) }

// stem is a file's name without its ending, in the form in which names are paired.
func stem(name string) string { return nfc(strings.TrimSuffix(name, filepath.Ext(name))) }

// nfc is the form in which names are compared and utterances are called. macOS, and what went through it, writes "é" as "e"
// and an accent (NFD) where other systems have one character (NFC): two names that look the same and have other bytes.
func nfc(name string) string { return norm.NFC.String(name) }

// onDisk is a path out of a list, with every part in the form that its file or folder has. It is the path itself if there is none.
func onDisk(path string) string {
	if norm.NFC.IsNormalString(path) && norm.NFD.IsNormalString(path) || exists(path) {
		return path
	}
	const separator = string(filepath.Separator)
	parts := strings.Split(path, separator)
	for i, part := range parts {
		for _, form := range []string{part, norm.NFC.String(part), norm.NFD.String(part)} {
			if exists(strings.Join(append(parts[:i:i], form), separator)) {
				parts[i] = form
				break
			}
		}
	}
	return strings.Join(parts, separator)
}

// textGridTree finds TextGrids of a parallel tree by their stem, reading each folder at most once.
type textGridTree struct {
	root  string
	cache map[string]map[string]string // folder -> stem -> path
}

// find returns the path of STEM.TextGrid in the first of the folders (below root) that has it, or "".
func (t *textGridTree) find(stem string, folders ...string) string {
	for _, f := range folders {
		dir := filepath.Join(t.root, f)
		paths, ok := t.cache[dir]
		if !ok {
			paths = textGridsIn(onDisk(dir))
			if t.cache == nil {
				t.cache = map[string]map[string]string{}
			}
			t.cache[dir] = paths
		}
		if path, ok := paths[stem]; ok {
			return path
		}
	}
	return ""
}

// textGridsIn lists the TextGrids of a folder by stem; a folder that is not there has none.
func textGridsIn(dir string) map[string]string {
	items, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var paths map[string]string
	for _, it := range items {
		if name := it.Name(); hasExt(name, ".textgrid") && !ofMacOS(name) && isFile(filepath.Join(dir, name), it) {
			if paths == nil {
				paths = map[string]string{}
			}
			if _, twin := paths[stem(name)]; !twin { // as beside the audio, the first of two counts
				paths[stem(name)] = filepath.Join(dir, name)
			}
		}
	}
	return paths
}
