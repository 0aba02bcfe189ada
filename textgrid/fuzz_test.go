package textgrid

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzRead holds Read to this: no panic; no more items than the bytes of the file
// can be; faults with a place; and what was read is read again, the same, from
// each form in which it is written, which in turn is written the same.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"testdata/praat/*.TextGrid", "../../shared/data/mfa/*.TextGrid"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	for _, data := range []string{
		"", short, long,
		strings.ReplaceAll(long, "\n", "\r\n"), strings.ReplaceAll(short, "\n", "\r"),
		toUTF16("\ufeff"+short, binary.LittleEndian), toUTF16(short, binary.BigEndian),
		strings.Replace(short, "2\n0\n0.5", "1000000000\n0\n0.5", 1),
		strings.Replace(short, "0.75", "-0.75e-300", 1),
		strings.Replace(short, "0.75", "3/4", 1), strings.Replace(short, "0.75", "75%", 1),
		"\"ooTextFile\" \"TextGrid\" 0 1 <exists> 9 \"TextTier\" \"\" 0 1 9 ! comment\n 0 \"\"\"\"",
		string(mustWrite(f, sample(), Binary)), string(mustWrite(f, odd(), Short)[:400]),
		binaryMagic + "\x08TextGrid" + strings.Repeat("\x00", 16) + "\x01\x7f\xff\xff\xff" + strings.Repeat("\x00", 100),
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		grid, err := Read(bytes.NewReader(data), "x")
		if err != nil {
			if _, ok := err.(*Error); !ok || !strings.HasPrefix(err.Error(), "x:") {
				t.Fatalf("a fault without a place: %v", err)
			}
			if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 1000 {
				t.Fatalf("a message that is not one line: %q", err)
			}
			return
		}
		size := 0
		for _, tier := range grid.Tiers {
			size += leastTextInterval*cap(tier.Intervals) + leastTextPoint*cap(tier.Points)
		}
		// Slices that grow may be twice as large as they need be.
		if size > 2*len(data)+1<<10 {
			t.Fatalf("%d bytes became room for %d", len(data), size)
		}
		for _, finding := range grid.Check(CheckOptions{Duration: 1}) {
			if finding.Msg == "" || strings.ContainsAny(finding.Msg, "\n\r") {
				t.Fatalf("finding %+v is not one line", finding)
			}
		}
		for _, form := range formats {
			var file bytes.Buffer
			if err := grid.Write(&file, form.format); err != nil {
				if form.format == Binary && strings.Contains(err.Error(), "use a text form") {
					continue
				}
				t.Fatalf("%s: %v", form.name, err)
			}
			written := bytes.Clone(file.Bytes())
			again, err := Read(&file, "x")
			if err != nil {
				t.Fatalf("%s: %v", form.name, err)
			}
			if !reflect.DeepEqual(unplaced(grid), unplaced(again)) {
				t.Fatalf("%s (-read +read again):\n%s", form.name, cmp.Diff(grid, again, content))
			}
			if len(again.Warnings) > 0 {
				t.Fatalf("%s: %v", form.name, again.Warnings)
			}
			if rewritten := mustWrite(t, again, form.format); !bytes.Equal(rewritten, written) {
				t.Fatalf("%s was written\n%q\nthen\n%q", form.name, written, rewritten)
			}
		}
	})
}

// unplaced is the TextGrid without lines and warnings: what content compares, for
// reflect.DeepEqual, which is much faster than cmp.
func unplaced(g *TextGrid) *TextGrid {
	u := *g
	u.Line, u.Warnings = 0, nil
	u.Tiers = slices.Clone(g.Tiers)
	for i := range u.Tiers {
		t := &u.Tiers[i]
		t.Line = 0
		t.Intervals = slices.Clone(t.Intervals)
		for k := range t.Intervals {
			t.Intervals[k].Line = 0
		}
		t.Points = slices.Clone(t.Points)
		for k := range t.Points {
			t.Points[k].Line = 0
		}
	}
	return &u
}
