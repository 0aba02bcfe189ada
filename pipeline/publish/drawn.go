package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"maps"
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
	missing := map[string]bool{}
	for i, f := range page.Figures {
		drawn[i] = drawnFigure{Name: f.Name, Files: map[string]string{}}
		var err error
		if drawn[i].Key, err = figureKey(p, page, &f); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(before, func(d drawnFigure) bool { return d.Name == f.Name && d.Key == drawn[i].Key && d.intact(dir) })
		if at < 0 {
			missing[f.Name] = true
		} else {
			drawn[i] = before[at]
		}
	}
	if len(missing) > 0 || len(page.Figures) == 0 {
		p.Progress.Stage("drawing", float64(len(missing)), "figures")
		made, err := figures.DrawAll(o.Dir, page.Figures, page.Cells, formats, func(name string) bool { return missing[name] })
		if err != nil {
			return nil, err
		}
		for _, one := range made {
			at := slices.IndexFunc(drawn, func(d drawnFigure) bool { return d.Name == strings.TrimSuffix(one.Name, figures.DifferenceEnding) })
			for _, name := range one.Files {
				if drawn[at].Files[name], err = fileDigest(filepath.Join(dir, name)); err != nil {
					return nil, err
				}
			}
		}
	}
	var all []figures.Drawn
	for i := range drawn {
		all = append(all, drawn[i].files()...)
	}
	return drawn, o.keepFigures(all, formats)
}

// files are those of the figure, and of the one of its differences.
func (d *drawnFigure) files() []figures.Drawn {
	list := []figures.Drawn{{Name: d.Name}, {Name: d.Name + figures.DifferenceEnding}}
	for _, file := range slices.Sorted(maps.Keys(d.Files)) {
		k := 0
		if strings.TrimSuffix(file, filepath.Ext(file)) == list[1].Name {
			k = 1
		}
		list[k].Files = append(list[k].Files, file)
	}
	return slices.DeleteFunc(list, func(one figures.Drawn) bool { return len(one.Files) == 0 })
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
	if err := e.Encode([]any{p.Fingerprint.Program, page.FileFormats(), figures.FormatsOf(f, page.Figures, page.FileFormats()), f}); err != nil {
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
