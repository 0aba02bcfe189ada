package features

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/models"
	"speechsim/pipeline/progress"
)

// slack is by how many seconds the frames of an utterance may end before or after its audio; see [checker.tolerance].
const slack = .1

// checker gathers what is wrong with features.
type checker struct {
	set      *Set
	corpus   *corpus.Corpus
	lengths  []int
	problems []string
}

func (c *checker) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// seconds is the length of an utterance.
func (c *checker) seconds(u int) float64 {
	return float64(c.lengths[u]) / float64(c.corpus.Spec.Audio.Rate)
}

// usable are the utterances that need features.
func (c *checker) usable() (out []int) {
	for u, n := range c.lengths {
		if n >= 0 {
			out = append(out, u)
		}
	}
	return out
}

// match finds the matrix of each utterance. Its name is the utterance's ID, or a path that ends in it; or the last part of the ID
// or of the path of the audio. More than one is an error, and so is one that more than one utterance has.
func (c *checker) match(found []*matrix) {
	named, ending := map[string][]*matrix{}, map[string][]*matrix{} // by whole name; by each end of the name
	for _, m := range found {
		named[m.name] = append(named[m.name], m)
		for _, end := range ends(m.name) {
			ending[end] = append(ending[end], m)
		}
	}
	var missing, ambiguous []string
	c.set.of = map[string]*matrix{}
	owner := map[*matrix]string{}
	for _, u := range c.usable() {
		id := c.corpus.Utterances[u].ID
		switch some := candidates(&c.corpus.Utterances[u], named, ending); {
		case len(some) == 0:
			missing = append(missing, id)
		case len(some) > 1:
			ambiguous = append(ambiguous, fmt.Sprintf("%s could have %s or %s", id, some[0].place(), some[1].place()))
		case owner[some[0]] != "":
			ambiguous = append(ambiguous, fmt.Sprintf("%s could be of %s or of %s", some[0].place(), owner[some[0]], id))
		default:
			owner[some[0]], c.set.of[id] = id, some[0]
		}
	}
	if n := len(ambiguous); n > 0 {
		c.problem("it is not clear which features %s: %s; name them after the whole ID of the utterance", have(n), ambiguous[0])
	}
	var extra []string
	for _, m := range found {
		if owner[m] == "" && len(ambiguous) == 0 {
			extra = append(extra, m.place())
		}
	}
	unused := ""
	if n := len(extra); n > 0 {
		unused = fmt.Sprintf("%d of %d matrices belong to no utterance of the corpus that can be used, such as %s", n, len(found), extra[0])
	}
	if n := len(missing); n > 0 {
		text := fmt.Sprintf("%d of %d utterances have no features, the first is %s (wanted: a matrix of that name, in a file of its own %s)",
			n, len(c.usable()), missing[0], strconv.Quote(missing[0]+".npy"))
		if unused != "" {
			text += "; " + unused
		}
		c.problem("%s", text)
	} else if unused != "" {
		c.set.Notes = append(c.set.Notes, unused)
	}
}

func have(n int) string {
	if n == 1 {
		return "1 utterance has"
	}
	return fmt.Sprintf("%d utterances have", n)
}

// candidates are the matrices that may be an utterance's.
func candidates(u *corpus.Utterance, named, ending map[string][]*matrix) []*matrix {
	id := norm.NFC.String(u.ID)
	if some := ending[id]; len(some) > 0 {
		return some
	}
	paths := ends(id)[1:]
	if u.From == 0 && u.To == 0 { // the audio is the utterance's alone
		path := filepath.ToSlash(u.AudioPath)
		paths = append(paths, ends(norm.NFC.String(strings.TrimSuffix(path, filepath.Ext(path))))...)
	}
	var out []*matrix
	for _, path := range paths {
		for _, m := range named[path] {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}

// ends are a path and what is left of it without its first folder, its first two, and so on.
func ends(path string) []string {
	out := []string{path}
	for {
		_, rest, more := strings.Cut(path, "/")
		if !more {
			return out
		}
		out, path = append(out, rest), rest
	}
}

// check looks at the headers and then at the values of all features.
func (c *checker) check(ctx context.Context) error {
	served := c.served()
	if len(served) == 0 {
		return nil
	}
	c.set.Progress.Stage("reading the shapes of features", float64(len(served)), "utterances")
	if err := c.each(ctx, served, "can't be read", func(_ context.Context, m *matrix) (err error) {
		m.shape, err = m.header()
		return err
	}); err != nil || len(c.problems) > 0 {
		return err
	}
	c.checkShapes(served)
	c.checkTimes(served)
	c.set.Progress.Stage("checking features", float64(len(served)), "utterances")
	return c.each(ctx, served, "can't be used", func(ctx context.Context, m *matrix) error { return m.finite(ctx) })
}

// served are the utterances that have features.
func (c *checker) served() (out []int) {
	for _, u := range c.usable() {
		if c.of(u) != nil {
			out = append(out, u)
		}
	}
	return out
}

func (c *checker) of(u int) *matrix { return c.set.of[c.corpus.Utterances[u].ID] }

// each looks at the features of some utterances, on several goroutines, and says how many of them are wrong, with the first.
func (c *checker) each(ctx context.Context, served []int, verdict string, look func(context.Context, *matrix) error) error {
	faults := make([]error, len(served))
	err := progress.Each(ctx, c.set.Workers, len(served), c.set.Progress, func(i int) error {
		faults[i] = look(ctx, c.of(served[i]))
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	var first error
	wrong := 0
	for _, fault := range faults {
		if fault != nil {
			if wrong++; wrong == 1 {
				first = fault
			}
		}
	}
	if wrong > 0 {
		c.problem("the features of %d of %d utterances %s; the first: %v", wrong, len(served), verdict, first)
	}
	return nil
}

// checkShapes makes the layers of what all utterances have in common, layers and units: those that most have.
func (c *checker) checkShapes(served []int) {
	count := map[shape]int{}
	usual := shape{}
	for _, u := range served {
		s := c.of(u).shape
		s.frames = 0
		if count[s]++; count[s] > count[usual] {
			usual = s
		}
	}
	if odd := len(served) - count[usual]; odd > 0 {
		at := slices.IndexFunc(served, func(u int) bool { s := c.of(u).shape; s.frames = 0; return s != usual })
		m := c.of(served[at])
		c.problem("%d of %d utterances have other units or layers than the others (%s): the first is %s with %s", odd, len(served), usual, m.place(), m.shape)
		return
	}
	names := []string{layer}
	if usual.layers > 1 {
		names = nil
		for l := range usual.layers {
			names = append(names, strconv.Itoa(l))
		}
	}
	var err error
	if c.set.planes, err = models.Choose(names, c.set.Choice); err != nil {
		c.problem("%v", err)
	}
	for _, plane := range c.set.planes {
		c.set.layers = append(c.set.layers, extract.Layer{Name: names[plane], Units: usual.units})
	}
}

// String says layers and units.
func (s shape) String() string {
	if s.layers == 1 {
		return fmt.Sprintf("%d units", s.units)
	}
	return fmt.Sprintf("%d layers of %d units", s.layers, s.units)
}

// tolerance is by how many seconds the centre of the last frame may lie after the end of the audio. Before it, the offset is added, which
// is half a window where features are computed in windows.
func (c *checker) tolerance() float64 { return max(slack, 2*c.set.Hop) }

// checkTimes compares when frames are with the length of the audio.
func (c *checker) checkTimes(served []int) {
	o, tolerance := c.set.Options, c.tolerance()
	if o.Offset > tolerance {
		c.problem("offset is %g s, and so the beginning of every utterance has no frame: at most %g s may lack some; cut the audio, or put frames there", o.Offset, tolerance)
		return
	}
	wrong, first, most, at := 0, "", slack/2, -1
	for _, u := range served {
		frames, seconds := c.of(u).shape.frames, c.seconds(u)
		last := o.Offset + float64(frames-1)*o.Hop
		if gap := seconds - last; gap <= tolerance+o.Offset && -gap <= tolerance {
			if lacking := gap - o.Offset - o.Hop; lacking > most {
				most, at = lacking, u
			}
			continue
		}
		if wrong++; wrong == 1 {
			first = fmt.Sprintf("%s has %d frames, the last at %.3f s, for %.3f s of audio, which a hop of %.4g s would fit", c.of(u).place(), frames, last, seconds, seconds/float64(frames))
		}
	}
	if wrong > 0 {
		c.problem("the frames of %d of %d utterances end more than %g s before or after the audio: %s; are hop (%g s) and offset (%g s) right?", wrong, len(served), tolerance, first, o.Hop, o.Offset)
		return
	}
	if at >= 0 {
		c.set.Notes = append(c.set.Notes, fmt.Sprintf("frames end before the audio: up to %.3f s lack some, in %s; words and phones there are no rows, and on frames the last one stands for what is missing",
			most, c.corpus.Utterances[at].ID))
	}
}
