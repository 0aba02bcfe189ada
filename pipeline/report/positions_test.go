package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"speechsim/pipeline/results"
)

// headOf is a head on one utterance of so many frames, whose every query puts weight(d) of its attention on the frame that is d away; what there is no
// frame for is lost.
func headOf(layer results.Layer, head, frames int, weight func(d int) float64) (list []results.HeadPosition) {
	for d := 1 - frames; d < frames; d++ {
		pairs := frames - max(d, -d)
		list = append(list, results.HeadPosition{Layer: layer, Head: head, From: d, To: d, Pairs: pairs, Mean: weight(d), Uniform: 1 / float64(frames), Share: weight(d) * float64(pairs) / float64(frames)})
	}
	return within(list, 64)
}

// noisyHead is a head whose attention does not compress.
func noisyHead(layer results.Layer, head int) []results.HeadPosition {
	var seed [32]byte
	copy(seed[:], fmt.Sprint(head, layer))
	r := rand.New(rand.NewChaCha8(seed))
	return headOf(layer, head, 500, func(d int) float64 { return (.5 + r.Float64()) / 500 / (1 + math.Abs(float64(d))/50) })
}

// TestHeads: heads by model and layer; what the page can't draw beside the others is left out.
func TestHeads(t *testing.T) {
	layer := results.Layer{Model: "m", Layer: "1"}
	p := Page{FrameSeconds: map[string]float64{"m": .02}}
	next := func(d int) float64 { return map[bool]float64{true: 1}[d == 1] }
	p.Positions = append(headOf(layer, 0, 3, next), headOf(layer, 1, 3, func(int) float64 { return 1. / 3 })...)
	p.Positions = append(p.Positions, headOf(layer, 2, 2, next)...)
	p.Positions = append(p.Positions, headOf(results.Layer{Model: "n", Layer: "1"}, 0, 100, next)...)
	var layers interner[results.Layer]
	got := p.heads(&layers)
	want := &dataHeads{At: []int{-2, -1, 0, 1, 2}, Frame: .02, Layers: []int{0}, Heads: [][][]int{{{0, 0, 0, 66667, 0}, {11111, 22222, 33333, 22222, 11111}}},
		Pairs: column{1. / 3, 2. / 3, 1, 2. / 3, 1. / 3}, Uniform: column{1. / 9, 2. / 9, 1. / 3, 2. / 9, 1. / 9}}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
	if diff := cmp.Diff(want, got["m"], near); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := got["n"]; len(n.At) != 131 || n.Open != [2]bool{true, true} || n.At[0] != -65 || n.At[130] != 65 {
		t.Errorf("100 frames have the positions %v, open %v", n.At, n.Open)
	}
	// Of many heads less of what is far.
	p.Positions = nil
	even := func(int) float64 { return 1. / 200 }
	for head := range 1000 {
		p.Positions = append(p.Positions, headOf(layer, head, 200, even)...)
	}
	d := p.heads(&layers)["m"]
	if len(d.Heads[0]) != 1000 || len(d.At) != 2*16+3 || d.At[0] != -17 || d.Open != [2]bool{true, true} {
		t.Errorf("of 1000 heads there are %d, at %v", len(d.Heads[0]), d.At)
	}
	if far, want := d.Heads[0][999][34], int(math.Round(parts*183*184/2/200/200)); far != want || math.Abs(d.Uniform[34]-float64(want)/parts) > 1e-5 {
		t.Errorf("more than 16 frames after the query is %d and, evenly spread, %v; expected %d", far, d.Uniform[34], want)
	}
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
		headOf(x, 0, 400, near(0)), headOf(x, 1, 400, func(int) float64 { return 1. / 400 }),
		headOf(y, 0, 400, near(-5)), headOf(y, 1, 400, func(d int) float64 { return map[bool]float64{true: .1, false: .9 / 399}[d == 1] }),
		headOf(y, 2, 400, func(d int) float64 { return map[bool]float64{false: 1. / 400}[max(d, -d) < 4] }),
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
