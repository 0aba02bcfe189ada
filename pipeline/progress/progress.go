// Package progress says how far the work is, and does work on many items that says so.
package progress

// Reporter is told how far the work is. Calls come from one goroutine at a time.
type Reporter interface {
	// Stage begins a stage of so many units ("s" of audio, "cells", "files"); 0 means that it can't be known.
	Stage(name string, total float64, unit string)
	// Add reports units done since the last call.
	Add(done float64)
	// Skip reports units that need not be done, since earlier runs have: they say nothing about the speed.
	Skip(done float64)
	// Note says something once, such as a warning.
	Note(format string, args ...any)
}

// Quiet is a Reporter that says nothing.
type Quiet struct{}

// Stage does nothing.
func (Quiet) Stage(string, float64, string) {}

// Add does nothing.
func (Quiet) Add(float64) {}

// Skip does nothing.
func (Quiet) Skip(float64) {}

// Note does nothing.
func (Quiet) Note(string, ...any) {}
