package report

import (
	"strings"
	"testing"
)

// TestAnswersInBrowser: a sentence leads to its numbers, and a number to the view of its layer pair.
func TestAnswersInBrowser(t *testing.T) {
	b := startBrowser(t)
	b.open(writeDemo(t, "answers.html", demoPage()), 1280, 900, false)
	if got := b.text(`document.querySelector("#answers strong").textContent`); !strings.HasPrefix(got, "wav2vec2-tiny and hubert-tiny are most similar at layers ") {
		t.Errorf("the first answer is %q", got)
	}
	b.clickOn(`#answers a[href="#answer-0-0"]`)
	b.wait(`document.querySelector("#answers details").open`)
	b.clickOn("#answer-0-0 button")
	b.wait(`document.querySelector("#pair").open`)
	if got := b.text(`document.querySelector("#pair-title").textContent`); !strings.Contains(got, "hubert-tiny") {
		t.Errorf("the pair is %q", got)
	}
	b.quiet()
}
