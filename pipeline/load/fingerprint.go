package load

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"speechsim/corpus"
	"speechsim/extract"
	"speechsim/models"
	"speechsim/pipeline/checkpoints"
	"speechsim/pipeline/native"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/vocabulary"
)

// Fingerprint says what the numbers were made from.
type Fingerprint struct {
	Stamp   string                        `json:"stamp"`                 // of the config and the sizes and times of all input files: quick to take
	Corpus  string                        `json:"corpus"`                // sha256 over utterances: names, audio bytes, transcripts, parts
	Models  map[string]string             `json:"models"`                // sha256 of each model's file; of labels and features, what they are made from
	Cards   map[string]string             `json:"cards"`                 // sha256 of each model's card, vocabulary and precision; of features, when their frames are
	Labels  map[string]string             `json:"labels"`                // sha256 of the segments of each unit
	Lexicon string                        `json:"lexicon,omitempty"`     // sha256 of the pronunciations
	Origins map[string]checkpoints.Origin `json:"checkpoints,omitempty"` // of the models that are imported from checkpoints
	Audio   int                           `json:"audio"`                 // audio files read
	Version string                        `json:"version"`               // of the program
	Program string                        `json:"-"`                     // sha256 of the program itself, which tells one build from the next
}

// takeFingerprint reads through the audio (once: the store remembers digests) and gathers what products depend on.
func takeFingerprint(ctx context.Context, in *Inputs) (Fingerprint, error) {
	f := Fingerprint{Stamp: in.Stamp, Version: native.Version, Program: programDigest(in), Models: map[string]string{}, Cards: map[string]string{}, Labels: map[string]string{}}
	c := in.Corpus
	sums, err := AudioDigests(ctx, in.Files, in.Speech)
	if err != nil {
		return f, err
	}
	h := sha256.New()
	// Only where a file or a model has another rate does the filter for it matter.
	spec := c.Spec.Audio
	fmt.Fprintf(h, "{Rate:%d Resample:%t Channel:%s}\n", spec.Rate, spec.Resample, spec.Channel)
	if in.Resampled > 0 {
		fmt.Fprintf(h, "resampler %s\n", spec.Filter())
	}
	for _, part := range in.Parts {
		fmt.Fprintf(h, "part %s\n", part.Name)
		for _, i := range part.Utterances {
			u := &c.Utterances[i]
			channel := u.Channel
			if u.Side != "" {
				channel += "/" + u.Side
			}
			fmt.Fprintf(h, "%s %s %g %g %s %q\n", u.ID, sums[i], u.From, u.To, channel, u.Text)
			if sums[i] != "unusable" {
				f.Audio++
			}
		}
	}
	f.Corpus = hex.EncodeToString(h.Sum(nil))
	for unit, table := range in.Segments {
		f.Labels[unit] = TableDigest(c, table)
	}
	for i, s := range in.Sources {
		m := &in.Config.Models[i]
		if s.Labels != nil {
			f.Models[s.Name] = s.Labels.Digest() + f.Labels[extract.LabelTier(m.Labels)]
			continue
		}
		if s.Features != nil {
			if f.Models[s.Name], err = in.Features[i].Digest(c, in.Digests.File); err != nil {
				return f, err
			}
			f.Cards[s.Name] = fmt.Sprintf("hop %g, offset %g", m.Hop, m.Offset)
			continue
		}
		if s.Vectors != nil {
			if f.Models[s.Name], err = in.Digests.File(in.Config.Path(m.Vectors)); err != nil {
				return f, err
			}
			continue
		}
		f.Models[s.Name] = s.Model.Digest()
		card, err := json.Marshal(s.Model.Card())
		if err != nil {
			return f, err
		}
		if rate := s.Model.Card().SampleRate; s.IsAudio() && rate != spec.Rate {
			card = fmt.Append(card, "resampler ", spec.Filter())
		}
		if m.Device == models.CUDA {
			card = fmt.Append(card, m.Device, " ", cmp.Or(m.Precision, models.Float32))
		}
		if text, ok := s.Text.(*vocabulary.Text); ok {
			for _, file := range text.Files {
				sum, err := in.Digests.File(file)
				if err != nil {
					return f, err
				}
				card = append(card, sum...)
			}
			card = fmt.Append(card, " ", textAsWritten, " ", text.Options)
		}
		sum := sha256.Sum256(card)
		f.Cards[s.Name] = hex.EncodeToString(sum[:])
	}
	if f.Origins, err = checkpoints.Origins(in.Config, in.Digests.File); err != nil {
		return f, err
	}
	if l := in.Config.Corpus.Lexicon; l != nil {
		if f.Lexicon, err = in.Digests.File(in.Config.Path(l.File)); err != nil {
			return f, err
		}
	}
	return f, nil
}

// programDigest is the digest of the running program; its version where the file was replaced meanwhile.
func programDigest(in *Inputs) string {
	path, err := os.Executable()
	if err == nil {
		var sum string
		if sum, err = in.Digests.File(path); err == nil {
			return sum
		}
	}
	return native.Version
}

// AudioDigests are the digests of the audio of each utterance; "unusable" where it can't be read.
func AudioDigests(ctx context.Context, f *Files, s *Speech) ([]string, error) {
	sums := make([]string, len(f.Corpus.Utterances))
	f.Progress.Stage("reading audio", float64(len(sums)), "utterances")
	err := progress.Each(ctx, f.Workers, len(sums), f.Progress, func(i int) error {
		if s.Lengths[i] < 0 {
			sums[i] = "unusable"
			return nil
		}
		var err error
		sums[i], err = f.Digests.File(f.Corpus.Utterances[i].AudioPath)
		return err
	})
	return sums, err
}

// TableDigest is a digest of rows: of their places, labels and times.
func TableDigest(c *corpus.Corpus, t *extract.Table) string {
	h := sha256.New()
	for _, r := range t.Rows {
		fmt.Fprintf(h, "%s %d %q %g %g %d %d %d\n", c.Utterances[r.Utterance].ID, r.Segment, r.Label, r.Start, r.End, r.From, r.To, r.Word)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// textAsWritten tells rows of text models from those of earlier versions, which read the words without the punctuation.
const textAsWritten = "text as written"
