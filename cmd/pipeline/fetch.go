package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"speechsim/configs"
	"speechsim/pipeline/fetch"
)

var fetchCommand = &command{
	name: "fetch", args: "CONFIG", summary: "download the checkpoints, corpora and word vectors that a config names and that are not there",
	run: func(ctx context.Context, c *call) (int, error) {
		var sets list
		c.flags.Var(&sets, "set", "override a config key by `key=value`; may be repeated")
		checkpoint := c.flags.String("checkpoint", "", "in the place of a config, one checkpoint of the Hugging Face hub, such as `facebook/hubert-base-ls960`")
		revision := c.flags.String("revision", "", "of --checkpoint: a branch, tag or commit (default: main)")
		yes := c.flags.Bool("yes", false, "download without asking")
		dry := c.flags.Bool("dry-run", false, "only say what would be downloaded")
		asJSON := c.flags.Bool("json", false, "print progress as one JSON object per line")
		if err := c.parse(0, 1); err != nil {
			return exitUsage, err
		}
		if (len(c.args) == 1) == (*checkpoint != "") || *checkpoint == "" && *revision != "" {
			return exitUsage, usagef("a config is wanted, or --checkpoint ORGANISATION/NAME, with --revision if need be")
		}
		progress := c.progress(*asJSON)
		var plan *fetch.Plan
		var err error
		if *checkpoint != "" {
			plan, err = fetch.MakeNamed(ctx, *checkpoint, *revision, progress)
		} else {
			var cfg *configs.Config
			if cfg, err = configs.Load(c.args[0], sets); err != nil {
				return exitUsage, err
			}
			plan, err = fetch.Make(ctx, cfg, progress)
		}
		if err != nil {
			return exitFailed, err
		}
		if err := plan.Write(c.stdout); err != nil {
			return exitFailed, err
		}
		if err := plan.CheckDisk(); err != nil {
			return exitFailed, err
		}
		if !*dry && !plan.Nothing() {
			if !*yes && !c.agreed() {
				return exitFailed, errors.New("nothing was downloaded: --yes downloads without asking")
			}
			if err := plan.Run(ctx); err != nil {
				return exitFailed, err
			}
			fmt.Fprintln(c.stdout, "all that can be downloaded is there")
		}
		if plan.ByHand() {
			return exitSkipped, nil
		}
		return exitDone, nil
	},
}

// agreed asks on a terminal. Where there is none, nobody can agree.
func (c *call) agreed() bool {
	if !isTerminal(os.Stdin) {
		return false
	}
	fmt.Fprint(c.stdout, "Download? [y/N] ")
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n') // an end without an answer is none
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}
