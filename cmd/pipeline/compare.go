package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"speechsim/pipeline/matrices"
	"speechsim/pipeline/results"
)

var compareCommand = &command{
	name: "compare", args: "X.npy Y.npy", summary: "compute the metrics on two matrices of your own: [rows, units]",
	run: func(ctx context.Context, c *call) (int, error) {
		var j matrices.Job
		var metrics, variants, powers, anchors string
		var asJSON bool
		c.flags.StringVar(&metrics, "metric", "", "`names`, such as cka,svcca (default: all metrics except knn and asif)")
		c.flags.StringVar(&variants, "variant", "", "`names` of variants to add to the default ones, such as elkheir2024, or all")
		c.flags.BoolVar(&j.Parity, "parity", false, "print our value next to what each published convention gives, and why they differ")
		c.flags.StringVar(&j.Groups, "groups", "", "`file` with the group (speaker) of each row: one group per line, or a CSV with a column group or speaker, or FILE:COLUMN; gives confidence intervals")
		c.flags.StringVar(&j.Labels, "labels", "", "`file` with the word of each row, in the same formats (column label or word); adds a comparison of word types")
		c.flags.BoolVar(&j.Interval, "interval", false, "compute confidence intervals also for the metrics for which they take long, such as cca")
		c.flags.IntVar(&j.Null, "null", 0, "number of `draws` of the permutation null, which gives p; rows are permuted by group, word vectors by word type")
		c.flags.Uint64Var(&j.Seed, "seed", 1, "random seed of the permutation null")
		c.flags.IntVar(&j.KNN, "knn-k", 10, "number of neighbours in knn")
		c.flags.StringVar(&powers, "asif-p", "4", "`powers` of the similarities in asif; each power gives a value")
		c.flags.StringVar(&anchors, "asif-k", "100", "`numbers` of anchors that a row keeps in asif; each is combined with each power")
		c.flags.BoolVar(&j.Float64, "float64", false, "multiply in double precision (always done for float64 files)")
		c.flags.IntVar(&j.Workers, "workers", 0, "number of goroutines (default: one per core); the results do not depend on it")
		c.flags.BoolVar(&asJSON, "json", false, "print one JSON object per line, as in results.jsonl; x and y name the files")
		if err := c.parse(2, 2); err != nil {
			return exitUsage, err
		}
		j.X, j.Y = c.args[0], c.args[1]
		j.Metrics, j.Variants = words(strings.ToLower(metrics)), words(strings.ToLower(variants))
		var errP, errK error
		j.ASIF.P, errP = numbers("asif-p", powers)
		j.ASIF.K, errK = numbers("asif-k", anchors)
		if err := errors.Join(errP, errK); err != nil {
			return exitUsage, err
		}
		j.Progress = c.progress(asJSON)
		r, err := j.Run(ctx)
		var argument *matrices.ArgumentError
		if errors.As(err, &argument) {
			return exitUsage, usageError{err.Error()}
		}
		if err != nil {
			return exitFailed, err
		}
		return printMatrices(c, r, j.Parity, asJSON)
	},
}

// words splits a list at commas.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// numbers splits a list of whole numbers at commas.
func numbers(flag, list string) ([]int, error) {
	var out []int
	for _, w := range words(list) {
		n, err := strconv.Atoi(w)
		if err != nil {
			return nil, usageError{fmt.Sprintf("--%s %s: %q is not a whole number", flag, list, w)}
		}
		out = append(out, n)
	}
	return out, nil
}

// printMatrices prints the cells. It fails if no cell has a value; each cell says why.
func printMatrices(c *call, r *matrices.Result, parity, asJSON bool) (int, error) {
	var err error
	switch {
	case asJSON:
		for _, note := range r.Notes {
			fmt.Fprintln(c.stderr, note)
		}
		err = results.Write(c.stdout, r.Cells)
	case parity:
		err = r.WriteParity(c.stdout)
	default:
		err = r.WriteTable(c.stdout)
	}
	if err != nil {
		return exitFailed, err
	}
	for i := range r.Cells {
		if r.Cells[i].OK() {
			return exitDone, nil
		}
	}
	return exitFailed, errors.New("no metric could be computed on these matrices")
}
