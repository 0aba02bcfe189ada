package fetch

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"speechsim/configs"
	"speechsim/models/hub"
	"speechsim/pipeline/checkpoints"
	"speechsim/pipeline/internal/files"
)

// needs are what a config names: what can be fetched, what lies there already, and what only its owner can put there.
type needs struct {
	checkpoints []checkpointNeed
	archives    []*archiveNeed
	present     []string
	byHand      []string
	get         string // what the config says of how its files are got
}

type checkpointNeed struct {
	hub.Wanted
	at func(error) error // places an error in the config
}

// archiveNeed is what is wanted of one archive.
type archiveNeed struct {
	archive
	file   string   // where it is downloaded to; one that is to be unpacked has a name that begins with a dot, as it does not stay
	want   []wanted // none: the archive itself
	beside bool     // with the texts beside it
}

// groups is what the key of that name is a path to, in every layout.
const groups = "a table speaker,group"

// needsOf finds out what a config names, by simple rules: what exists is not looked into.
//
//   - checkpoint: no file or folder, but an id: from the hub, config.json and its like alone with weights: random.
//   - vectors: no file, but named like an archive of GloVe or a text in one.
//   - librispeech: the subsets that root lacks; no subset named: the one that root is named after.
//   - alignments of librispeech: the subsets that the folder lacks, where it has others or none.
//   - the rest by hand.
func needsOf(cfg *configs.Config, from sources) *needs {
	n := &needs{get: cfg.Get}
	for i := range cfg.Models {
		n.model(cfg, &cfg.Models[i], from)
	}
	if l := cfg.Corpus.LibriSpeech; l != nil {
		n.librispeech(cfg, l, from)
	}
	if t := cfg.Corpus.TIMIT; t != nil {
		n.orByHand("corpus.timit.root", cfg.Path(t.Root), "TIMIT, catalogue number LDC93S1 of the Linguistic Data Consortium, under a licence of its own: the folder with TRAIN and TEST in it")
		n.orByHand("corpus.timit.groups", cfg.Path(t.Groups), groups)
	}
	if f := cfg.Corpus.Folder; f != nil {
		n.orByHand("corpus.folder.root", cfg.Path(f.Root), "the audio")
		n.orByHand("corpus.folder.alignments", cfg.Path(f.Alignments), "its TextGrids")
		n.orByHand("corpus.folder.groups", cfg.Path(f.Groups), groups)
	}
	if t := cfg.Corpus.Table; t != nil {
		n.orByHand("corpus.table.file", cfg.Path(t.File), "the table")
		n.orByHand("corpus.table.root", cfg.Path(t.Root), "the audio")
		n.orByHand("corpus.table.groups", cfg.Path(t.Groups), groups)
	}
	if k := cfg.Corpus.Kaldi; k != nil {
		n.orByHand("corpus.kaldi.root", cfg.Path(k.Root), "the data directory")
		n.orByHand("corpus.kaldi.alignments", cfg.Path(k.Alignments), "its CTM files")
		n.orByHand("corpus.kaldi.groups", cfg.Path(k.Groups), groups)
	}
	if l := cfg.Corpus.Lexicon; l != nil {
		n.orByHand("corpus.lexicon", cfg.Path(l.File), "the pronunciation lexicon")
	}
	return n
}

// orByHand notes what only its owner can put there.
func (n *needs) orByHand(key, path, what string) {
	switch {
	case path == "":
	case files.Exists(path):
		n.present = append(n.present, key+" "+path)
	default:
		n.byHand = append(n.byHand, fmt.Sprintf("%s %s: %s", key, path, cmp.Or(n.get, what)))
	}
}

func (n *needs) model(cfg *configs.Config, m *configs.Model, from sources) {
	key := "model " + m.Name + ": "
	n.orByHand(key+"onnx", cfg.Path(m.ONNX), "a model that was exported, see docs/models.md; a checkpoint: with its id on the hub is fetched")
	n.orByHand(key+"features", cfg.Path(m.Features), "features of your own")
	n.orByHand(key+"card", cfg.Path(m.Card), "the model's card")
	n.orByHand(key+"vocabulary", cfg.Path(m.Vocabulary), "the model's vocabulary")
	if m.Vectors != "" {
		n.vectors(key, cfg.Path(m.Vectors), from)
	}
	switch w := checkpoints.Of(cfg, m); {
	case w.Name == "":
	case files.Exists(w.Path) || !hub.IsID(w.Name):
		n.orByHand(key+"checkpoint", w.Path, "a checkpoint of transformers")
	default:
		n.checkpoint(w, func(err error) error {
			return cfg.Errorf(m.Pos.Of("checkpoint", "revision"), "model %q: checkpoint: %v", m.Name, err)
		})
	}
}

// checkpoint adds a checkpoint, once, with its weights if any model wants them.
func (n *needs) checkpoint(w hub.Wanted, at func(error) error) {
	for i := range n.checkpoints {
		if have := &n.checkpoints[i]; have.Name == w.Name && have.Revision == w.Revision {
			have.Weights = have.Weights || w.Weights
			return
		}
	}
	n.checkpoints = append(n.checkpoints, checkpointNeed{w, at})
}

// vectors adds an archive of GloVe, or a text of one.
func (n *needs) vectors(key, path string, from sources) {
	name := filepath.Base(path)
	if a, ok := from.glove[name]; ok && !files.Exists(path) {
		n.archives = append(n.archives, &archiveNeed{archive: a, file: path})
		return
	}
	for zip, a := range from.glove {
		if slices.Contains(a.texts, name) && !files.Exists(path) {
			n.fromArchive(a, filepath.Join(filepath.Dir(path), "."+zip), wanted{name, path}, false)
			return
		}
	}
	n.orByHand(key+"vectors", path, "word vectors; these are fetched: "+strings.Join(slices.Sorted(maps.Keys(from.glove)), ", ")+" and the texts in them")
}

// fromArchive adds something of an archive.
func (n *needs) fromArchive(a archive, file string, w wanted, beside bool) {
	for _, have := range n.archives {
		if have.file == file && len(have.want) > 0 {
			if !slices.Contains(have.want, w) {
				have.want = append(have.want, w)
			}
			return
		}
	}
	n.archives = append(n.archives, &archiveNeed{a, file, []wanted{w}, beside})
}

func (n *needs) librispeech(cfg *configs.Config, l *configs.LibriSpeech, from sources) {
	root := cfg.Path(l.Root)
	known := slices.Sorted(maps.Keys(from.librispeech))
	var names []string
	for name := range strings.SplitSeq(l.Subset, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	switch {
	case len(names) == 0 && !files.Exists(root) && slices.Contains(known, filepath.Base(root)):
		names, root = []string{filepath.Base(root)}, filepath.Dir(root)
	case len(names) == 0:
		n.orByHand("corpus.librispeech.root", root, "a corpus of LibriSpeech's layout; with subset: and one of "+strings.Join(known, ", ")+" it is fetched")
	}
	if inner := filepath.Join(root, "LibriSpeech"); files.Exists(inner) {
		root = inner
	}
	for _, name := range names {
		folder := filepath.Join(root, name)
		if a, ok := from.librispeech[name]; ok && !files.Exists(folder) {
			n.fromArchive(a, filepath.Join(root, "."+name+".tar.gz"), wanted{name, folder}, true)
		} else {
			n.orByHand("corpus.librispeech.subset", folder, "a subset that is none of LibriSpeech's, which are "+strings.Join(known, ", "))
		}
	}
	n.orByHand("corpus.librispeech.groups", cfg.Path(l.Groups), groups)
	if l.Alignments != "" {
		n.alignments(cfg.Path(l.Alignments), names, known, from)
	}
}

// alignments adds the aligned words and phones of subsets.
func (n *needs) alignments(folder string, names, known []string, from sources) {
	const key = "corpus.librispeech.alignments"
	places := []string{folder, filepath.Join(folder, "LibriSpeech")}
	has := func(name string) bool {
		return slices.ContainsFunc(places, func(place string) bool { return files.Exists(filepath.Join(place, name)) })
	}
	items, err := os.ReadDir(folder)
	empty := err != nil || len(items) == 0
	for _, name := range names {
		switch {
		case !slices.Contains(known, name):
			n.orByHand(key, folder, "the TextGrids of "+name)
		case empty, !has(name) && slices.ContainsFunc(known, has), !has(name) && onlyFetched(items):
			n.fromArchive(from.alignments, filepath.Join(folder, ".librispeech_alignments.zip"), wanted{name, filepath.Join(folder, name)}, false)
		default:
			n.orByHand(key, folder, "")
		}
	}
}

// onlyFetched says whether a folder holds nothing but what a fetch that was stopped has left.
func onlyFetched(items []os.DirEntry) bool {
	return !slices.ContainsFunc(items, func(item os.DirEntry) bool {
		return !strings.Contains(item.Name(), "librispeech_alignments.zip") && !strings.HasSuffix(item.Name(), ".unpacking")
	})
}
