package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/report/internal/synthetic"
	"speechsim/pipeline/results"
)

// linkedPage has figures of every kind, models with labels, a comparison with one y layer, one of a single cell, and names that would do harm if a
// page took them for more than names.
func linkedPage() Page {
	hostile := `<img src=x onerror=alert(1)>`
	speech := []figures.Model{{Name: "hubert", Layers: synthetic.Layers(0, 13), Label: "HuBERT Base", Colour: "#aa3377"}, {Name: "wav2vec2", Layers: synthetic.Layers(0, 13)}, {Name: "logmel", Layers: []string{"logmel"}, Label: "log-mel filters"}}
	words := []figures.Model{{Name: "word-types", Layers: []string{"word"}, Label: hostile}}
	one := []figures.Model{{Name: "a", Layers: []string{"0"}}}
	p := Page{Title: "linked " + hostile, Manifest: json.RawMessage(`{"config": {"null": null, "name": "` + "x" + `"}}`)}
	add := func(comparison string, x, y []figures.Model, metric string) {
		for _, c := range (synthetic.Run{Metric: metric, Variant: "debiased", Intervals: true}).Cells((&figures.Figure{XModels: x, YModels: y}).Pairs()) {
			c.Comparison = comparison
			p.Cells = append(p.Cells, c)
		}
	}
	add("word-identity", speech, words, "cka")
	add("frames", speech[:2], speech[:2], "cka")
	add("single", one, one, "cka")
	figure := func(name, comparison string, kind figures.Kind, x, y []figures.Model) figures.Figure {
		f := figures.Figure{Name: name, Title: name + " " + hostile, Kind: kind, Comparison: comparison, Metric: "cka", Variant: "debiased", XModels: x, YModels: y}
		p.Figures = append(p.Figures, f)
		return f
	}
	curves := figure("curves", "word-identity", figures.Curves, speech, words)
	heatmap := figure("map", "frames", figures.Heatmap, speech[:2], speech[:2])
	figure("profile", "frames", figures.Profile, speech[:2], speech[:2])
	figure("tree", "frames", figures.Tree, speech[:2], nil)
	figure("mds", "frames", figures.MDS, speech[:2], nil)
	figure("single", "single", figures.Heatmap, one, one)
	other := heatmap
	other.Name, other.XModels = "part", speech[:1]
	p.Figures = append(p.Figures, other,
		figures.Figure{Name: "panels", Title: "Panels", Kind: figures.Several, Panels: []figures.Figure{heatmap, other}},
		figures.Figure{Name: "two-curves", Title: "Two", Kind: figures.Several, Panels: []figures.Figure{curves, curves}})
	layer := func(model, layer string) results.Layer { return results.Layer{Model: model, Layer: layer} }
	p.Paired = []results.Difference{ // one way round, and the other
		{Comparison: "word-identity", Metric: "cka", Variant: "debiased", X: layer("hubert", "5"), Than: layer("wav2vec2", "5"), Y: layer("word-types", "word"), Value: .25, Lo: .125, Hi: .5, P: .01},
		{Comparison: "word-identity", Metric: "cka", Variant: "debiased", X: layer("wav2vec2", "6"), Than: layer("hubert", "6"), Y: layer("word-types", "word"), Value: .0625, Lo: -.125, Hi: .25, P: .5},
	}
	return p
}

// targetAt returns where a target of the figure number k stands in the window; script makes the target of a picture.
func targetAt(b *browser, k int, script string) (x, y float64) {
	b.t.Helper()
	b.centre(fmt.Sprintf("#figures figure:nth-child(%d) .paper", k+1))
	var at []float64
	b.eval(fmt.Sprintf(`(() => { const p = speechsim.pictures[%d], t = (%s)(p), box = p.frame.getBoundingClientRect(), s = box.width / p.targets.wide;
		return [box.x + s * (t.x + t.wide / 2), box.y + s * (t.y + t.wide / 2)]; })()`, k, script), &at)
	return at[0], at[1]
}

func TestLinkedViewsInBrowser(t *testing.T) {
	path := writeDemo(t, "linked.html", linkedPage())
	b := startBrowser(t)
	b.open(path, 1280, 900, false)
	for _, test := range []struct {
		name string
		run  func(*browser)
	}{{"every figure answers", testEveryFigureAnswers}, {"links", testLinks}, {"keys", testFigureKeys}, {"curves", testCurves}, {"search", testSearch}, {"one cell", testOneCell}} {
		t.Run(test.name, func(t *testing.T) { b.t = t; test.run(b) })
	}
	t.Run("address", func(t *testing.T) { b.t = t; testAddress(b, path) })
	t.Run("widths", func(t *testing.T) { b.t = t; testWidths(b, path) })
	b.t = t
	if got := b.text(`document.body.innerText.includes("<nil>") || document.querySelectorAll("img").length > 0`); got != "false" {
		t.Error("the page says <nil>, or has an image that a name asked for")
	}
	b.quiet()
}

func testEveryFigureAnswers(b *browser) {
	for k, want := range []string{"HuBERT Base 0 × <img src=x onerror=alert(1)>", "HuBERT Base 0 × HuBERT Base 0", "HuBERT Base at HuBERT Base 0", "HuBERT Base 0\nMost similar: ", "HuBERT Base 0\nMost similar: ", "a 0 × a 0", "HuBERT Base 0 × HuBERT Base 0", "HuBERT Base 0 × HuBERT Base 0", "HuBERT Base 0 × <img"} {
		b.hover(2, 2)
		b.hover(targetAt(b, k, `(p) => p.first()`))
		if got := b.text(`document.querySelector("#figure-tip").hidden ? "hidden" : document.querySelector("#figure-tip").innerText`); !strings.HasPrefix(got, want) {
			b.t.Errorf("figure %d says %q, expected %q", k, got, want)
		}
	}
	b.hover(targetAt(b, 7, `(p) => p.inMap(p.targets.maps[1], 2, 3)`))
	if got := b.text(`document.querySelector("#figure-tip").innerText`); !strings.HasPrefix(got, "HuBERT Base 2 × HuBERT Base 3") {
		b.t.Errorf("the second panel says %q", got)
	}
	keep(b, "linked-panels.png", false)
}

func testLinks(b *browser) {
	b.hover(targetAt(b, 1, `(p) => p.inMap(p.targets.maps[0], 2, 20)`))
	choose(b, "#measure", "1")
	b.hover(targetAt(b, 1, `(p) => p.inMap(p.targets.maps[0], 3, 20)`))
	if got := b.text(`JSON.stringify(speechsim.explorer.map.at)`); got != "[3,20]" {
		b.t.Errorf("the map shows %s, expected the cell that was pointed at in the figure", got)
	}
	b.hover(cellPoint(b, 5, 17))
	if got := b.text(`document.querySelector("#against").selectedOptions[0].text`); got != "wav2vec2 3" {
		b.t.Errorf("the curves are against %q, expected the layer that was pointed at", got)
	}
	if got := b.text(`speechsim.explorer.curves.at.cell.k === speechsim.explorer.map.view.cells[5][17].k && !speechsim.pictures[1].ring.hidden`); got != "true" {
		b.t.Error("what was pointed at in the map is not shown in the curves and in the figure")
	}
	choose(b, "#cell-words", "hubert 6 wav2vec2 2 frames")
	b.hover(b.centre("#cell-table tbody tr"))
	if got := b.text(`JSON.stringify(speechsim.explorer.map.at) + document.querySelector("#cell-table tr.chosen td:nth-child(3)").textContent`); got != "[6,16]HuBERT Base 6" {
		b.t.Errorf("the row that was pointed at is shown at %s", got)
	}
	choose(b, "#cell-words", "")
	x, y := targetAt(b, 1, `(p) => p.inMap(p.targets.maps[0], 2, 20)`)
	b.click(x, y)
	b.wait(`document.querySelector("#pair").open`)
	if got := b.text(`document.querySelector("#pair-title").textContent`); got != "HuBERT Base 2 × wav2vec2 6" {
		b.t.Errorf("a click on the figure opens %q", got)
	}
	b.press("Escape", "", 27)
	b.wait(`!document.querySelector("#pair").open`)
}

func testFigureKeys(b *browser) {
	tip := func() string {
		return strings.SplitN(b.text(`document.querySelector("#figure-tip").innerText`), "\n", 2)[0]
	}
	b.centre("#figures figure:nth-child(2) .paper")
	b.eval(`document.querySelector("#figures figure:nth-child(2) .paper").focus()`, nil)
	b.press("Home", "", 36)
	b.press("ArrowRight", "", 39)
	b.press("ArrowUp", "", 38)
	b.press("ArrowUp", "", 38)
	if got := tip(); !strings.HasSuffix(got, "× HuBERT Base 2") && !strings.HasPrefix(got, "HuBERT Base 1") {
		b.t.Errorf("by keys the figure says %q", got)
	}
	b.press("End", "", 35)
	if got := tip(); !strings.HasPrefix(got, "wav2vec2 13") {
		b.t.Errorf("End goes to %q", got)
	}
	b.press("Enter", "\r", 13)
	b.wait(`document.querySelector("#pair").open`)
	b.press("Escape", "", 27)
	b.wait(`!document.querySelector("#pair").open`)
	b.eval(`document.querySelector("#figures figure:nth-child(1) .paper").focus()`, nil)
	b.press("ArrowRight", "", 39)
	b.press("ArrowDown", "", 40)
	if got := tip(); !strings.HasPrefix(got, "wav2vec2 1 ×") {
		b.t.Errorf("the line below is %q", got)
	}
}

func testCurves(b *browser) {
	choose(b, "#measure", "0")
	if got := b.text(`[document.querySelector("#map-pane").hidden, document.querySelector("#against-label").hidden, document.querySelector("#models").selectedOptions[0].text].join()`); got != "true,true,HuBERT Base minus wav2vec2" {
		b.t.Errorf("of one y layer the page shows %s", got)
	}
	at := func(chart string, line, k int) (x, y float64) {
		b.centre("#" + chart)
		var p []float64
		b.eval(fmt.Sprintf(`(() => { const c = speechsim.explorer.%s, p = c.view.lines[%d].points[%d], box = c.canvas.getBoundingClientRect(); return [box.x + c.place.x(p.i), box.y + c.place.y(p.value)]; })()`, chart, line, k), &p)
		return p[0], p[1]
	}
	b.hover(at("curves", 1, 12))
	if got := b.text(`document.querySelector("#curves .tip").innerText`); !strings.HasPrefix(got, "wav2vec2 12 × <img") || !strings.Contains(got, "95 % CI") {
		b.t.Errorf("the point says %q", got)
	}
	keep(b, "linked-curves.png", false)
	for layer, want := range map[int]string{4: ", as if the two were independent)", 5: "\n0.250 (95 % CI 0.125 to 0.500; uncorrected p = 0.01)\n", 6: "\n\u22120.063 (95 % CI \u22120.250 to 0.125; uncorrected p = 0.5)\n"} {
		b.hover(at("minus", 0, layer))
		if got := b.text(`document.querySelector("#minus .tip").innerText`); !strings.HasPrefix(got, fmt.Sprintf("HuBERT Base %d minus wav2vec2 %[1]d, against <img", layer)) || !strings.Contains(got, want) {
			b.t.Errorf("the difference says %q", got)
		}
	}
	if got := b.text(`speechsim.explorer.minus.view.lines[0].points.filter((p) => p.weak).map((p) => p.i).join()`); got != "6" {
		b.t.Errorf("differences that may be none: %s", got)
	}
	b.eval(`document.querySelector("#curves").focus()`, nil)
	b.press("Home", "", 36)
	b.press("ArrowRight", "", 39)
	b.press("ArrowDown", "", 40)
	if got := b.text(`document.querySelector("#readout").textContent`); !strings.HasPrefix(got, "HuBERT Base 1 ×") && !strings.HasPrefix(got, "wav2vec2 1 ×") {
		b.t.Errorf("by keys the curves say %q", got)
	}
	b.press("Enter", "\r", 13)
	b.wait(`document.querySelector("#pair").open`)
	b.press("Escape", "", 27)
	b.wait(`!document.querySelector("#pair").open`)
	b.clickOn("#save-svg")
	if svg := string(b.download("word-identity-cka-debiased.svg")); strings.Contains(svg, "<img") || !strings.Contains(svg, "#aa3377") {
		b.t.Errorf("the download begins with %.300s", svg)
	}
}

func testSearch(b *browser) {
	for words, want := range map[string]string{
		"hubert 3 word":       "1 of 1 (of 814 in all)",   // not layer 13, not layer 3 of wav2vec2
		"hubert 3":            "50 of 56 (of 814 in all)", // 55 with the layer on either side of frames, and that of words
		"HuBERT base frames":  "50 of ",
		"log-mel":             "1 of 1 (of 814 in all)",
		"single":              "1 of 1 (of 814 in all)",
		"wav2vec2 4 hubert 3": "2 of 2 (of 814 in all)",
	} {
		choose(b, "#cell-words", words)
		if got := b.text(`document.querySelector("#cell-count").textContent`); !strings.Contains(got, "1 to "+want) {
			b.t.Errorf("of %q the table says %q, expected %q", words, got, want)
		}
	}
	choose(b, "#cell-words", "")
	b.clickOn("#cell-table th:nth-child(5) button")
	if got := b.text(`getComputedStyle(document.querySelector("#cell-table th:nth-child(5) button"), "::after").content`); !strings.Contains(got, "▲") {
		b.t.Errorf("the head that sorts shows %s", got)
	}
}

// testOneCell: the title of a view of one cell is not cut.
func testOneCell(b *browser) {
	choose(b, "#measure", "2")
	b.clickOn("#save-svg")
	if svg := string(b.download("single-cka-debiased.svg")); !strings.Contains(svg, ">CKA, debiased against a 0</text>") {
		b.t.Errorf("the view of one cell is %.900s", svg)
	}
}

// testAddress: the address of a view shows that view again, in a fresh page and in one that is open.
func testAddress(b *browser, path string) {
	choose(b, "#measure", "1")
	b.clickOn(`#x-models input[value="wav2vec2"]`)
	choose(b, "#against", b.text(`[...document.querySelector("#against").options].find((o) => o.text === "wav2vec2 5").value`))
	choose(b, "#colours", "cividis")
	choose(b, "#cell-words", "hubert 3 word")
	b.click(cellPoint(b, 4, 6))
	b.wait(`document.querySelector("#pair").open`)
	hash := b.text("location.hash")
	const view = `[...document.querySelectorAll("#measure, #against, #colours, #cell-words")].map((e) => e.value).join() + [...document.querySelectorAll("#x-models input")].map((e) => e.checked).join() + document.querySelector("#pair-title").textContent + document.querySelector("#pair").open`
	want := b.text(view)
	if !strings.Contains(want, "HuBERT Base 4 × HuBERT Base 6true") {
		b.t.Errorf("the view is %s", want)
	}
	b.call("Page.navigate", map[string]any{"url": "about:blank"}, nil)
	b.open(path+hash, 1280, 900, false)
	if got := b.text(view); got != want {
		b.t.Errorf("the address %s shows\n%s\nexpected\n%s", hash, got, want)
	}
	b.open(path+"#explore?measure=nothing&cell=[", 1280, 900, false)
	if got := b.text(`document.querySelector("#measure").value`); got != "1" {
		b.t.Errorf("an address of nothing changes the view to %s", got)
	}
}

func testWidths(b *browser, path string) {
	axe, err := os.ReadFile(filepath.Join("testdata", "axe.min.js"))
	if err != nil {
		b.t.Fatal(err)
	}
	for i, width := range []int{390, 768, 1280, 1920} {
		name := fmt.Sprintf("linked-%d.png", width)
		b.open(path, width, 900, i%2 == 1)
		if got := b.text("document.documentElement.scrollWidth"); got != fmt.Sprint(width) {
			b.t.Errorf("%s: the page is %s wide", name, got)
		}
		if got := b.text(`[...document.querySelectorAll("#figures svg, .chart canvas")].filter((e) => { const r = e.getBoundingClientRect(); return r.width && (r.left < 0 || r.right > innerWidth); }).length`); got != "0" {
			b.t.Errorf("%s: %s figures are cut", name, got)
		}
		if got := b.text(`new Set([...document.querySelectorAll("#figures figure")].map((e) => e.getBoundingClientRect().left)).size`); got != map[int]string{390: "1", 768: "1", 1280: "2", 1920: "3"}[width] {
			b.t.Errorf("%s: figures stand in %s columns", name, got)
		}
		keep(b, name, true)
		if width == 390 || width == 1920 { // axe takes seconds
			b.eval(string(axe), nil)
			checkAxe(b, name)
		}
	}
	b.eval(`scrollTo(0, 2000)`, nil)
	if got := b.text(`(() => { const r = document.querySelector("nav ul").getBoundingClientRect(); return r.bottom > 0 && r.top < innerHeight; })()`); got != "true" {
		b.t.Error("the navigation does not stay")
	}
}
