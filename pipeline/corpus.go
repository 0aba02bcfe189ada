package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"speechsim/configs"
	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/pipeline/progress"
)

// corpusSpec translates the config's corpus.
func corpusSpec(cfg *configs.Config) corpus.Spec {
	var s corpus.Spec
	switch k := &cfg.Corpus; {
	case k.LibriSpeech != nil:
		s = corpus.Default("librispeech")
		l := k.LibriSpeech
		s.Root, s.Subset, s.Alignments, s.Groups = l.Root, l.Subset, l.Alignments, l.Groups
		s.Tiers = corpus.TierNames{Words: l.Words, Phones: l.Phones}
	case k.TIMIT != nil:
		s = corpus.Default("timit")
		t := k.TIMIT
		s.Root, s.Subset, s.Groups = t.Root, strings.ToLower(t.Split), t.Groups
		if t.SA != nil {
			s.SA = *t.SA
		}
		if t.Fold != 0 {
			s.Phones = strconv.Itoa(t.Fold)
		}
	case k.Folder != nil:
		s = corpus.Default("folder")
		f := k.Folder
		s.Root, s.Alignments, s.Groups, s.Speaker = f.Root, f.Alignments, f.Groups, f.Speaker
		s.Tiers = corpus.TierNames{Words: f.Words, Phones: f.Phones}
	case k.Table != nil:
		s = corpus.Default("table")
		t := k.Table
		s.Table, s.Root, s.Groups = t.File, t.Root, t.Groups
		s.Tiers = corpus.TierNames{Words: t.Words, Phones: t.Phones}
	case k.Kaldi != nil:
		s = corpus.Default("kaldi")
		s.Root, s.Alignments, s.AudioRoot, s.Groups = k.Kaldi.Root, k.Kaldi.Alignments, k.Kaldi.Audio, k.Kaldi.Groups
	}
	s.Silence = cfg.Corpus.Silence
	s.AudioRoot = cfg.Path(s.AudioRoot)
	s.Root, s.Alignments, s.Groups, s.Table = cfg.Path(s.Root), cfg.Path(s.Alignments), cfg.Path(s.Groups), cfg.Path(s.Table)
	s.Audio = corpus.AudioSpec{Rate: cfg.Audio.Rate, Resample: cfg.Audio.Resample, Channel: cfg.Audio.Channel}
	return s
}

// checkCorpus reads the labels of all utterances and the headers of their audio. What is wrong with single utterances is
// kept as [Plan.unreadable]; a fault that the config can mend, such as another sample rate, ends the run here.
func (p *Plan) checkCorpus(ctx context.Context) error {
	c := p.Corpus
	tiers := p.tiers()
	tables := map[string][]*extract.Table{}
	for _, tier := range tiers {
		tables[tier] = make([]*extract.Table, len(c.Utterances))
	}
	p.samples = make([]int, len(c.Utterances))
	faults := make([]error, len(c.Utterances))
	refused := make([]error, len(c.Utterances))
	p.opts.Progress.Stage("reading labels", float64(len(c.Utterances)), "utterances")
	err := progress.Each(ctx, p.opts.Workers, len(c.Utterances), p.opts.Progress, func(i int) error {
		u := &c.Utterances[i]
		p.samples[i] = -1
		info, err := c.AudioInfo(u)
		if err != nil {
			faults[i] = err
			return nil
		}
		if err := c.Accepts(u, info); err != nil {
			refused[i] = err
			return nil
		}
		n, err := lengthOf(c, u, info)
		if err != nil {
			faults[i] = err
			return nil
		}
		if n == 0 {
			faults[i] = &corpus.Error{File: u.AudioPath, Msg: "the audio has no samples"}
			return nil
		}
		p.samples[i] = n
		if len(tiers) == 0 {
			return nil
		}
		a, err := c.Align(u)
		if err == nil {
			err = a.Within(n, c.Spec.Audio.Rate)
		}
		for _, tier := range tiers {
			if err == nil {
				err = a.Lacks(tier)
			}
		}
		if err != nil {
			faults[i] = err
			p.samples[i] = -1
			return nil
		}
		for _, tier := range tiers {
			tables[tier][i] = extract.Segments(c, i, a, tier)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, tier := range tiers {
		p.candidates[tier] = extract.Join(tables[tier])
	}
	for _, f := range c.Findings {
		if f.Severity == corpus.SeverityError {
			p.unreadable = append(p.unreadable, extract.Failure{Utterance: f.Utterance, Error: f.String()})
		}
	}
	for i, err := range faults {
		if err != nil {
			p.unreadable = append(p.unreadable, extract.Failure{Utterance: c.Utterances[i].ID, Error: err.Error()})
		}
	}
	if n, first := firstError(refused); n > 0 {
		return fmt.Errorf("%w (%d of %d utterances)", first, n, len(c.Utterances))
	}
	if len(p.unreadable) > 0 && p.opts.Strict {
		return fmt.Errorf("%d inputs would be skipped, and --strict refuses that; the first:\n%s", len(p.unreadable), p.unreadable[0].Error)
	}
	usable := 0
	for _, n := range p.samples {
		if n >= 0 {
			usable++
		}
	}
	if usable == 0 {
		return fmt.Errorf("no utterance of %d can be used; the first fault:\n%s", len(c.Utterances), p.unreadable[0].Error)
	}
	return nil
}

func firstError(errs []error) (n int, first error) {
	for _, err := range errs {
		if err != nil {
			if n == 0 {
				first = err
			}
			n++
		}
	}
	return n, first
}

// lengthOf is the length of an utterance in samples at the corpus rate, from the header where that says it.
func lengthOf(c *corpus.Corpus, u *corpus.Utterance, info corpus.AudioInfo) (int, error) {
	if n := info.SamplesAt(c.Spec.Audio.Rate); n >= 0 {
		return n, nil
	}
	a, err := c.Audio(u)
	if err != nil {
		return 0, err
	}
	return len(a.Samples), nil
}

// vocabulary is every word label of the corpus, as word vectors are looked up.
func (p *Plan) vocabulary() map[string]bool {
	words := map[string]bool{}
	if t := p.candidates["word"]; t != nil {
		for i := range t.Rows {
			words[t.Rows[i].Label] = true
		}
	}
	return words
}
