package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"speechsim/pipeline/plan"
	"speechsim/pipeline/report"
	"speechsim/pipeline/report/figures"
)

// drawnFigure is a figure as a run drew it: where nothing that it shows has changed since, and its files neither, it is not drawn again.
type drawnFigure struct {
	Name  string            `json:"name"`
	Key   string            `json:"key"`   // digest of the figure, of the cells of its comparison, of the formats and of the program
	Files map[string]string `json:"files"` // SHA-256 of each
}

// drawChanged draws the figures of a page that are not there as they should be.
func drawChanged(p *plan.Plan, page report.Page, o *Outcome) ([]drawnFigure, error) {
	dir, formats := filepath.Join(o.Dir, "figures"), page.FileFormats()
	before := readDrawn(o.Dir)
	drawn := make([]drawnFigure, len(page.Figures))
	var missing []figures.Figure
	for i, f := range page.Figures {
		drawn[i] = drawnFigure{Name: f.Name, Files: map[string]string{}}
		var err error
		if drawn[i].Key, err = figureKey(p, page, &f); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(before, func(d drawnFigure) bool { return d.Name == f.Name && d.Key == drawn[i].Key && d.intact(dir) })
		if at < 0 {
			missing = append(missing, f)
		} else {
			drawn[i] = before[at]
		}
	}
	var names []string
	if len(missing) > 0 || len(page.Figures) == 0 {
		p.Progress.Stage("drawing", float64(len(missing)), "figures")
		var err error
		if names, err = figures.DrawAll(o.Dir, missing, page.Cells, formats); err != nil {
			return nil, err
		}
	}
	var all []string
	for i := range drawn {
		d := &drawn[i]
		for _, name := range names {
			if name != d.Name && name != d.Name+figures.DifferenceEnding {
				continue
			}
			for _, format := range formats {
				sum, err := fileDigest(filepath.Join(dir, name+"."+format))
				if err != nil {
					return nil, err
				}
				d.Files[name+"."+format] = sum
			}
		}
		all = append(all, d.names(formats)...)
	}
	return drawn, o.keepFigures(all, formats)
}

// names are those of the figure and of the one of its differences.
func (d *drawnFigure) names(formats []string) (names []string) {
	for _, name := range []string{d.Name, d.Name + figures.DifferenceEnding} {
		if _, ok := d.Files[name+"."+formats[0]]; ok {
			names = append(names, name)
		}
	}
	return names
}

// intact says whether the files are as they were written.
func (d *drawnFigure) intact(dir string) bool {
	for name, sum := range d.Files {
		if got, err := fileDigest(filepath.Join(dir, name)); err != nil || got != sum {
			return false
		}
	}
	return len(d.Files) > 0
}

// figureKey is a digest of all that a figure shows.
func figureKey(p *plan.Plan, page report.Page, f *figures.Figure) (string, error) {
	h := sha256.New()
	e := json.NewEncoder(h)
	if err := e.Encode([]any{p.Fingerprint.Program, page.FileFormats(), f}); err != nil {
		return "", err
	}
	for i := range page.Cells {
		if c := &page.Cells[i]; c.Comparison == f.Comparison {
			if err := e.Encode(c); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// readDrawn lists what the manifest of a folder says that was drawn: nothing where there is none that can be read.
func readDrawn(dir string) []drawnFigure {
	var m struct{ Drawn []drawnFigure }
	data, err := os.ReadFile(manifestFile(dir))
	if err != nil || json.Unmarshal(data, &m) != nil {
		return nil
	}
	return slices.DeleteFunc(m.Drawn, func(d drawnFigure) bool {
		for name := range d.Files {
			if !fs.ValidPath(name) || strings.Contains(name, "/") {
				return true
			}
		}
		return false
	})
}

func fileDigest(path string) (string, error) {
	data, err := os.ReadFile(path)
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), err
}
