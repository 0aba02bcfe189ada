// Command pipeline answers, from raw audio, what the layers of speech and text models represent and how alike they are.
//
//	pipeline run configs/demo.yaml       compute results, figures and a page, in runs/demo
//	pipeline check configs/demo.yaml     check the corpus and its alignments before computing anything
//	pipeline plan configs/demo.yaml      estimate the rows, disk space, memory and time of a run
//	pipeline help                        list all commands
//
// Exit codes: 0 done, 1 failed, 2 wrong usage or config, 3 done but inputs were skipped or cells have no value, 130 interrupted.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// endWithin is how long the process may take to end after a signal. It may then end in the middle of a matrix product, because
// the files in the store and in runs are complete at any moment.
const endWithin = 9 * time.Second

// The heap of a large run is a few arrays without pointers: collecting them is cheap, and keeping garbage of their size is not.
// That of a small run is collected each time that so much has been allocated, not five hundred times in five seconds.
const (
	garbagePercent = 20
	leastGarbage   = 32 << 20
)

func main() {
	ballast := spareGarbage()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second signal ends the process at once
		time.Sleep(endWithin)
		fmt.Fprintln(os.Stderr, interrupted)
		os.Exit(exitInterrupted)
	})
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	runtime.KeepAlive(ballast)
	stop()
	os.Exit(code)
}

// spareGarbage sets when the heap is collected: after a fifth of what lives, and at least leastGarbage, was allocated anew;
// GOGC in the environment has precedence. The ballast that it returns counts as alive until it is let go of. Nobody writes to it, so that it takes no memory.
func spareGarbage() (ballast []byte) {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	debug.SetGCPercent(garbagePercent)
	return make([]byte, leastGarbage*100/garbagePercent)
}
