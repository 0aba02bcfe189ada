package textgrid

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// peersPython gives a Python that has the packages praatio and textgrid.
func peersPython(tb testing.TB) string {
	tb.Helper()
	python := os.Getenv("SPEECHSIM_PEERS_PYTHON")
	if python == "" {
		tb.Skip("praatio/textgrid not installed")
	}
	return python
}

// plain has what every reader knows: no tiers of one name and, for textgrid, no
// points in the short form, whose reader takes them for the long one.
func plain(points bool) *TextGrid {
	grid := librispeechSize(5)
	grid.Tiers[0].Intervals[1].Label = `say "hi"`
	grid.Tiers[0].Intervals[2].Label = "ʃɪ 日本 😀"
	grid.Tiers[0].Intervals[3].Label = "two\nlines"
	grid.Tiers[0].Intervals[4].Start += 1e-5
	grid.Tiers[0].Intervals[3].End += 1e-5 // textgrid rounds to five digits
	if points {
		grid.Tiers = append(grid.Tiers, Tier{Name: "tones", Kind: TextTier, End: grid.End, Points: []Point{{Time: 0.25, Label: "H*"}, {Time: 1.5, Label: "L"}}})
	}
	return grid
}

// TestPeersRead writes both text forms and has praatio and textgrid read them.
func TestPeersRead(t *testing.T) {
	python := peersPython(t)
	folder := t.TempDir()
	var paths []string
	want := map[string]*TextGrid{}
	for name, format := range map[string]Format{"long": Long, "short": Short} {
		path := filepath.Join(folder, name+".TextGrid")
		want[path] = plain(format == Long)
		if err := os.WriteFile(path, mustWrite(t, want[path], format), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	out, err := exec.Command(python, append([]string{"testdata/peers.py", "read"}, paths...)...).Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("%v\n%s", err, failed.Stderr)
		}
		t.Fatal(err)
	}
	// A tier is [name, items], an item its times and then its label.
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(lines) != 4 {
		t.Fatalf("%d answers, want 4:\n%s", len(lines), out)
	}
	for _, line := range lines {
		var got struct {
			Package, Path string
			Tiers         any
		}
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(asLists(want[got.Path]), got.Tiers, cmpopts.EquateApprox(0, 1e-12)); d != "" {
			t.Errorf("%s reads %s otherwise (-written +read):\n%s", got.Package, filepath.Base(got.Path), d)
		}
	}
}

// asLists gives tiers as peers.py prints them.
func asLists(g *TextGrid) any {
	var tiers []any
	for _, t := range g.Tiers {
		var items []any
		for _, v := range t.Intervals {
			items = append(items, []any{v.Start, v.End, v.Label})
		}
		for _, v := range t.Points {
			items = append(items, []any{v.Time, v.Label})
		}
		tiers = append(tiers, []any{t.Name, items})
	}
	return tiers
}

// resave.praat reads a file and saves it as a text file in UTF-8.
const resave = `form Which
  sentence from
  sentence to
endform
Text writing preferences: "UTF-8"
Read from file: from$
Save as text file: to$
`

// TestPraatReads writes all forms and has Praat read them: what Praat then saves
// is what we write in the long form.
func TestPraatReads(t *testing.T) {
	praat, err := exec.LookPath("praat")
	if err != nil {
		t.Skip("praat not installed")
	}
	folder := t.TempDir()
	script := filepath.Join(folder, "resave.praat")
	if err := os.WriteFile(script, []byte(resave), 0o644); err != nil {
		t.Fatal(err)
	}
	grid := plain(true)
	want := string(mustWrite(t, grid, Long))
	for _, form := range formats {
		from, to := filepath.Join(folder, form.name+".TextGrid"), filepath.Join(folder, form.name+".praat.TextGrid")
		if err := os.WriteFile(from, mustWrite(t, grid, form.format), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(praat, "--run", script, from, to).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", form.name, err, out)
			continue
		}
		got, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(string(got), "\n")); d != "" {
			t.Errorf("%s (-ours +Praat's):\n%s", form.name, d)
		}
	}
}
