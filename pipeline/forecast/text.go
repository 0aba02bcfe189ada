package forecast

import (
	"fmt"
	"strings"
	"time"

	"speechsim/pipeline/internal/text"
)

// String is the plan for people.
func (e *Forecast) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "run         %s%s\n", e.Run, map[bool]string{true: " is complete: a run has nothing to do"}[e.Complete])
	fmt.Fprintf(&b, "corpus      %s, %.2f h of audio, %s (%d done)\n", text.Count(e.Utterances, "utterance", "utterances"), e.AudioHours, text.Count(e.Parts, "part", "parts"), e.PartsDone)
	if n := len(e.Skipped); n > 0 {
		fmt.Fprintf(&b, "skipped     %s, the first: %s\n", text.Count(n, "input", "inputs"), e.Skipped[0].Error)
	}
	if len(e.Absent) > 0 {
		fmt.Fprintf(&b, "models      not there yet: %s; they are counted by their cards, a run needs them, and how fast they are is not known\n", strings.Join(e.Absent, ", "))
	}
	if e.Again != "" {
		fmt.Fprintf(&b, "again       %s\n", e.Again)
	}
	for _, c := range e.Comparisons {
		unit := c.Unit
		if c.Projected {
			unit = "projected " + unit
		}
		fmt.Fprintf(&b, "comparison  %s: %s, %s of %s in all, %s%s\n", c.Name, text.Count(c.Rows, unit+" row", unit+" rows"),
			text.Count(c.Layers, "layer", "layers"), text.Count(c.Units, "unit", "units"), text.Count(c.Cells, "cell", "cells"), c.words())
		if text := c.tilesText(e); text != "" {
			fmt.Fprintf(&b, "            %s\n", text)
		}
	}
	fmt.Fprintf(&b, "disk        %s into the store", text.Bytes(e.StoreBytes))
	if e.StayBytes < e.StoreBytes {
		fmt.Fprintf(&b, " at the most, %s of it to stay", text.Bytes(e.StayBytes))
	}
	if e.Deletes {
		b.WriteString("; moments that no other run uses are deleted when it is complete (store: {keep: all} keeps them)")
	}
	if e.ModelBytes > 0 {
		fmt.Fprintf(&b, "; the models that were imported are there, with %s", text.Bytes(e.ModelBytes))
	}
	b.WriteByte('\n')
	fmt.Fprintf(&b, "memory      about %s", text.Bytes(e.MemoryBytes))
	if e.Budget > 0 {
		fmt.Fprintf(&b, " of %s (%s while models run, %s while cells are computed)", text.Bytes(e.Budget), text.Bytes(e.Collecting), text.Bytes(e.Measuring))
	}
	b.WriteByte('\n')
	for _, w := range e.Warnings {
		fmt.Fprintf(&b, "warning     %s\n", w)
	}
	if e.All > 0 {
		e.writeTime(&b)
	}
	return b.String()
}

// spread is how far the time of a run may exceed the forecast.
const spread = 1.6

// writeTime says what takes how long.
func (e *Forecast) writeTime(b *strings.Builder) {
	range2 := func(seconds float64) string {
		return fmt.Sprintf("%s to %s", text.Duration(seconds), text.Duration(spread*seconds))
	}
	fmt.Fprintf(b, "time        about %s", range2(e.All))
	if len(e.Absent) > 0 {
		b.WriteString(" beside extraction, whose speed is not known")
	}
	b.WriteByte('\n')
	if e.Realtime > 0 && e.Seconds > 0 {
		fmt.Fprintf(b, "            %s of extraction (%.0f x real time, the best of %d tries on one utterance%s)\n", text.Duration(e.Seconds), e.Realtime, tries, map[bool]string{true: fmt.Sprintf("; %d passes over the audio", e.Passes)}[e.Passes > 1])
	}
	if e.MomentHours*3600 > 10 {
		fmt.Fprintf(b, "            %s of moments (%.3g PFLOP of products at %.0f GFLOP/s, and the disk at %.0f MB/s)\n", text.Duration(e.MomentHours*3600), 2*e.Multiplied/1e15, 2*e.Products/1e9, e.DiskSpeed/1e6)
	}
	fmt.Fprintf(b, "            %s of reading, %s of intervals and nulls, %s of contributions, %s of drawing\n",
		text.Duration(e.Reading), text.Duration(e.Measured), text.Duration(e.Contributed), text.Duration(e.Drawn))
	if e.Busy > busyFrom {
		fmt.Fprintf(b, "            other programs keep the processors busy: as the machine is now, about %s\n", range2(e.Busy*e.All))
	}
}

// busyFrom is from which share on other programs are worth a word.
const busyFrom = 1.5

// tilesText says how the moments of a comparison are made where that is not at once in one pass over the audio.
func (c *Comparison) tilesText(e *Forecast) string {
	var s []string
	if c.Tiles > 0 {
		s = append(s, fmt.Sprintf("%d tiles, of at most %s of moments each", c.Tiles, text.Bytes(c.TileBytes)))
	}
	switch {
	case c.FrameBytes > 0:
		kept := fmt.Sprintf("frames are kept (%s) and read %.1f times each", text.Bytes(c.FrameBytes), c.FrameReads)
		if e.DiskSpeed > 0 {
			kept += fmt.Sprintf(" (%s)", text.Duration(c.FrameReads*float64(c.FrameBytes)/e.DiskSpeed))
		}
		s = append(s, kept)
		if c.PassesInstead > 1 && e.Realtime > 0 {
			s = append(s, fmt.Sprintf("%d passes over the audio in their place would take %s", c.PassesInstead, text.Duration(float64(c.PassesInstead)*3600*e.AudioHours/e.Realtime)))
		}
	case c.Tiles > 0 && c.Unit == "frame":
		s = append(s, fmt.Sprintf("made in %d passes over the audio, since the store has no room for its frames or keeps none (store: {frames: ...})", c.PassesInstead))
	}
	return strings.Join(s, "; ")
}

// words says the cost, "" where there is none.
func (c Uncertainty) words() string {
	var s string
	if c.Groups > 0 {
		s = fmt.Sprintf("; intervals of %d groups, about %s", c.Groups, duration(c.IntervalSeconds))
	}
	if c.Draws > 0 {
		s += fmt.Sprintf("; null of %d draws, about %s, %s of memory", c.Draws, duration(c.NullSeconds), text.Bytes(c.NullBytes))
	}
	return s
}

func duration(seconds float64) time.Duration {
	return time.Duration(max(1, seconds) * float64(time.Second)).Round(time.Second)
}
