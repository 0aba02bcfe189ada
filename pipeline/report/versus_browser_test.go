package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/pipeline/results"
)

// TestVersusInBrowser opens the page of two runs: it says what changed, its map is of differences, and axe-core has no
// complaint.
func TestVersusInBrowser(t *testing.T) {
	ours, theirs := demoPage(), demoPage()
	theirs.Cells = nil
	for _, c := range ours.Cells {
		if c.Value != nil {
			v := *c.Value - 0.125
			c.Value = &v
		}
		theirs.Cells = append(theirs.Cells, c)
	}
	page, err := Versus("first", "second", ours, theirs, []Change{{"config.rows.pooling", "centre", "pasad2021"}}, Pairing{Why: "made up"})
	if err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join("testdata", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t)
	b.open(writeDemo(t, "versus.html", page), 1280, 900, false)
	if got := b.text(`document.querySelector("#changes tbody").innerText`); !strings.Contains(got, "config.rows.pooling\tcentre\tpasad2021") {
		t.Errorf("what changed: %q", got)
	}
	b.hover(cellPoint(b, 1, 2))
	if got := b.text(`document.querySelector("#tip").innerText`); !strings.Contains(got, "difference of CKA, debiased = 0.125") {
		t.Errorf("the tip says %q", got)
	}
	b.eval(string(axe), nil)
	checkAxe(b, "two runs")
	keep(b, "versus.png", true)
	b.quiet()
}

// TestVersusNeedsCommonCells: two runs about other things are not compared.
func TestVersusNeedsCommonCells(t *testing.T) {
	ours, theirs := demoPage(), demoPage()
	theirs.Cells = []results.Cell{{Comparison: "another", Metric: "cka", X: ours.Cells[0].X, Y: ours.Cells[0].Y, Value: ours.Cells[0].Value}}
	if _, err := Versus("first", "second", ours, theirs, nil, Pairing{Why: "made up"}); err == nil || !strings.Contains(err.Error(), "no cell in common") {
		t.Errorf("error %v", err)
	}
}

// TestNothingDiffers: the page of two runs of which no value differs has no cells, and starts all the same.
func TestNothingDiffers(t *testing.T) {
	b := startBrowser(t)
	b.open(writeDemo(t, "same.html", Page{Title: "same"}), 1280, 900, false)
	if got := b.text(`document.getElementById("trouble").hidden && !document.getElementById("theme").hidden`); got != "true" {
		t.Errorf("the page says %q", b.text(`document.getElementById("trouble").textContent`))
	}
	b.quiet()
}
