package report

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"speechsim/pipeline/results"
)

// tone is a WAV file of a second at 8 kHz.
func tone() []byte {
	const rate = 8000
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"), 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 16, 0)
	binary.LittleEndian.PutUint32(b[4:], 36+2*rate)
	binary.LittleEndian.PutUint32(b[24:], rate)
	binary.LittleEndian.PutUint32(b[28:], 2*rate)
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), 2*rate)
	for i := range rate {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(8000*math.Sin(2*math.Pi*440*float64(i)/rate))))
	}
	return b
}

const hostileWord = `<img src=x onerror="document.title='taken'">`

// speechPage has two pairs of layers with their types, of which one would like to be markup.
func speechPage() Page {
	p := demoPage()
	p.Audio = "../a corpus#1"
	add := func(y, kind string, effect, start float64, clip int) {
		p.Contributions = append(p.Contributions, results.Contribution{Comparison: "figure-1", Metric: "cka", Variant: "debiased",
			X: results.Layer{Model: "hubert-tiny", Layer: "4"}, Y: results.Layer{Model: "wav2vec2-tiny", Layer: y},
			Type: kind, Rows: 12, Share: .25, Effect: effect, Utterance: "u?1", File: "s 1/u?1.wav", Start: start, End: start + .25, ClipFrom: clip, ClipTo: clip + clip/2})
	}
	add("4", "river", .125, .25, 800)
	add("4", "river", .125, .5, 0)
	add("4", hostileWord, -.0625, .75, 2000)
	add("3", "stone", .2, 0, 0)
	return p
}

// TestSpeechInBrowser: types and tokens of a pair, heard from a file beside the page and from the page itself.
func TestSpeechInBrowser(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "a corpus#1", "s 1")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "u?1.wav"), tone(), 0o644); err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t)
	for _, clips := range []bool{false, true} {
		page, path := speechPage(), filepath.Join(dir, "run", fmt.Sprintf("speech-%v.html", clips))
		if clips {
			page.Clips = tone()
		}
		if err := WritePage(path, page); err != nil {
			t.Fatal(err)
		}
		b.open(path, 1280, 900, clips)
		b.eval(`document.getElementById("speech").scrollIntoView()`, nil)
		b.wait(`document.querySelectorAll("#speech-body .token").length === 3`)
		if got := b.text(`document.querySelector("#speech-body tbody").innerText`); !strings.Contains(got, "river\t12\t25.0\u00a0%\t\u221212.5\u00a0%") {
			t.Errorf("the types that carry the value: %q", got)
		}
		if got := b.text(`document.querySelectorAll("#speech-body tbody")[1].querySelector("td").textContent`); got != hostileWord {
			t.Errorf("the label is %q", got)
		}
		if got := b.text(`document.querySelector("#speech-body a").getAttribute("href")`); got != "../a%20corpus%231/s%201/u%3F1.wav#t=0.250,0.500" {
			t.Errorf("the link is %s", got)
		}
		if got := b.text(`document.querySelectorAll("#speech-body canvas").length`); got != map[bool]string{false: "0", true: "2"}[clips] {
			t.Errorf("clips %v: %s spectrograms", clips, got)
		}
		// By the keyboard: the first token, then the one that has no clip.
		for k, want := range []string{map[bool]string{false: "../a%20corpus%231/s%201/u%3F1.wav#t=0.250,0.500", true: "blob:"}[clips], "../a%20corpus%231/s%201/u%3F1.wav#t=0.500,0.750"} {
			b.eval(fmt.Sprintf(`document.querySelectorAll("#speech-body .token button")[%d].focus()`, k), nil)
			b.press("Enter", "\r", 13)
			const audio = `document.querySelector("#speech-body audio")`
			b.wait(audio + `.currentTime > 0 && ` + audio + `.paused`)
			if got := b.text(audio + `.getAttribute("src")`); !strings.HasPrefix(got, want) {
				t.Errorf("clips %v: token %d plays %s", clips, k, got)
			}
		}
		// Another pair, and a pair that was opened elsewhere.
		b.eval(`{ const s = document.getElementById("speech-pair"); s.value = "1"; s.dispatchEvent(new Event("change")); }`, nil)
		b.wait(`document.querySelector("#speech-body tbody").innerText.startsWith("stone")`)
		b.eval(`document.querySelector("#answers a[href='#speech']").click()`, nil)
		b.wait(`document.querySelector("#speech-body tbody").innerText.startsWith("river")`)
		open := func(x, y int) string {
			b.eval(fmt.Sprintf(`{ const { explorer } = window.speechsim; explorer.map.open(explorer.map.view.cells[%d][%d]); }`, x, y), nil)
			b.wait(`document.getElementById("pair").open`)
			defer b.clickOn("#pair-close")
			return b.text(`document.getElementById("pair-body").innerText`)
		}
		if got := open(9, 4); !strings.Contains(got, "Speech behind the value, CKA, debiased") || !strings.Contains(got, "river") {
			t.Errorf("the pair says %q", got)
		}
		if got := open(0, 8); !strings.Contains(got, "are listed for the best pair of layers of two models, where") || strings.Contains(got, "river") {
			t.Errorf("another pair says %q", got)
		}
		if got := b.text("document.title"); got != "demo" {
			t.Errorf("the title is %q", got)
		}
		b.eval(axeScript(t), nil)
		checkAxe(b, path)
		b.quiet()
	}
	// A file that is not there: it is said.
	page := speechPage()
	page.Audio = "../moved"
	b.open(writeDemo(t, "moved.html", page), 390, 800, false)
	b.eval(`document.getElementById("speech").scrollIntoView()`, nil)
	b.wait(`document.querySelectorAll("#speech-body .token").length === 3`)
	if got := b.text("document.documentElement.scrollWidth"); got != "390" {
		t.Errorf("the page is %s wide", got)
	}
	b.clickOn("#speech-body .token button")
	b.wait(`document.querySelector("#speech-body [role=status]").textContent.startsWith("The browser cannot play this file")`)
}

func axeScript(t *testing.T) string {
	t.Helper()
	axe, err := os.ReadFile(filepath.Join("testdata", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(axe)
}
