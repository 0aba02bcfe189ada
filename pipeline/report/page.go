package report

import (
	"bytes"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/report/answers"
	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/results"
)

// Page is the content of a report.html: the cells and figures of a run, and
// sentences about them. Empty fields are left out of the page. The answers, and
// what to doubt in addition, are derived from the cells.
type Page struct {
	Title string `json:"title"`          // name of the run
	Lead  string `json:"lead,omitempty"` // one sentence below the title

	Compared  []string         `json:"compared,omitempty"`   // what was compared: a sentence each
	On        []string         `json:"on,omitempty"`         // on what: corpus, rows, models
	StandsOut []string         `json:"stands_out,omitempty"` // what stands out, before what is worked out from the cells
	Sources   []answers.Source `json:"sources,omitempty"`    // what is known of the models
	Groups    int              `json:"groups,omitempty"`     // that are left out for intervals
	Doubt     []string         `json:"doubt,omitempty"`      // what to doubt, before what is worked out from the cells

	Traits []Trait `json:"traits,omitempty"` // of the models, where they are known: what layers group by is then tested

	Figures     []figures.Figure     `json:"figures"`
	Cells       []results.Cell       `json:"-"`
	Details     []PairDetail         `json:"-"` // for the view of one pair of layers; may be empty
	Differences []results.Difference `json:"-"` // between layers
	Paired      []results.Difference `json:"-"` // of layers of one name in two models, for Explore

	Contributions []results.Contribution `json:"-"`               // words and phones that carry values
	Audio         string                 `json:"audio,omitempty"` // the folder of their files, seen from the page
	Clips         []byte                 `json:"-"`               // a WAV file with some of them; nil: none

	Positions    []results.HeadPosition `json:"-"`                       // where the heads look whose attention is compared
	FrameSeconds map[string]float64     `json:"frame_seconds,omitempty"` // how far apart the frames of their models are

	Findings []Finding        `json:"findings,omitempty"` // of pipeline check, in the corpus
	Dropped  []Dropped        `json:"dropped,omitempty"`
	Warnings []string         `json:"warnings,omitempty"` // of the run as a whole; those of cells are collected here
	Changes  []Change         `json:"-"`                  // of a page that compares two runs
	Between  []answers.Answer `json:"-"`                  // of such a page

	Manifest json.RawMessage `json:"-"`                 // manifest.json, shown as provenance
	Methods  string          `json:"-"`                 // what a paper says of the run
	BibTeX   string          `json:"-"`                 // what that cites
	Formats  []string        `json:"formats,omitempty"` // of the figures' files; nil = all
	Folder   string          `json:"-"`                 // where the figures' files are, seen from the page; "" = "figures"
}

// Dropped counts rows that were left out, by reason.
type Dropped struct {
	Reason   string   `json:"reason"`
	Rows     int      `json:"rows"`
	Examples []string `json:"examples,omitempty"` // a few of them: utterance, time, label
}

// Finding is a kind of what looks wrong in the corpus.
type Finding struct {
	Kind     string `json:"kind"`
	Severity string `json:"severity"` // error: the utterance is dropped; or warning
	Count    int    `json:"count"`
	Example  string `json:"example"`
}

//go:embed page
var pageFiles embed.FS

// scripts in the order in which they stand in the page.
var scripts = []string{"data.js", "scene.js", "heatmap.js", "chart.js", "picture.js", "spectrogram.js", "speech.js", "positions.js", "pair.js", "table.js", "answers.js", "address.js", "main.js"}

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"grouped":  figures.Grouped,
	"sentence": figures.Sentence,
	"label":    figures.Label,
}).ParseFS(pageFiles, "page/page.html"))

// WritePage writes the page as one file that needs no network: styles,
// scripts, figures and the numbers are inside. Numbers carry six significant
// digits there; results.csv next to it has all digits. The file is written
// under a temporary name and renamed.
func WritePage(path string, p Page) error {
	html, err := p.render()
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return files.Write(path, func(w io.Writer) error { _, err := w.Write(html); return err })
}

// view is what the template sees.
type view struct {
	Page
	Style     template.CSS
	Script    template.JS
	Data      template.HTML
	Sound     template.HTML // of Clips
	Answers   []answers.Answer
	Caution   string // about them
	Glance    bool   // they have lines for the table above them
	Scales    []string
	Figures   []figureView
	Letters   template.HTML // outlines that the figures share
	Pairs     []pairRow
	Failed    []reason
	Doubted   []reason
	Sections  []section
	Raw       string
	DroppedN  int
	HasScript bool
}

type figureView struct {
	figures.Picture
	SVG    template.HTML // the picture, or one that is packed
	Packed bool
	Files  []fileLink
}

type fileLink struct{ Name, URL string }

func (p *Page) render() ([]byte, error) {
	style, err := pageFiles.ReadFile("page/page.css")
	if err != nil {
		return nil, err
	}
	var script bytes.Buffer
	for _, name := range scripts {
		code, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			return nil, err
		}
		script.Write(code)
	}
	v := view{Page: *p, Style: template.CSS(style), Script: template.JS(script.String())}
	pictures, letters, err := figures.Pictures(p.Figures, p.Cells)
	if err != nil {
		return nil, err
	}
	if v.Figures, err = p.figureViews(pictures); err != nil {
		return nil, err
	}
	v.Letters = template.HTML(letters)
	data, err := p.packed(pictures)
	if err != nil {
		return nil, err
	}
	// The data are base64, which needs no escaping; script text of no known type is never run.
	v.Data = template.HTML(`<script type="text/plain" id="data">` + data + `</script>`)
	if len(p.Clips) > 0 {
		v.Sound = template.HTML(`<script type="text/plain" id="clips">` + base64.StdEncoding.EncodeToString(p.Clips) + `</script>`)
	}
	groups := groupCells(p.Cells)
	v.Failed, v.Doubted = reasons(p.Cells)
	v.Answers = p.Between
	v.StandsOut, v.Doubt = slices.Clone(p.StandsOut), slices.Clone(p.Doubt)
	if p.Changes == nil {
		run := answers.Run{Sources: p.Sources, Groups: p.Groups, Cells: p.Cells, Differences: p.Differences, Figures: p.Figures, Contributions: p.Contributions}
		v.Answers, v.Caution, v.Scales = answers.Of(&run), run.Caution(), run.Scales()
		v.StandsOut = append(v.StandsOut, groupings(groups, p.Traits)...)
		if doubt := ofCorpus(p.Findings); doubt != "" {
			v.Doubt = append(v.Doubt, doubt)
		}
		v.Doubt = append(v.Doubt, doubts(groups, p.Dropped, v.Doubted)...)
	}
	v.Glance = slices.ContainsFunc(v.Answers, func(a answers.Answer) bool { return len(a.Glance) > 0 })
	v.Pairs = pairRows(groups)
	for _, d := range p.Dropped {
		v.DroppedN += d.Rows
	}
	if v.Sections, v.Raw, err = provenance(p.Manifest); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// FileFormats are the formats in which the figures lie beside the page.
func (p *Page) FileFormats() []string {
	if p.Formats == nil {
		return figures.Formats
	}
	return p.Formats
}

// mostDrawn is how many bytes of pictures the page shows at once. A browser takes seconds to read those of two hundred maps: the later ones are
// packed, and unpacked by the script when a reader comes near.
const mostDrawn = 2 << 20

func (p *Page) figureViews(pictures []figures.Picture) ([]figureView, error) {
	folder := p.Folder
	if folder == "" {
		folder = "figures"
	}
	var list []figureView
	bytes := 0
	for _, drawn := range pictures {
		v := figureView{Picture: drawn, SVG: template.HTML(drawn.SVG)}
		if bytes += len(drawn.SVG); bytes > mostDrawn {
			text, err := pack([]byte(drawn.SVG))
			if err != nil {
				return nil, err
			}
			v.Packed, v.SVG = true, template.HTML(`<script type="text/plain" class="packed">`+text+`</script>`)
		}
		formats := p.FileFormats()
		if i := slices.IndexFunc(p.Figures, func(f figures.Figure) bool { return f.Name == drawn.Name }); i >= 0 {
			formats = figures.FormatsOf(&p.Figures[i], p.Figures, formats)
		}
		for _, ending := range formats {
			v.Files = append(v.Files, fileLink{strings.ToUpper(ending), folder + "/" + drawn.Name + "." + ending})
		}
		list = append(list, v)
	}
	return list, nil
}
