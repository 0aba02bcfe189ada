// Package pipeline is the story of a run, from a config to a folder of results:
//
//	configs.Config ─study.Resolve→ Study ─load.Locate→ Files ─load.Read→ Inputs ─plan.Make→ Plan
//	  ─collect.Passes→ the store ─measure.Run→ Found ─publish.Write→ runs/NAME
//
//	cfg, err := configs.Load("configs/demo.yaml", nil)
//	run, err := pipeline.Prepare(ctx, cfg, pipeline.Options{Workers: 2})
//	defer run.Close()
//	outcome, err := run.Run(ctx) // writes runs/demo
//
// Each phase is a package below this one, with one input and one output that nobody writes to afterwards. Prepare goes through
// those that open and check everything that can be known before the first second of compute; Run through those that compute.
// docs/architecture.md has a line on each package.
package pipeline
