package load

import (
	"strconv"
	"strings"

	"speechsim/configs"
	"speechsim/corpus"
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
	s.Audio = corpus.AudioSpec{Rate: cfg.Audio.Rate, Resample: cfg.Audio.Resample, Resampler: cfg.Audio.Resampler, Channel: cfg.Audio.Channel}
	return s
}
