package load

import (
	"context"
	"slices"

	"speechsim/extract"
	"speechsim/extract/store"
)

// Inputs are all that a run is made from, read and checked.
type Inputs struct {
	*Files
	*Speech
	*Engine
	*Models
	Together    []int // utterances that a pass holds at once at the worst, the longest first
	Fingerprint Fingerprint
}

// Read reads labels and audio headers, opens the linear algebra and the models, and takes the digests of everything. What
// it returns is to be closed.
func Read(ctx context.Context, f *Files) (*Inputs, error) {
	speech, err := ReadSpeech(ctx, f)
	if err != nil {
		return nil, err
	}
	in := &Inputs{Files: f, Speech: speech, Engine: &Engine{}, Models: &Models{files: f}}
	if err := in.open(ctx); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

func (in *Inputs) open(ctx context.Context) (err error) {
	in.Together = extract.Together(slices.Concat(in.UsableParts()...), in.Lengths, in.Workers)
	if err := in.Speech.readLexicon(in.Files); err != nil {
		return err
	}
	if in.Models.Features, err = openFeatures(ctx, in.Files, in.Speech); err != nil {
		return err
	}
	if in.Engine, err = openEngine(ctx, in.Files, in.Models); err != nil {
		return err
	}
	if err := in.Models.open(ctx, in.Speech); err != nil {
		return err
	}
	if err := in.Models.measureDeviations(ctx); err != nil {
		return err
	}
	in.Fingerprint, err = takeFingerprint(ctx, in)
	return err
}

// Close gives models, products and the runtime back.
func (in *Inputs) Close() {
	in.Models.Release()
	in.Engine.close()
	in.Models.closeFiles()
}

// Servable are those of some candidates that a source can give a row for, with the reasons why it can't for the others.
func (in *Inputs) Servable(source int, candidates *extract.Table, pooling extract.Pooling) *extract.Table {
	return in.Sources[source].Rows(in.Corpus, candidates, in.Lengths, pooling)
}

// Form is what the stored rows of a source consist of.
func (in *Inputs) Form(source int) store.Form {
	return store.Form{Layers: in.Sources[source].Layers(), Numbers: in.Numbers()}
}
