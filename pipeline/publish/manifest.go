package publish

import (
	"bytes"
	"cmp"
	"encoding/json"
	"path/filepath"
	"runtime"
	"time"

	"speechsim/configs"
	"speechsim/extract/store"
	"speechsim/models"
	"speechsim/pipeline/join"
	"speechsim/pipeline/load"
	"speechsim/pipeline/native"
	"speechsim/pipeline/plan"
	"speechsim/pipeline/results"
)

// Manifest is what manifest.json holds: enough to know what the numbers are, and to make them again.
type Manifest struct {
	Name      string               `json:"name"`
	Finished  time.Time            `json:"finished"`
	Seconds   float64              `json:"seconds"`
	Config    *configs.Config      `json:"config"`
	Inputs    load.Fingerprint     `json:"inputs"`
	Versions  map[string]string    `json:"versions"`
	Host      hostInfo             `json:"host"`
	Corpus    load.Counts          `json:"corpus"`
	Models    []modelInfo          `json:"models"`
	Products  string               `json:"products,omitempty"` // of moments, where a GPU multiplies
	Accounts  []join.Account       `json:"rows"`
	Skipped   []store.Failure      `json:"skipped"`
	Cells     int                  `json:"cells"`
	Undefined results.AllUndefined `json:"undefined"` // cells without a value
	Figures   []string             `json:"figures"`
	Drawn     []drawnFigure        `json:"drawn"`
	Work      []string             `json:"work"` // entries of the store that it was made from
}

type hostInfo struct {
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Cores   int    `json:"cores"`
	Workers int    `json:"workers"`
}

type modelInfo struct {
	Name   string   `json:"name"`
	File   string   `json:"file"`
	Family string   `json:"family,omitempty"`
	Layers []string `json:"layers"`
	Units  []int    `json:"units"`
	// Of a model on a GPU: its precision, and how far it is from float32 on the CPU.
	Precision string `json:"precision,omitempty"`
	Deviation string `json:"deviation,omitempty"`
}

func manifestFile(dir string) string { return filepath.Join(dir, "manifest.json") }

func reportFile(dir string) string { return filepath.Join(dir, "report.html") }

// makeManifest describes the run as its outcome stands.
func makeManifest(p *plan.Plan, o *Outcome, drawn []drawnFigure) ([]byte, error) {
	m := Manifest{
		Name: p.Config.Name, Finished: time.Now().UTC().Truncate(time.Second), Seconds: o.Seconds, Config: p.Config, Inputs: p.Fingerprint,
		Versions: map[string]string{"pipeline": native.Version, "go": runtime.Version(), "blas": p.Backend.Name() + " " + p.Backend.Version()},
		Host:     hostInfo{runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), p.Workers},
		Corpus:   p.Counts(), Accounts: o.Accounts, Skipped: o.Failed, Cells: o.Cells, Undefined: o.Undefined, Drawn: drawn, Work: p.Store.Used(),
	}
	if v := p.RuntimeVersion(); v != "" {
		m.Versions["onnxruntime"] = v
	}
	if p.Products != nil {
		m.Products = p.DescribeProducts()
	}
	for i, s := range p.Sources {
		info := modelInfo{Name: s.Name, File: cmp.Or(p.Fingerprint.Origins[s.Name].Path, p.Config.Path(cmp.Or(p.Config.Models[i].ONNX, p.Config.Models[i].Vectors, p.Config.Models[i].Features)))}
		for _, l := range s.Layers() {
			info.Layers = append(info.Layers, l.Name)
			info.Units = append(info.Units, l.Units)
		}
		if s.Model != nil {
			info.Family = s.Model.Card().Family
		}
		if d, ok := p.Deviations[s.Name]; ok {
			info.Precision, info.Deviation = cmp.Or(p.Config.Models[i].Precision, models.Float32), d.String()
		}
		m.Models = append(m.Models, info)
	}
	for _, f := range o.Figures {
		rel, err := filepath.Rel(p.RunDir, f)
		if err != nil {
			return nil, err
		}
		m.Figures = append(m.Figures, filepath.ToSlash(rel))
	}
	if m.Skipped == nil { // none, and not unknown
		m.Skipped = []store.Failure{}
	}
	if m.Undefined == nil {
		m.Undefined = results.AllUndefined{}
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(m)
	return text.Bytes(), err
}
