package textgrid_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"speechsim/textgrid"
)

const aligned = `File type = "ooTextFile"
Object class = "TextGrid"

0
1.25
<exists>
1
"IntervalTier"
"Ann - words"
0
1.25
2
0
0.5
"go"
0.75
1.25
"on"
`

func ExampleRead() {
	grid, err := textgrid.Read(strings.NewReader(aligned), "ann.TextGrid")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range grid.SpeakerTier("Ann", "words").Intervals {
		fmt.Printf("%.2f %.2f %s (line %d)\n", w.Start, w.End, w.Label, w.Line)
	}
	// Output:
	// 0.00 0.50 go (line 13)
	// 0.75 1.25 on (line 16)
}

func ExampleRead_fault() {
	_, err := textgrid.Read(strings.NewReader(strings.Replace(aligned, "\n0.5\n", "\n", 1)), "ann.TextGrid")
	fmt.Println(err)
	// Output:
	// ann.TextGrid:14:1: expected the end of interval 1 of tier 1 "Ann - words", a number; found the string "go"; look for a missing or an extra line above
}

func ExampleTextGrid_Check() {
	grid, err := textgrid.Read(strings.NewReader(aligned), "ann.TextGrid")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range grid.Check(textgrid.CheckOptions{Duration: 1}) {
		fmt.Printf("ann.TextGrid:%d: %s: %s\n", f.Line, f.Severity, f.Msg)
	}
	// Output:
	// ann.TextGrid:16: error: interval 2 of tier 1 "Ann - words", "on", ends at 1.25 s, past the end of the audio at 1 s
	// ann.TextGrid:16: warning: interval 2 of tier 1 "Ann - words", "on", starts at 0.75 s, but nothing covers the time from 0.5 s
}

func ExampleTextGrid_Write() {
	grid := &textgrid.TextGrid{End: 1, Tiers: []textgrid.Tier{{
		Name: "words", End: 1,
		Intervals: []textgrid.Interval{{Start: 0, End: 1, Label: "go"}},
	}}}
	var file bytes.Buffer
	if err := grid.Write(&file, textgrid.Short); err != nil {
		fmt.Println(err)
		return
	}
	file.WriteTo(os.Stdout)
	// Output:
	// File type = "ooTextFile"
	// Object class = "TextGrid"
	//
	// 0
	// 1
	// <exists>
	// 1
	// "IntervalTier"
	// "words"
	// 0
	// 1
	// 1
	// 0
	// 1
	// "go"
}
