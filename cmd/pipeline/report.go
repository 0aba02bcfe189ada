package main

import (
	"context"
	"fmt"
	"strings"

	"speechsim/pipeline/publish"
)

var reportCommand = &command{
	name: "report", args: "RUN [RUN2]", summary: "draw the figures and page of a run again, or a page of the differences of two runs",
	run: func(_ context.Context, c *call) (int, error) {
		runs := c.flags.String("runs", "", "`folder` of the run directories (default: runs)")
		methods := c.flags.Bool("methods", false, "write the paragraph on methods of a paper (methods.txt, methods.tex) and its references (methods.bib), and print it")
		if err := c.parse(1, 2); err != nil {
			return exitUsage, err
		}
		if *methods && len(c.args) > 1 {
			return exitUsage, fmt.Errorf("--methods is of one run, and %s names two: write those of each", strings.Join(c.args, " "))
		}
		var dirs []string
		for _, arg := range c.args {
			dir, err := publish.FindRun(arg, *runs)
			if err != nil {
				return exitFailed, err
			}
			dirs = append(dirs, dir)
		}
		if *methods {
			text, paths, err := publish.WriteMethods(dirs[0])
			if err != nil {
				return exitFailed, err
			}
			fmt.Fprint(c.stdout, text)
			for _, path := range paths {
				fmt.Fprintf(c.stdout, "methods  %s\n", path)
			}
			return exitDone, nil
		}
		var outcome *publish.Outcome
		var err error
		if progress := c.progress(false); len(dirs) == 1 {
			outcome, err = publish.Redraw(dirs[0], progress)
		} else {
			outcome, err = publish.Versus(dirs[0], dirs[1], progress)
		}
		if err != nil {
			return exitFailed, err
		}
		printFiles(c.stdout, outcome)
		return exitDone, nil
	},
}
