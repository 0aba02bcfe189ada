package main

import (
	"context"
	"slices"
	"strings"

	"speechsim/configs"
	"speechsim/pipeline/modelcmd"
)

// modelsCommand has verbs of its own.
var modelsCommand = &command{
	name: "models", args: "inspect|verify|import|export FILE", summary: "show what a model file holds, test it, or make one of a checkpoint",
	run: func(ctx context.Context, c *call) (int, error) {
		if len(c.args) > 0 && c.args[0] == "export" && !slices.ContainsFunc(c.args[1:], isHelp) {
			return exitDone, modelcmd.Export(ctx, c.args[1:], c.stdout, c.stderr)
		}
		reference := c.flags.String("reference", "", "verify: the `npz` file that the export wrote, to compare with the original model")
		device := c.flags.String("device", "", "verify: cpu (default) or cuda")
		precision := c.flags.String("precision", "", "verify: precision of matrix products: float32, tf32 (cuda only) or fp16")
		var job modelcmd.Import
		c.flags.StringVar(&job.Out, "out", "", "import: the ONNX `file` to write, NAME.onnx; its card goes beside it")
		c.flags.StringVar(&job.Revision, "revision", "", "import: branch, tag or commit of an id on the Hugging Face hub (default: main)")
		c.flags.StringVar(&job.Options.Normalize, "normalize", "", "import: zero_mean_unit_var or none, in place of what the checkpoint says")
		c.flags.BoolVar(&job.Options.Random, "random", false, "import: weights drawn at random, as before training, for an untrained control")
		c.flags.Uint64Var(&job.Options.Seed, "seed", 0, "import: seed of --random")
		if err := c.parse(2, 2); err != nil {
			return exitUsage, err
		}
		switch verb, file := c.args[0], c.args[1]; verb {
		case "inspect":
			return exitDone, modelcmd.Inspect(c.stdout, file)
		case "verify":
			ok, err := modelcmd.Verify(ctx, c.stdout, file, *reference, *device, *precision)
			if err == nil && !ok {
				return exitFailed, nil
			}
			return exitDone, err
		case "import":
			job.Source = file
			if err := job.Check(); err != nil {
				return exitUsage, usageError{err.Error()}
			}
			return exitDone, job.Run(ctx, c.stdout)
		default:
			verbs := []string{"inspect", "verify", "import", "export"}
			return exitUsage, usagef("unknown verb %q%s (known: %s)", verb, configs.Nearest(verb, verbs), strings.Join(verbs, ", "))
		}
	},
}

// isHelp says whether an argument asks for help.
func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }
