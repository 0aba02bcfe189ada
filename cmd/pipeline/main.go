// Command pipeline answers, from raw audio, what the layers of speech and text models represent and how alike they are.
//
//	pipeline run configs/demo.yaml       the whole flow: runs/demo holds results, figures and a page
//	pipeline check configs/demo.yaml     the corpus and its alignments, before any compute
//	pipeline plan configs/demo.yaml      what would run: rows, bytes, memory, time
//	pipeline help                        all commands
//
// Exit codes: 0 done, 1 failed, 2 wrong usage or config, 3 done but inputs were skipped, 130 interrupted.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// endWithin is how long a process that is told to end may take. What lies in the store and in runs is whole at any moment, so
// that it may end in the middle of a matrix product.
const endWithin = 9 * time.Second

func main() {
	// The heap is few large arrays without pointers: collecting is cheap, and garbage as large as they are is not.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(20)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second signal ends the process at once
		time.Sleep(endWithin)
		fmt.Fprintln(os.Stderr, interrupted)
		os.Exit(exitInterrupted)
	})
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
