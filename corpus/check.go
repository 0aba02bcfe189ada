package corpus

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"math"
	"os"
	"runtime"
	"slices"
	"sync"

	"speechsim/corpus/internal/audio"
	"speechsim/tokenizer"
)

// CheckOptions say how deep Check looks.
type CheckOptions struct {
	Audio          string             // "header" or "": read headers; "full": decode everything; "none": don't touch the audio
	Workers        int                // 0 = one a processor; the report does not depend on it
	Limit          int                // findings kept of each kind, 0 = 20; all are counted
	LabelsOptional bool               // a run that needs no labels (rows: frame): faults of labels are warnings, since nothing is dropped for them
	Tiers          []string           // tiers that must be there, of "word" and "phone"
	Lexicon        *tokenizer.Lexicon // to hold the words and the aligned phones against; nil is fine

	Progress func(done, total int) // called now and then, never concurrently; nil is fine
}

// The limits of Check, in seconds.
const (
	longestWord  = 2.0
	shortestWord = 0.030
	durationSlip = 0.050 // that a TextGrid and its audio may differ in length
	tailSlip     = 0.5   // of audio after the last of TIMIT's phones
	boundarySlip = 0.0101
)

// chunkSize is how many utterances a worker takes at a time.
const chunkSize = 64

// Check reads the labels of every utterance and what o asks for of its audio, and reports what is there and everything
// that looks wrong. It is the test to pass before the first second of compute: an utterance with a finding of
// SeverityError is refused by Align or Audio (or, past-the-end, by Alignment.Within), and so dropped by a run.
//
// An error is returned only when ctx ends or an option is unknown; the faults of a corpus are in the report.
func (c *Corpus) Check(ctx context.Context, o CheckOptions) (*Report, error) {
	if !slices.Contains([]string{"", "none", "header", "full"}, o.Audio) {
		return nil, fmt.Errorf("corpus: check audio %q: expected none, header or full", o.Audio)
	}
	if o.Audio == "" {
		o.Audio = "header"
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Limit <= 0 {
		o.Limit = 20
	}
	m := newMerger(c, o)
	chunks := (len(c.Utterances) + chunkSize - 1) / chunkSize
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(o.Workers, chunks) {
		wg.Go(func() {
			for i := range next {
				lo, hi := i*chunkSize, min((i+1)*chunkSize, len(c.Utterances))
				results := make([]checked, hi-lo)
				for j := range results {
					if ctx.Err() != nil {
						return
					}
					results[j] = c.checkUtterance(&c.Utterances[lo+j], o)
				}
				m.add(i, results)
			}
		})
	}
feed:
	for i := range chunks {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m.finish(), nil
}

// checked is what Check learnt about one utterance.
type checked struct {
	findings      []Finding
	samples       int // at the corpus's rate, 0 if unknown
	speech        int // samples of speech by the labels
	labelled      int // samples that the share of speech is of
	words, phones int
	wordTypes     []string // with repetitions; strings of the file, freed when merged
	phoneTypes    []string
	uses          map[LabelUse]int
	pronounced    map[string]*pronounced // by word type
	hash          uint64                 // equal for equal recordings
	certain       bool                   // hash is of the sound itself
	hashed        bool
	shift         *shiftCurve
	refused       bool // by the header of its audio
	labelsRead    bool
	telling       bool     // the words tell whether the alignment is that of the utterance
	foreign       *Finding // and seem to be those of another; the corpus decides of what severity that is
}

// checkUtterance looks at one utterance.
func (c *Corpus) checkUtterance(u *Utterance, o CheckOptions) checked {
	var r checked
	v := findingList{utterance: u.ID}
	seconds := -1.0
	var sound *Audio
	if o.Audio != "none" {
		seconds, sound = c.checkAudio(&v, &r, u, o.Audio == "full")
	}
	before := len(v.list)
	a, findings := c.align(u)
	v.list = append(v.list, findings...)
	if a != nil {
		r.labelsRead = true
		for _, tier := range o.Tiers {
			if err, ok := a.Lacks(tier).(*Error); ok {
				v.add(KindMissingAlignment, SeverityError, err.File, 0, "%s", err.Msg)
			}
		}
		c.checkLabels(&v, &r, u, a, seconds)
		if o.Lexicon != nil {
			r.pronounced = v.checkPronunciations(a, o.Lexicon)
		}
		if sound != nil {
			r.shift = newShiftCurve(sound, a)
			if lag, ok := r.shift.lag(); ok {
				v.add(KindShift, SeverityWarning, a.WordsFile, 0, "the sound seems to come %.0f ms %s than the labels say (correlation of energy and labels %.2f, as labelled %.2f)",
					math.Abs(lag)*1000, lateOrEarly(lag), r.shift.best(), r.shift.at(0))
			}
		}
	}
	if r.refused || hasError(v.list[before:]) { // the utterance is dropped as it is, and has no say
		r.telling = false
		if r.foreign != nil {
			r.foreign.Severity = SeverityWarning
			v.list = append(v.list, *r.foreign)
			r.foreign = nil
		}
	}
	if o.LabelsOptional {
		for i := before; i < len(v.list); i++ {
			v.list[i].Severity = SeverityWarning
		}
	}
	r.findings = v.list
	return r
}

func lateOrEarly(lag float64) string {
	if lag > 0 {
		return "later"
	}
	return "earlier"
}

// checkAudio reads the header or the whole of the audio. It returns the duration, or -1, and the sound if full.
func (c *Corpus) checkAudio(v *findingList, r *checked, u *Utterance, full bool) (float64, *Audio) {
	bad := func(err error) {
		f := Finding{Kind: KindAudio, Severity: SeverityError, Utterance: u.ID, File: u.AudioPath, Message: err.Error()}
		var own *Error
		var theirs *audio.Error
		switch {
		case errors.As(err, &own):
			f.Message = own.Msg
		case errors.As(err, &theirs) && theirs.Offset >= 0:
			f.Message = fmt.Sprintf("at byte %d: %s", theirs.Offset, theirs.Msg)
		case errors.As(err, &theirs):
			f.Message = theirs.Msg
		}
		v.list = append(v.list, f)
	}
	info, err := c.AudioInfo(u)
	if err != nil {
		bad(err)
		r.refused = true
		return -1, nil
	}
	if err := c.Accepts(u, info); err != nil {
		bad(err)
		r.refused = true
	}
	if info.Samples == 0 {
		bad(errors.New("the audio has no samples"))
		r.refused = true
		return 0, nil
	}
	if info.Samples > 0 {
		r.samples = info.SamplesAt(c.Spec.Audio.Rate)
		r.hash, r.hashed = headerHash(u, info), true
	}
	if !full || r.refused {
		return info.Seconds(), nil
	}
	a, err := decode(u)
	if err != nil {
		bad(err)
		return info.Seconds(), nil
	}
	for _, f := range audio.Check(a) {
		k, s := KindSignal, SeverityWarning
		if f.Severity == audio.Fatal {
			k, s = KindAudio, SeverityError
		}
		v.add(k, s, u.AudioPath, 0, "%s: %s", f.Kind, f.Msg)
	}
	sound, err := c.convert(u, a)
	if err != nil {
		if !hasError(v.list) {
			bad(err)
		}
		return info.Seconds(), nil
	}
	r.samples = len(sound.Samples)
	r.hash, r.hashed, r.certain = soundHash(sound.Samples), true, true
	return float64(a.Samples()) / float64(a.Rate), sound
}

func hasError(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return f.Severity == SeverityError })
}

// headerHash is equal for utterances that may be one recording: same text, same number of samples.
func headerHash(u *Utterance, info AudioInfo) uint64 {
	h := fnv.New64a()
	h.Write([]byte(u.Text))
	hashInt(h, uint64(info.Samples))
	hashInt(h, uint64(info.Rate))
	return h.Sum64()
}

func hashInt(h hash.Hash64, x uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], x)
	h.Write(b[:])
}

// soundHash is equal for equal sounds. FNV over words instead of bytes, because it sees every sample of a corpus.
func soundHash(x []float32) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range x {
		h = (h ^ uint64(math.Float32bits(s))) * 1099511628211
	}
	return h
}

// sameBytes reports whether two files have the same content.
func sameBytes(a, b string) bool {
	if a == b {
		return true
	}
	x, err := os.ReadFile(a)
	if err != nil {
		return false
	}
	y, err := os.ReadFile(b)
	return err == nil && bytes.Equal(x, y)
}
