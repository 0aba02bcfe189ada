package main

import (
	"context"
	"os"

	"speechsim/pipeline/draft"
)

var initCommand = &command{
	name: "init", args: "", summary: "look at a folder of speech and at models, and write a first config for them",
	run: func(ctx context.Context, c *call) (int, error) {
		var job draft.Job
		var models, texts list
		c.flags.StringVar(&job.Folder, "corpus", "", "the `folder` of a corpus, or a table of one: .csv or .tsv")
		c.flags.StringVar(&job.Layout, "layout", "", "how it is laid out: librispeech, timit, folder, table or kaldi (default: found out)")
		c.flags.StringVar(&job.Subset, "subset", "", "of LibriSpeech, such as dev-clean, or of TIMIT: train, test, core-test (default: all)")
		c.flags.StringVar(&job.Alignments, "alignments", "", "the `folder` of the TextGrids, where they do not lie beside the audio (default: looked for)")
		c.flags.Var(&models, "model", "a speech model: the folder of a `checkpoint`, its id on the Hugging Face hub, or an ONNX file; may be repeated")
		c.flags.Var(&texts, "text", "a text model, likewise, or a file of word `vectors`; may be repeated")
		c.flags.StringVar(&job.File, "out", "study.yaml", "the `file` to write")
		c.flags.BoolVar(&job.Force, "force", false, "replace the file if it is there")
		if err := c.parse(0, 0); err != nil {
			return exitUsage, err
		}
		job.Models, job.Texts = models, texts
		if isTerminal(os.Stdin) {
			job.Answers = os.Stdin
		}
		if err := job.Check(); err != nil {
			return exitUsage, usageError{err.Error()}
		}
		return exitDone, job.Run(ctx, c.stdout)
	},
}
