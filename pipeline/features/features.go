// Package features finds, checks and reads features of the user's own: frames that were measured (articulography, EEG, pitch) or
// computed by another toolkit, a matrix an utterance, in a folder or an archive.
//
//	set, err := features.Open(ctx, c, lengths, features.Options{Path: "ema", Hop: .01, Workers: 4})
//	if err != nil { ... }                 // a *features.Error: everything that is wrong
//	defer set.Close()
//	layers, err := set.Read("1272-128104-0000")   // [frames, units] of each layer
//
// All that can be wrong with them is looked for before anything is computed: utterances without features, names that may mean
// several utterances, shapes, values that are not finite, and frames that do not span the audio.
package features

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/models"
	"speechsim/pipeline/internal/npy"
	"speechsim/pipeline/progress"
)

// Options say where features are and when.
type Options struct {
	Path     string   // a folder, or an .npz, .scp or .ark file
	Hop      float64  // seconds from one frame to the next
	Offset   float64  // time of the centre of the first frame
	Choice   []string // of layers, as models take it; nil: all
	Workers  int
	Progress progress.Reporter
}

// Error lists what is wrong with features.
type Error struct {
	Path     string
	Problems []string
}

func (e *Error) Error() string {
	if len(e.Problems) == 1 {
		return fmt.Sprintf("the features in %s: %s", e.Path, e.Problems[0])
	}
	return fmt.Sprintf("the features in %s: %d things are wrong:\n  %s", e.Path, len(e.Problems), strings.Join(e.Problems, "\n  "))
}

// Set is the features of the utterances of a corpus. Several goroutines may read it.
type Set struct {
	Notes []string // what is odd, and does no harm

	Options
	of       map[string]*matrix // of each utterance
	layers   []extract.Layer
	planes   []int // of each layer, its place in the files
	archives []*npy.Archive
}

// layer is the name of the only layer of features of one.
const layer = "features"

// Open finds the features of the utterances of a corpus that can be used, those whose lengths in samples are not negative, and
// checks them. It returns an [Error] of all that is wrong.
func Open(ctx context.Context, c *corpus.Corpus, lengths []int, o Options) (*Set, error) {
	s := &Set{Options: o}
	found, err := s.list()
	if err != nil {
		s.Close()
		return nil, &Error{o.Path, []string{err.Error()}}
	}
	checker := &checker{set: s, corpus: c, lengths: lengths}
	checker.match(found)
	if err := checker.check(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if len(checker.problems) > 0 {
		s.Close()
		return nil, &Error{o.Path, checker.problems}
	}
	return s, nil
}

// Close closes some sets, of which any may be nil.
func Close(sets []*Set) {
	for _, s := range sets {
		if s != nil {
			s.Close()
		}
	}
}

// Close gives the memory of the files back.
func (s *Set) Close() {
	for _, a := range s.archives {
		a.Close()
	}
	s.archives = nil
}

// Layers are those of all utterances.
func (s *Set) Layers() []extract.Layer { return s.layers }

// Frames is how many frames an utterance has.
func (s *Set) Frames(utterance string) int {
	if m := s.of[utterance]; m != nil {
		return m.shape.frames
	}
	return 0
}

// Read reads the features of an utterance, a tensor [frames, units] of each layer.
func (s *Set) Read(utterance string) ([]models.Tensor, error) {
	m := s.of[utterance]
	if m == nil {
		return nil, errors.New("there are no features")
	}
	data, err := m.read(m.shape)
	if err != nil {
		return nil, err
	}
	out := make([]models.Tensor, len(s.layers))
	size := m.shape.frames * m.shape.units
	for l, plane := range s.planes {
		out[l] = models.Tensor{Name: s.layers[l].Name, Shape: []int{m.shape.frames, m.shape.units}, Data: data[plane*size : (plane+1)*size]}
	}
	return out, nil
}

// Digest identifies the features of some utterances by the bytes of their files, of which digest gives those of one.
func (s *Set) Digest(c *corpus.Corpus, digest func(file string) (string, error)) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, "features")
	for i := range c.Utterances {
		id := c.Utterances[i].ID
		m := s.of[id]
		if m == nil {
			continue
		}
		sum, err := digest(m.file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%q %s %q %d\n", id, sum, m.within, m.at)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// plain is what is wrong with a file, without the name that whoever says it knows.
func plain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// isFolder says whether features lie in a folder.
func isFolder(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, plain(err)
	}
	return info.IsDir(), nil
}
