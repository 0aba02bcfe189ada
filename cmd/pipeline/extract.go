package main

import (
	"context"
	"fmt"
	"strings"

	"speechsim/pipeline/modelcmd"
)

var extractCommand = &command{
	name: "extract", args: "MODEL.onnx AUDIO...", summary: "write the layers of a few audio files as .npy",
	run: func(ctx context.Context, c *call) (int, error) {
		var f modelcmd.Extract
		var layers string
		c.flags.StringVar(&f.Out, "out", "", "output `folder` (required); the files are UTTERANCE/layer.NAME.npy")
		c.flags.BoolVar(&f.Attention, "attention", false, "write attention.NAME.npy too: [heads, frames, frames]")
		c.flags.StringVar(&layers, "layers", "", "`layers`, such as 0-6,9 (default: all numbered ones)")
		c.flags.StringVar(&f.Device, "device", "", "cpu (default) or cuda")
		c.flags.BoolVar(&f.Resample, "resample", false, "convert audio of another rate instead of refusing it")
		c.flags.StringVar(&f.Resampler, "resampler", "kaiser", "the `filter` that converts: kaiser, or torchaudio for that of torchaudio's default")
		c.flags.StringVar(&f.Channel, "channel", "", "channel to take from audio with several: its `number`, or mix for their mean")
		c.flags.IntVar(&f.Threads, "threads", 0, "threads of the model (default: one per core)")
		if err := c.parse(2, -1); err != nil {
			return exitUsage, err
		}
		if f.Out == "" {
			return exitUsage, usagef("--out FOLDER is missing")
		}
		f.Model, f.Audio = c.args[0], c.args[1:]
		if err := f.Validate(); err != nil {
			return exitUsage, usagef("%v", err)
		}
		if layers != "" {
			f.Layers = strings.Split(layers, ",")
		}
		return exitDone, f.Run(ctx, func(path string, shape []int) { fmt.Fprintf(c.stdout, "%s %v\n", path, shape) })
	},
}
