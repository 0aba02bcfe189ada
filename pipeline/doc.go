// Package pipeline is the flow from a config to results: plan, extract, measure, draw.
//
//	cfg, err := configs.Load("configs/demo.yaml", nil)
//	plan, err := pipeline.Prepare(ctx, cfg, pipeline.Options{Workers: 2})
//	defer plan.Close()
//	outcome, err := plan.Run(ctx) // writes runs/demo
//
// Prepare opens and checks everything that can be known before the first second of compute: the corpus and its
// alignments, the models and their layers, the metrics asked for, and from these the rows, the parts and the products.
// A product is finished work that the store keeps: the pooled rows of one model, or the moments of one comparison; it is
// made part by part (a part is one group of utterances), in one walk over the utterances for all products together.
// Cells are then functions of moments. docs/architecture.md draws the flow and names the function of each phase.
package pipeline
