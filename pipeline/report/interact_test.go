package report

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeDemo writes the demo page and returns where it is.
func writeDemo(t *testing.T, name string, page Page) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := WritePage(path, page); err != nil {
		t.Fatal(err)
	}
	return path
}

// keep writes a screenshot to look at when SPEECHSIM_GALLERY names a folder; whole says the whole page and not just the
// window.
func keep(b *browser, name string, whole bool) {
	b.t.Helper()
	dir := os.Getenv("SPEECHSIM_GALLERY")
	if dir == "" {
		return
	}
	var r struct{ Data []byte }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole}, &r)
	if err := os.WriteFile(filepath.Join(dir, name), r.Data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func TestPageInBrowser(t *testing.T) {
	path := writeDemo(t, "demo.html", demoPage())
	b := startBrowser(t)
	b.open(path, 1280, 900, false)
	t.Run("hover", func(t *testing.T) { b.t = t; testHover(b) })
	t.Run("keyboard", func(t *testing.T) { b.t = t; testKeyboard(b) })
	t.Run("choices", func(t *testing.T) { b.t = t; testChoices(b) })
	t.Run("click", func(t *testing.T) { b.t = t; testClick(b) })
	t.Run("downloads", func(t *testing.T) { b.t = t; testDownloads(b) })
	t.Run("table", func(t *testing.T) { b.t = t; testTable(b) })
	t.Run("sizes", func(t *testing.T) { b.t = t; testSizes(b, path) })
	b.t = t
	b.quiet()
}

// cellPoint returns where the cell (i, j) of the map stands in the window.
func cellPoint(b *browser, i, j int) (x, y float64) {
	b.t.Helper()
	b.centre("#map")
	var at []float64
	b.eval(fmt.Sprintf(`(() => {
		const map = document.querySelector("#map canvas").getBoundingClientRect();
		const l = window.speechsimMap.layout;
		return [map.x + l.left + l.across.start[%d] + l.edge / 2, map.y + l.top + l.upward.length - l.upward.start[%d] - l.edge / 2];
	})()`, i, j), &at)
	return at[0], at[1]
}

func testHover(b *browser) {
	b.hover(cellPoint(b, 1, 2))
	tip := b.text(`document.querySelector("#tip").innerText`)
	for _, want := range []string{"hubert-tiny 1 × hubert-tiny 2", "CKA, debiased = 0.7", "p = 0.005", "n = 46 906", "to 0.7", "null mean 0.080"} {
		if !strings.Contains(strings.ReplaceAll(tip, "\u00a0", " "), want) {
			b.t.Errorf("the tip says %q, expected %q in it", tip, want)
		}
	}
	keep(b, "hover.png", false)
	b.hover(2, 2)
	if b.text(`document.querySelector("#tip").hidden`) != "true" {
		b.t.Error("the tip stays when the pointer has left")
	}
}

func testKeyboard(b *browser) {
	b.eval(`document.querySelector("#map").focus()`, nil)
	says := func(want string) {
		b.t.Helper()
		if got := b.text(`document.querySelector("#readout").textContent`); !strings.Contains(got, want) {
			b.t.Errorf("the line below the map says %q, expected %q in it", got, want)
		}
	}
	b.press("Home", "", 36)
	b.press("PageDown", "", 34)
	for range 9 {
		b.press("ArrowDown", "", 40)
	}
	says("hubert-tiny 0 × hubert-tiny 0")
	b.press("ArrowRight", "", 39)
	b.press("ArrowUp", "", 38)
	says("hubert-tiny 1 × hubert-tiny 1")
	b.press("End", "", 35)
	says("wav2vec2-tiny 4 × hubert-tiny 1")
	b.press("PageUp", "", 33)
	says("wav2vec2-tiny 4 × wav2vec2-tiny 0")
	b.press("ArrowRight", "", 39) // at the edge: stays
	says("wav2vec2-tiny 4 × wav2vec2-tiny 0")
	b.press("Enter", "\r", 13)
	if got := b.text(`document.querySelector("#pair").open`); got != "true" {
		b.t.Error("Enter does not open the pair")
	}
	b.press("Escape", "", 27)
	b.wait(`!document.querySelector("#pair").open`)
	if got := b.text(`document.activeElement.id`); got != "map" {
		b.t.Errorf("after Escape the focus is on %q, expected the map", got)
	}
}

func choose(b *browser, selector, value string) {
	b.t.Helper()
	b.eval(fmt.Sprintf(`(() => { const e = document.querySelector(%s); e.value = %s; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); })()`, quote(selector), quote(value)), nil)
}

func testChoices(b *browser) {
	b.clickOn(`#x-models input[value="wav2vec2-tiny"]`)
	if got := b.text(`document.querySelector("#map").getAttribute("aria-label")`); got != "Heat map of CKA, debiased, 5 by 10 layers" {
		b.t.Errorf("without a model the map is %q", got)
	}
	choose(b, "#measure", "1")
	if got := b.text(`document.querySelector("#map").getAttribute("aria-label")`); got != "Heat map of SVCCA, textbook, 10 by 10 layers" {
		b.t.Errorf("after the choice of a metric the map is %q", got)
	}
	b.hover(cellPoint(b, 3, 2))
	if got := b.text(`document.querySelector("#tip").innerText`); !strings.Contains(got, "Not among the results") {
		b.t.Errorf("the tip of a missing cell says %q", got)
	}
	b.hover(cellPoint(b, 1, 5))
	if got := b.text(`document.querySelector("#tip").innerText`); !strings.Contains(got, "Could not be computed: covariance of y is singular") {
		b.t.Errorf("the tip of a failed cell says %q", got)
	}
	choose(b, "#colours", "cividis")
	choose(b, "#scale", "unit")
	keep(b, "choices.png", false)
	choose(b, "#colours", "viridis")
	choose(b, "#scale", "shown")
}

func testClick(b *browser) {
	b.click(cellPoint(b, 4, 9))
	b.wait(`document.querySelector("#pair").open`)
	if got := b.text(`document.querySelector("#pair-title").textContent`); got != "hubert-tiny 4 × wav2vec2-tiny 4" {
		b.t.Errorf("the pair's title is %q", got)
	}
	body := b.text(`document.querySelector("#pair-body").innerText`)
	for _, want := range []string{"figure-1: CKA, debiased", "figure-1: SVCCA, textbook", "Neighbouring layers", "Most similar to hubert-tiny 4 as x:", "Words that drive it", "river", "n = 700 < 5"} {
		if !strings.Contains(body, want) {
			b.t.Errorf("the pair's view lacks %q:\n%s", want, body)
		}
	}
	keep(b, "pair.png", false)
	b.clickOn("#pair-close")
	b.wait(`!document.querySelector("#pair").open`)
}

func testDownloads(b *browser) {
	b.clickOn("#save-svg")
	if svg := b.download("figure-1-svcca-textbook.svg"); !bytes.HasPrefix(svg, []byte("<svg ")) || !bytes.HasSuffix(svg, []byte("</svg>\n")) {
		b.t.Errorf("the SVG begins with %.60s", svg)
	}
	b.clickOn("#save-png")
	if picture, err := png.Decode(bytes.NewReader(b.download("figure-1-svcca-textbook.png"))); err != nil {
		b.t.Error(err)
	} else if size := picture.Bounds().Size(); size.X < 900 {
		b.t.Errorf("the PNG is %v pixels, expected three times the map", size)
	}
	b.clickOn("#save-csv")
	table := strings.Split(strings.TrimSpace(string(b.download("figure-1-svcca-textbook.csv"))), "\n")
	if len(table) != 101 || !strings.HasPrefix(table[0], "comparison,metric,variant,") {
		b.t.Errorf("the CSV has %d lines and begins with %q, expected a head and 100 cells", len(table), table[0])
	}
	if dir := os.Getenv("SPEECHSIM_GALLERY"); dir != "" {
		for _, ending := range []string{"svg", "png"} {
			os.WriteFile(filepath.Join(dir, "download."+ending), b.download("figure-1-svcca-textbook."+ending), 0o644)
		}
	}
}

func testTable(b *browser) {
	first := func(column int) string {
		b.t.Helper()
		return b.text(fmt.Sprintf(`document.querySelector("#cell-table tbody tr").cells[%d].innerText`, column))
	}
	count := `document.querySelector("#cell-count").textContent`
	if got := b.text(count); got != "Values 1 to 50 of 192" {
		b.t.Errorf("the table begins with %q", got)
	}
	b.clickOn("#cell-table th:nth-child(5) button")
	low := first(4)
	b.clickOn("#cell-table th:nth-child(5) button")
	if high := first(4); !strings.HasPrefix(low, "0.0") || high != "1.000" {
		b.t.Errorf("sorted by value the table begins with %s, then with %s", low, high)
	}
	if got := b.text(`document.querySelector("#cell-table th:nth-child(5)").getAttribute("aria-sort")`); got != "descending" {
		b.t.Errorf("aria-sort is %q", got)
	}
	choose(b, "#cell-state", "failed")
	if got := b.text(count); got != "Values 1 to 4 of 4 (of 192 in all)" {
		b.t.Errorf("of failed cells the table says %q", got)
	}
	choose(b, "#cell-state", "")
	choose(b, "#cell-words", "hubert 4 svcca")
	if got := b.text(count); !strings.Contains(got, "(of 192 in all)") {
		b.t.Errorf("filtered by words the table says %q", got)
	}
	b.clickOn("#cells-save")
	if table := b.download("cells.csv"); !bytes.Contains(table, []byte("svcca")) || bytes.Contains(table, []byte("cka,")) {
		b.t.Errorf("the download does not follow the filter: %.200s", table)
	}
	choose(b, "#cell-words", "no such layer")
	if got := b.text(count); got != "No value matches." {
		b.t.Errorf("of no cells the table says %q", got)
	}
	choose(b, "#cell-words", "")
	b.clickOn("#cells-after")
	if got := b.text(count); got != "Values 51 to 100 of 192" {
		b.t.Errorf("the second page says %q", got)
	}
	b.clickOn("#cell-table tbody tr td:first-child button")
	b.wait(`document.querySelector("#pair").open`)
	b.clickOn("#pair-close")
}

// testSizes checks the page as a phone and as a desk screen shows it, light
// and dark: nothing is wider than the window, and axe-core has no complaint,
// with the pair's view open as well.
func testSizes(b *browser, path string) {
	axe, err := os.ReadFile(filepath.Join("testdata", "axe.min.js"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, width := range []int{360, 1280} {
		for _, dark := range []bool{false, true} {
			name := fmt.Sprintf("page-%d-light.png", width)
			if dark {
				name = fmt.Sprintf("page-%d-dark.png", width)
			}
			b.open(path, width, 800, dark)
			if got := b.text("document.documentElement.scrollWidth"); got != fmt.Sprint(width) {
				b.t.Errorf("%s: the page is %s wide", name, got)
			}
			keep(b, name, true)
			b.eval(string(axe), nil)
			if (width == 360) == dark { // each size and each theme once: axe takes seconds
				checkAxe(b, name)
			}
			b.eval(`document.querySelector("#cell-table tbody tr td:first-child button").click()`, nil)
			b.wait(`document.querySelector("#pair").open`)
			if (width == 360) != dark {
				checkAxe(b, name+" with a pair open")
			}
			keep(b, "pair-"+name, false)
		}
	}
	b.open(path, 1280, 800, false)
	b.clickOn("#theme")
	if got := b.text(`getComputedStyle(document.body).backgroundColor`); got != "rgb(22, 24, 27)" {
		b.t.Errorf("after the choice of dark colours the page is %s", got)
	}
}

func checkAxe(b *browser, name string) {
	b.t.Helper()
	var violations []string
	b.eval(`axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html.slice(0, 150) + " " + n.failureSummary)))`, &violations)
	for _, v := range violations {
		b.t.Errorf("%s: axe-core: %s", name, v)
	}
}

func TestLargePageInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a page of 44 000 cells takes seconds")
	}
	page := largePage()
	for _, f := range page.Figures[:5] { // more maps than a browser should have to read at once
		f.Name += "-again"
		page.Figures = append(page.Figures, f)
	}
	path := writeDemo(t, "large.html", page)
	b := startBrowser(t)
	b.open(path, 1280, 900, false)
	b.hover(cellPoint(b, 73, 73))
	if got := b.text(`document.querySelector("#tip").innerText`); !strings.Contains(got, "wav2vec2-large 23 × wav2vec2-large 23") {
		t.Errorf("the tip says %q", got)
	}
	t.Logf("the page of 44 000 cells is ready after %s ms", b.text("Math.round(performance.getEntriesByName('ready')[0].startTime)"))
	keep(b, "large-map.png", false)
	if got := b.text(`document.querySelector("#cell-count").textContent.replaceAll("\u00a0", " ")`); got != "Values 1 to 50 of 43 808" {
		t.Errorf("the table says %q", got)
	}
	last := len(page.Figures) - 1
	if got := b.text(fmt.Sprintf(`[0, %d].map((i) => document.querySelectorAll("#figures figure")[i].querySelectorAll("svg").length).join()`, last)); got != "1,0" {
		t.Errorf("of the first and the last figure there are %s", got)
	}
	b.hover(targetAt(b, last, `(p) => p.inMap(p.targets.maps[0], 0, 73)`))
	b.wait(fmt.Sprintf(`document.querySelectorAll("#figures figure")[%d].querySelector("svg title") !== null`, last))
	if got := b.text(`document.querySelector("#figure-tip").innerText`); !strings.Contains(got, "hubert-base 0 × wav2vec2-large 23") {
		t.Errorf("the last figure says %q", got)
	}
	b.open(path, 360, 800, true)
	b.centre("#map")
	keep(b, "large-360.png", false)
	b.quiet()
}
