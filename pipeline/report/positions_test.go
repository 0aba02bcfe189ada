package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"speechsim/pipeline/report/internal/synthetic"
	"speechsim/pipeline/results"
)

// noisyHead is a head whose attention does not compress.
func noisyHead(layer results.Layer, head int) []results.HeadPosition {
	var seed [32]byte
	copy(seed[:], fmt.Sprint(head, layer))
	r := rand.New(rand.NewChaCha8(seed))
	return synthetic.Head(layer, head, 500, func(d int) float64 { return (.5 + r.Float64()) / 500 / (1 + math.Abs(float64(d))/50) })
}

// headsPage is a page with the attention of a few heads that are known.
func headsPage() Page {
	p := demoPage()
	x, y := results.Layer{Model: "hubert-tiny", Layer: "1"}, results.Layer{Model: "wav2vec2-tiny", Layer: "2"}
	for i := range p.Cells {
		if c := &p.Cells[i]; c.Metric == "svcca" {
			c.Metric, c.Variant = "attention", "pearson"
		}
	}
	p.Figures = p.Figures[:1]
	near := func(place int) func(d int) float64 {
		return func(d int) float64 { return map[int]float64{place - 1: .1, place: .7, place + 1: .1}[d] } // .1 is on no frame
	}
	p.FrameSeconds = map[string]float64{x.Model: .02, y.Model: .02}
	for _, some := range [][]results.HeadPosition{
		synthetic.Head(x, 0, 400, near(0)), synthetic.Head(x, 1, 400, func(int) float64 { return 1. / 400 }),
		synthetic.Head(y, 0, 400, near(-5)), synthetic.Head(y, 1, 400, func(d int) float64 { return map[bool]float64{true: .1, false: .9 / 399}[d == 1] }),
		synthetic.Head(y, 2, 400, func(d int) float64 { return map[bool]float64{false: 1. / 400}[max(d, -d) < 4] }),
	} {
		p.Positions = append(p.Positions, some...)
	}
	extra := Extra{Matches: []results.Match{
		{Comparison: p.Cells[0].Comparison, Metric: "attention", Variant: "pearson", X: x, Y: y, Unit: 0, Matched: y, MatchedUnit: 0, Value: -.2},
		{Comparison: p.Cells[0].Comparison, Metric: "attention", Variant: "pearson", X: x, Y: y, Unit: 1, Matched: y, MatchedUnit: 1, Value: .5},
	}}
	p.Details = append(p.Details, extra.Details()...)
	return p
}

// TestHeadsInBrowser: where the heads of a layer pair look, in words and as curves.
func TestHeadsInBrowser(t *testing.T) {
	b := startBrowser(t)
	page := headsPage()
	for i := range page.Figures { // a name that would like to be markup
		page.Figures[i].XModels = append(page.Figures[i].XModels[:0:0], page.Figures[i].XModels...)
		page.Figures[i].XModels[0].Label = hostileWord
	}
	path := writeDemo(t, "heads.html", page)
	for _, width := range []int{1280, 390} {
		b.open(path, width, 900, width == 390)
		open := func(group, x, y int) string {
			b.eval(`{ const { explorer } = window.speechsim, g = explorer.groups[`+string(rune('0'+group))+`]; explorer.map.open(g.cell(g.x[`+string(rune('0'+x))+`], g.y[`+string(rune('0'+y))+`])); }`, nil)
			b.wait(`document.getElementById("pair").open`)
			return b.text(`document.getElementById("pair-body").innerText`)
		}
		if got := open(0, 1, 7); strings.Contains(got, "relative position") {
			t.Errorf("a pair of CKA says %q", got)
		}
		b.clickOn("#pair-close")
		if got := open(1, 0, 7); strings.Contains(got, "relative position") {
			t.Errorf("a pair without heads says %q", got)
		}
		b.clickOn("#pair-close")
		// First the best match, which is head 1 and head 1.
		got := open(1, 1, 7)
		for _, want := range []string{
			"Head 1 of " + hostileWord + " 1 spreads its attention almost evenly: 1.2\u00a0% of its attention is within \u00b12 frames of it (1.2\u00a0% if it were spread evenly).",
			"Head 1 of wav2vec2-tiny 2 looks more 1 frame (20\u00a0ms) after the query than elsewhere: 10.9\u00a0% of its attention is within \u00b12 frames of there (1.2\u00a0% if it were spread evenly).",
			"more than 64 frames away", "The two have ",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%d: %q is not in %q", width, want, got)
			}
		}
		pick := func(side, head string) string {
			b.eval(`{ const s = document.querySelectorAll("#pair .controls select")[`+side+`]; s.value = "`+head+`"; s.dispatchEvent(new Event("change")); }`, nil)
			return b.text(`document.querySelector("#pair [aria-live]").innerText`)
		}
		got = pick("0", "0")
		for _, want := range []string{
			"Head 0 of " + hostileWord + " 1 looks mostly at the frame itself: 90.0\u00a0% of its attention is within \u00b12 frames of it (1.2\u00a0% if it were spread evenly). 10.0\u00a0% is on frames before the query, 10.0\u00a0% on frames after it, 0.0\u00a0% more than 64 frames away. 10.1\u00a0% is outside of the audio.",
			"Head 0 of wav2vec2-tiny 2 looks mostly 5 frames (100\u00a0ms) before the query: 88.9\u00a0%",
			"The two have 0.0\u00a0% of their attention at the same relative positions.",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%d: %q is not in %q", width, want, got)
			}
		}
		if got = pick("1", "2"); !strings.Contains(got, "Head 2 of wav2vec2-tiny 2 looks away from the frame itself: 0.0\u00a0% of its attention is within \u00b12 frames of it (1.2\u00a0% if it were spread evenly).") {
			t.Errorf("%d: the head that looks away is %q", width, got)
		}
		// The chart answers the keyboard, and is said to those who don't see it.
		b.eval(`document.querySelector("#pair .chart").focus()`, nil)
		pick("1", "0")
		b.press("Home", "", 36)
		b.press("ArrowRight", "", 39)
		if got := b.text(`document.querySelector("#pair .chart .tip").textContent`); got != "head 0 of "+hostileWord+" 1, 7 frames (140\u00a0ms) before the query\nmean attention 0" {
			t.Errorf("%d: the point says %q", width, got)
		}
		if got := b.text(`document.querySelector("#pair [role=status]").textContent`); !strings.Contains(got, "7 frames (140\u00a0ms) before the query. mean attention 0") {
			t.Errorf("%d: the status is %q", width, got)
		}
		b.press("Enter", "\r", 13)
		if got := b.text(`document.querySelector("#pair canvas").clientWidth <= document.querySelector("#pair").clientWidth`); got != "true" {
			t.Errorf("%d: the chart is cut", width)
		}
		b.eval(axeScript(t), nil)
		checkAxe(b, path)
		b.clickOn("#pair-close")
		// A layer with itself: two of its heads.
		if got := open(1, 1, 1); !strings.Contains(got, "Head 0 of "+hostileWord+" 1 looks mostly") || !strings.Contains(got, "Head 1 of "+hostileWord+" 1 spreads") {
			t.Errorf("%d: a layer with itself says %q", width, got)
		}
		if got := b.text("document.title"); got != "demo" {
			t.Errorf("the title is %q", got)
		}
		b.quiet()
	}
}

// TestWithoutHeads: the page of a run that an earlier version made says nothing of heads.
func TestWithoutHeads(t *testing.T) {
	page := headsPage()
	page.Positions = nil
	b := startBrowser(t)
	b.open(writeDemo(t, "headless.html", page), 1280, 900, false)
	b.eval(`{ const { explorer } = window.speechsim, g = explorer.groups[1]; explorer.map.open(g.cell(g.x[1], g.y[7])); }`, nil)
	b.wait(`document.getElementById("pair").open`)
	if got := b.text(`document.getElementById("pair-body").innerText`); strings.Contains(got, "relative position") {
		t.Errorf("the pair says %q", got)
	}
	b.quiet()
}
