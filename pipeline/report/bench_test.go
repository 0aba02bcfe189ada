package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/report/internal/synthetic"
	"speechsim/pipeline/results"
)

// million is a run of 74 x 74 layers, eight metrics and 23 numbers of first rows: 1 007 584 cells with intervals and nulls,
// and a figure for each metric on all rows and on each number.
func million() Page {
	page := Page{Title: "million", Lead: "74 x 74 layers, eight metrics, 23 numbers of rows."}
	for _, metric := range []string{"cka", "cca", "svcca", "pwcca", "procrustes", "neuron_neuron", "neuron_layer", "knn"} {
		cells := synthetic.Run{Metric: metric, Variant: "mean", Intervals: true}.Cells((&figures.Figure{XModels: fourModels, YModels: fourModels}).Pairs())
		for first := range 23 {
			params := results.Params{First: 100 * first}
			for _, c := range cells {
				c.Params = params
				page.Cells = append(page.Cells, c)
			}
			page.Figures = append(page.Figures, figures.Figure{Name: fmt.Sprintf("%s-%d", metric, first), Title: metric, Kind: figures.Heatmap,
				Comparison: "figure-1", Metric: metric, Variant: "mean", Params: params, XModels: fourModels, YModels: fourModels})
		}
	}
	return page
}

// peakMB is the largest resident memory of the process so far.
func peakMB() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kB, _ := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
	return kB / 1024
}

// BenchmarkMillion writes, reads and draws a run of a million cells. Run one part at a time: MB-peak is the process's.
func BenchmarkMillion(b *testing.B) {
	page := million()
	b.Logf("%d cells, %d figures", len(page.Cells), len(page.Figures))
	dir := os.Getenv("SPEECHSIM_BENCH_OUT")
	if dir == "" {
		dir = b.TempDir()
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, part := range []struct {
		name, file string
		run        func() error
	}{
		{"write-jsonl", "results.jsonl", func() error { return results.WriteFile(at("results.jsonl"), page.Cells) }},
		{"write-csv", "results.csv", func() error { return results.WriteCSVFile(at("results.csv"), page.Cells) }},
		{"prefixes", "", func() error { results.Prefixes(page.Cells); return nil }},
		{"read-jsonl", "results.jsonl", func() error {
			cells, err := results.ReadFile(at("results.jsonl"))
			if err == nil && len(cells) != len(page.Cells) {
				err = fmt.Errorf("%d cells", len(cells))
			}
			return err
		}},
		{"figures", "", func() error {
			_, err := figures.DrawAll(dir, page.Figures, page.Cells, figures.Formats, nil)
			return err
		}},
		{"page", "report.html", func() error { return WritePage(at("report.html"), page) }},
	} {
		b.Run(part.name, func(b *testing.B) {
			if part.name == "read-jsonl" {
				if err := results.WriteFile(at(part.file), page.Cells); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if err := part.run(); err != nil {
					b.Fatal(err)
				}
			}
			if info, err := os.Stat(at(part.file)); err == nil && part.file != "" {
				b.ReportMetric(float64(info.Size())/1e6, "MB-file")
			}
			b.ReportMetric(peakMB(), "MB-peak")
		})
	}
}

// TestMillionInBrowser opens the page that BenchmarkMillion left in SPEECHSIM_BENCH_OUT, and says how long a reader waits.
func TestMillionInBrowser(t *testing.T) {
	dir := os.Getenv("SPEECHSIM_BENCH_OUT")
	if dir == "" {
		t.Skip("SPEECHSIM_BENCH_OUT names no folder with the page of BenchmarkMillion/page")
	}
	b := startBrowser(t)
	b.open(filepath.Join(dir, "report.html"), 1400, 900, false)
	t.Logf("ready after %s ms, %s MB of script memory", b.text("Math.round(performance.getEntriesByName('ready')[0].startTime)"), b.text("Math.round(performance.memory.usedJSHeapSize/1e6)"))
	step := func(name, script string) {
		began := time.Now()
		b.eval(script, nil)
		b.text("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
		t.Logf("%s: %d ms", name, time.Since(began).Milliseconds())
	}
	step("search", `document.getElementById("cell-words").value = "hubert-large 7 neuron"; document.getElementById("cell-words").dispatchEvent(new Event("input"))`)
	if got := b.text(`document.getElementById("cell-count").textContent.replaceAll("\u00a0", " ")`); !strings.Contains(got, "(of 1 007 584 in all)") {
		t.Errorf("the table says %q", got)
	}
	step("all", `document.getElementById("cell-words").value = ""; document.getElementById("cell-words").dispatchEvent(new Event("input"))`)
	step("sort by value", `document.querySelectorAll("#cell-table th button")[3].click()`)
	step("another metric", `document.getElementById("measure").value = "7"; document.getElementById("measure").dispatchEvent(new Event("change"))`)
	step("scroll to the end", `document.getElementById("problems").scrollIntoView()`)
	b.quiet()
}
