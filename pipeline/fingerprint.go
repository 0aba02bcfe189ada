package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"path/filepath"

	"speechsim/configs"
	"speechsim/extract"
	"speechsim/models"
	"speechsim/pipeline/native"
	"speechsim/pipeline/progress"
	"speechsim/pipeline/published"
)

// fingerprint says what the numbers were made from.
type fingerprint struct {
	Stamp   string            `json:"stamp"`             // of the config and the sizes and times of all input files: quick to take
	Corpus  string            `json:"corpus"`            // sha256 over utterances: names, audio bytes, transcripts, parts
	Models  map[string]string `json:"models"`            // sha256 of each model's file; of labels, what they are made from
	Cards   map[string]string `json:"cards"`             // sha256 of each model's card, vocabulary and precision
	Labels  map[string]string `json:"labels"`            // sha256 of the segments of each unit
	Lexicon string            `json:"lexicon,omitempty"` // sha256 of the pronunciations
	Audio   int               `json:"audio"`             // audio files read
	Version string            `json:"version"`           // of the program
}

// stamp tells quickly whether anything changed since a finished run: the config and, of every input file, path, size and
// time of change.
func (p *Plan) stamp() (string, error) {
	h := sha256.New()
	cfg := *p.Config
	cfg.Runs, cfg.Memory, cfg.Store = "", "", configs.Store{Numbers: cfg.Store.Numbers}
	text, err := json.Marshal(&cfg)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(h, "%s %d\n%s\n", native.Version, extract.FormatVersion, text)
	for i := range p.Config.Models {
		m := &p.Config.Models[i]
		for _, f := range []string{m.ONNX, m.Vectors, m.Vocabulary, m.Card} {
			stampFile(h, p.Config.Path(f))
		}
		if m.ONNX != "" {
			path := p.Config.Path(m.ONNX)
			stampFile(h, models.SidecarPath(path))
			stampFile(h, filepath.Join(filepath.Dir(path), "vocab.txt"))
		}
	}
	for _, k := range p.comparisons {
		for _, name := range k.Published {
			if published.IsFile(name) {
				stampFile(h, p.Config.Path(name))
			}
		}
	}
	stampFile(h, p.Corpus.Spec.Groups)
	if l := p.Config.Corpus.Lexicon; l != nil {
		stampFile(h, p.Config.Path(l.File))
	}
	last := ""
	for i := range p.Corpus.Utterances {
		u := &p.Corpus.Utterances[i]
		fmt.Fprintf(h, "%s\t%s\t%s\t%s\t%g\t%g\n", u.ID, u.Speaker, u.Group, u.Text, u.From, u.To)
		for _, f := range []string{u.AudioPath, u.WordsFile, u.PhonesFile} {
			if f != last {
				stampFile(h, f)
			}
			last = f
		}
	}
	for _, f := range p.Corpus.Findings {
		fmt.Fprintln(h, f.String())
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// stampFile adds a file's state; a missing one has a state too, and is complained of elsewhere.
func stampFile(h hash.Hash, path string) {
	if path == "" {
		return
	}
	if info, err := os.Stat(path); err == nil {
		fmt.Fprintf(h, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
	} else {
		fmt.Fprintf(h, "%s -\n", path)
	}
}

// takeFingerprint reads through the audio (once: the store remembers digests) and gathers what products depend on.
func (p *Plan) takeFingerprint(ctx context.Context) error {
	f := fingerprint{Version: native.Version, Models: map[string]string{}, Cards: map[string]string{}, Labels: map[string]string{}}
	c := p.Corpus
	sums, err := p.audioDigests(ctx)
	if err != nil {
		return err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%+v\n", c.Spec.Audio)
	for _, part := range p.parts {
		fmt.Fprintf(h, "part %s\n", part.name)
		for _, i := range part.utterances {
			u := &c.Utterances[i]
			fmt.Fprintf(h, "%s %s %g %g %s %q\n", u.ID, sums[i], u.From, u.To, u.Channel, u.Text)
			if sums[i] != "unusable" {
				f.Audio++
			}
		}
	}
	f.Corpus = hex.EncodeToString(h.Sum(nil))
	for unit, table := range p.candidates {
		f.Labels[unit] = tableDigest(p, table)
	}
	for i, s := range p.sources {
		m := &p.Config.Models[i]
		if s.Labels != nil {
			f.Models[s.Name] = s.Labels.Digest() + f.Labels[extract.LabelTier(m.Labels)]
			continue
		}
		if s.Vectors != nil {
			if f.Models[s.Name], err = p.digests.File(p.Config.Path(m.Vectors)); err != nil {
				return err
			}
			continue
		}
		f.Models[s.Name] = s.Model.Digest()
		card, err := json.Marshal(s.Model.Card())
		if err != nil {
			return err
		}
		if m.Device == models.CUDA {
			card = fmt.Append(card, m.Device, " ", cmp.Or(m.Precision, models.Float32))
		}
		if s.Text != nil {
			sum, err := p.digests.File(vocabularyPath(p.Config, m))
			if err != nil {
				return err
			}
			card = append(card, sum...)
		}
		sum := sha256.Sum256(card)
		f.Cards[s.Name] = hex.EncodeToString(sum[:])
	}
	if l := p.Config.Corpus.Lexicon; l != nil {
		if f.Lexicon, err = p.digests.File(p.Config.Path(l.File)); err != nil {
			return err
		}
	}
	f.Stamp = p.fingerprint.Stamp
	p.fingerprint = f
	return nil
}

// audioDigests are the digests of the audio of each utterance; "unusable" where it can't be read.
func (p *Plan) audioDigests(ctx context.Context) ([]string, error) {
	sums := make([]string, len(p.Corpus.Utterances))
	p.opts.Progress.Stage("reading audio", float64(len(sums)), "utterances")
	err := progress.Each(ctx, p.opts.Workers, len(sums), p.opts.Progress, func(i int) error {
		if p.samples[i] < 0 {
			sums[i] = "unusable"
			return nil
		}
		var err error
		sums[i], err = p.digests.File(p.Corpus.Utterances[i].AudioPath)
		return err
	})
	return sums, err
}

func tableDigest(p *Plan, t *extract.Table) string {
	h := sha256.New()
	for _, r := range t.Rows {
		fmt.Fprintf(h, "%s %d %q %g %g %d %d %d\n", p.Corpus.Utterances[r.Utterance].ID, r.Segment, r.Label, r.Start, r.End, r.From, r.To, r.Word)
	}
	return hex.EncodeToString(h.Sum(nil))
}
