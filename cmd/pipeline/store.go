package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"speechsim/configs"
	"speechsim/pipeline/inventory"
)

// storeCommand has verbs of its own.
var storeCommand = &command{
	name: "store", args: "ls|verify|prune", summary: "list what the store holds and which runs use it, verify checksums, delete unused entries",
	run: func(ctx context.Context, c *call) (int, error) {
		store := c.flags.String("store", "", "`folder` of the store (default: store)")
		runs := c.flags.String("runs", "", "`folder` of the run directories (default: runs)")
		asJSON := c.flags.Bool("json", false, "print one JSON object")
		mend := c.flags.Bool("mend", false, "verify: delete damaged files; the next run makes them again")
		dry := c.flags.Bool("dry-run", false, "prune: only print what would be deleted")
		rested := c.flags.Duration("rested", 24*time.Hour, "prune: keep entries newer than this `duration`; a run in progress may need them")
		if err := c.parse(1, 1); err != nil {
			return exitUsage, err
		}
		verb, verbs := c.args[0], []string{"ls", "verify", "prune"}
		if !strings.Contains(" ls verify prune ", " "+verb+" ") {
			return exitUsage, usagef("unknown verb %q%s (known: %s)", verb, configs.Nearest(verb, verbs), strings.Join(verbs, ", "))
		}
		v, err := inventory.Take(*store, *runs)
		if err != nil {
			return exitFailed, err
		}
		switch verb {
		case "verify":
			return verifyStore(c, v, *mend, *asJSON)
		case "prune":
			return pruneStore(c, v, *rested, *dry)
		}
		if *asJSON {
			return exitDone, json.NewEncoder(c.stdout).Encode(v)
		}
		fmt.Fprint(c.stdout, v.Text())
		return exitDone, nil
	},
}

func verifyStore(c *call, v *inventory.Inventory, mend, asJSON bool) (int, error) {
	damage, err := v.Verify(mend, c.progress(asJSON))
	if err != nil {
		return exitFailed, err
	}
	if asJSON {
		err = json.NewEncoder(c.stdout).Encode(damage)
	} else {
		for _, d := range damage {
			fmt.Fprintf(c.stdout, "damaged: %s: %s\n", d.File, d.Why)
		}
		fmt.Fprintf(c.stdout, "%s, %s\n", count(len(v.Entries), "entry", "entries"), count(len(damage), "damaged file", "damaged files"))
	}
	switch {
	case len(damage) == 0 || mend:
		return exitDone, err
	case !asJSON:
		fmt.Fprintln(c.stdout, "pipeline store verify --mend deletes them; the next run makes them again")
	}
	return exitFailed, err
}

func pruneStore(c *call, v *inventory.Inventory, rested time.Duration, dry bool) (int, error) {
	unused := v.Unused(rested, time.Now())
	said := "deleted"
	if dry {
		said = "would delete"
	} else if err := v.Remove(unused); err != nil {
		return exitFailed, err
	}
	bytes := int64(0)
	for _, e := range unused {
		fmt.Fprintf(c.stdout, "%s %s\n", said, e.Key)
		bytes += e.Bytes
	}
	fmt.Fprintf(c.stdout, "%s %d of %d entries, %.1f MB\n", said, len(unused), len(v.Entries), float64(bytes)/1e6)
	return exitDone, nil
}
