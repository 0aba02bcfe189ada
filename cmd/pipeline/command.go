package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"speechsim/configs"
	"speechsim/pipeline/native"
)

// Exit codes of the program.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitSkipped     = 3
	exitInterrupted = 130
)

const interrupted = "pipeline: interrupted. Finished work is kept; run the same command again to continue"

// command is one verb of the command line.
type command struct {
	name    string
	args    string // what follows the flags, for the usage line
	summary string
	run     func(ctx context.Context, c *call) (int, error)
}

// call is one invocation of a command.
type call struct {
	*command
	flags          *flag.FlagSet
	args           []string
	stdout, stderr io.Writer
}

// usageError is a mistake in the arguments.
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

var commands = []*command{initCommand, fetchCommand, runCommand, checkCommand, planCommand, submitCommand, statusCommand, mergeCommand, storeCommand, reportCommand, extractCommand, compareCommand, modelsCommand, versionCommand}

// run finds the command, runs it and turns its error into a line and an exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		help(stderr)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "--help", "-help":
		help(stdout)
		return exitDone
	case "--version", "-version":
		args = []string{"version"}
	}
	cmd := find(args[0])
	if cmd == nil {
		fmt.Fprintf(stderr, "pipeline: unknown command %q%s (pipeline help lists all commands)\n", args[0], configs.Nearest(args[0], names()))
		return exitUsage
	}
	c := &call{command: cmd, stdout: stdout, stderr: stderr, flags: flag.NewFlagSet(cmd.name, flag.ContinueOnError), args: args[1:]}
	c.flags.SetOutput(io.Discard)
	code, err := cmd.run(ctx, c)
	return report(ctx, c, code, err)
}

func report(ctx context.Context, c *call, code int, err error) int {
	var usage usageError
	var config configs.Errors
	var one *configs.Error
	switch {
	case err == nil:
		return code
	case errors.Is(err, flag.ErrHelp):
		c.usage(c.stdout)
		return exitDone
	case ctx.Err() != nil:
		fmt.Fprintln(c.stderr, interrupted)
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintf(c.stderr, "pipeline %s: %v (pipeline %s -h lists arguments and flags)\n", c.name, err, c.name)
		return exitUsage
	case errors.As(err, &config), errors.As(err, &one):
		fmt.Fprintln(c.stderr, err)
		return exitUsage
	}
	fmt.Fprintf(c.stderr, "pipeline %s: %v\n", c.name, err)
	return max(code, exitFailed)
}

// parse reads flags anywhere among the arguments, and checks how many others there are.
func (c *call) parse(least, most int) error {
	rest := c.args
	var positional []string
	for {
		if err := c.flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return err
			}
			return usageError{c.flagMistake(err)}
		}
		rest = c.flags.Args()
		if len(rest) == 0 {
			break
		}
		if before := len(c.args) - len(rest) - 1; before >= 0 && c.args[before] == "--" {
			positional = append(positional, rest...)
			break
		}
		positional = append(positional, rest[0])
		rest = rest[1:]
	}
	c.args = positional
	if len(positional) < least || most >= 0 && len(positional) > most {
		return usagef("expected %s, found %s", cmp.Or(c.command.args, "no arguments"), count(len(positional), "argument", "arguments"))
	}
	return nil
}

// flagMistake says what is wrong with a flag: which could have been meant, or which key of the config.
func (c *call) flagMistake(err error) string {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return strings.Replace(err.Error(), "flag -", "flag --", 1)
	}
	var known []string
	takesConfig := false
	c.flags.VisitAll(func(f *flag.Flag) {
		known = append(known, "--"+f.Name)
		takesConfig = takesConfig || f.Name == "set"
	})
	if key := configs.KeyNamed(name); key != "" && takesConfig {
		return fmt.Sprintf("there is no flag --%s; it is a key of the config: --set %s=...", name, key)
	}
	dashes := "--"
	if len(name) == 1 {
		dashes = "-"
	}
	return fmt.Sprintf("there is no flag %s%s%s", dashes, name, configs.Nearest(dashes+name, known))
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func find(name string) *command {
	for _, c := range commands {
		if c.name == name {
			return c
		}
	}
	return nil
}

func names() []string {
	var out []string
	for _, c := range commands {
		out = append(out, c.name)
	}
	return out
}

func help(w io.Writer) {
	fmt.Fprintf(w, "pipeline %s: what do the layers of speech and text models represent, and how alike are they?\n\n", native.Version)
	for _, c := range commands {
		fmt.Fprintf(w, "  pipeline %-10s %-28s %s\n", c.name, c.args, c.summary)
	}
	fmt.Fprintf(w, "\npipeline COMMAND -h lists the flags of a command. Shipped configs: %s.\n", strings.Join(configs.Shipped(), ", "))
	fmt.Fprintln(w, "Exit codes: 0 done, 1 failed, 2 wrong usage or config, 3 done but inputs were skipped or cells have no value, 130 interrupted.")
}

func (c *call) usage(w io.Writer) {
	fmt.Fprintf(w, "usage: pipeline %s %s [flags]\n       %s\n", c.name, c.command.args, c.summary)
	c.flags.SetOutput(w)
	c.flags.PrintDefaults()
	c.flags.SetOutput(io.Discard)
}

// count is a number of things: count(1, "input was", "inputs were") is "1 input was".
func count(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// isTerminal says whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
