package pipeline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"speechsim/configs"
	"speechsim/extract"
	"speechsim/models"
	"speechsim/pipeline/internal/files"
	"speechsim/pipeline/native"
)

// manifest is what manifest.json holds: enough to know what the numbers are, and to make them again.
type Manifest struct {
	Name     string            `json:"name"`
	Finished time.Time         `json:"finished"`
	Seconds  float64           `json:"seconds"`
	Config   *configs.Config   `json:"config"`
	Inputs   fingerprint       `json:"inputs"`
	Versions map[string]string `json:"versions"`
	Host     hostInfo          `json:"host"`
	Corpus   corpusCounts      `json:"corpus"`
	Models   []modelInfo       `json:"models"`
	Products string            `json:"products,omitempty"` // of moments, where a GPU multiplies
	Accounts []accounting      `json:"rows"`
	Skipped  []extract.Failure `json:"skipped"`
	Cells    int               `json:"cells"`
	Figures  []string          `json:"figures"`
	Work     []string          `json:"work"` // entries of the store that it was made from
}

type hostInfo struct {
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Cores   int    `json:"cores"`
	Workers int    `json:"workers"`
}

type corpusCounts struct {
	Root       string   `json:"root"`
	Utterances int      `json:"utterances"`
	Usable     int      `json:"usable"`
	Hours      float64  `json:"hours"`
	Speakers   int      `json:"speakers"`
	Groups     []string `json:"groups"` // left out one at a time for intervals
}

type modelInfo struct {
	Name   string   `json:"name"`
	File   string   `json:"file"`
	Layers []string `json:"layers"`
	Units  []int    `json:"units"`
	// Of a model on a GPU: its precision, and how far it is from float32 on the CPU.
	Precision string `json:"precision,omitempty"`
	Deviation string `json:"deviation,omitempty"`
}

func manifestFile(dir string) string { return filepath.Join(dir, "manifest.json") }

func reportFile(dir string) string { return filepath.Join(dir, "report.html") }

// makeManifest describes the run as its outcome stands.
func (p *Plan) makeManifest(o *Outcome) ([]byte, error) {
	m := Manifest{
		Name: p.Config.Name, Finished: time.Now().UTC().Truncate(time.Second), Seconds: o.Seconds, Config: p.Config, Inputs: p.fingerprint,
		Versions: map[string]string{"pipeline": native.Version, "go": runtime.Version(), "blas": p.backend.Name() + " " + p.backend.Version()},
		Host:     hostInfo{runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), p.opts.Workers},
		Corpus:   p.counts(), Accounts: o.accounts, Skipped: o.Failed, Cells: o.Cells, Work: p.store.Used(),
	}
	if p.runtime != nil {
		m.Versions["onnxruntime"] = p.runtime.Version()
	}
	if p.gpuProducts != nil {
		m.Products = p.productsText()
	}
	for i, s := range p.sources {
		info := modelInfo{Name: s.Name, File: p.Config.Path(cmp.Or(p.Config.Models[i].ONNX, p.Config.Models[i].Vectors))}
		for _, l := range s.Layers() {
			info.Layers = append(info.Layers, l.Name)
			info.Units = append(info.Units, l.Units)
		}
		if d, ok := p.deviations[s.Name]; ok {
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
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(m)
	return b.Bytes(), err
}

func (p *Plan) counts() corpusCounts {
	speakers := map[string]bool{}
	k := corpusCounts{Root: cmp.Or(p.Corpus.Spec.Root, p.Corpus.Spec.Table), Utterances: len(p.Corpus.Utterances), Hours: p.Seconds() / 3600}
	for i := range p.Corpus.Utterances {
		speakers[p.Corpus.Utterances[i].Speaker] = true
		if p.samples[i] >= 0 {
			k.Usable++
		}
	}
	k.Speakers = len(speakers)
	for _, part := range p.parts {
		k.Groups = append(k.Groups, part.name)
	}
	return k
}

// findFinished returns the outcome of an earlier run when its manifest carries this stamp and its files are there.
func (p *Plan) findFinished(stamp string) *Outcome {
	data, err := os.ReadFile(manifestFile(p.RunDir))
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			p.opts.Progress.Note("%v: the run is made again", err)
		}
		return nil
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil || m.Inputs.Stamp != stamp {
		if err == nil && len(m.Inputs.Stamp) > 0 {
			p.opts.Progress.Note("%s holds a run of %s made from another config, program or inputs: it is replaced; what both share comes from the store",
				p.RunDir, m.Finished.Format("2006-01-02 15:04"))
		}
		return nil
	}
	o := &Outcome{Dir: p.RunDir, Cells: m.Cells, Failed: m.Skipped, AlreadyDone: true, Seconds: m.Seconds, Report: reportFile(p.RunDir)}
	need := []string{"results.jsonl", "results.csv", "matches.csv", "differences.csv", "dropped.csv", pageName, "report.html"}
	for _, f := range m.Figures {
		need = append(need, f)
		o.Figures = append(o.Figures, filepath.Join(p.RunDir, filepath.FromSlash(f)))
	}
	for _, f := range need {
		if !files.Exists(filepath.Join(p.RunDir, filepath.FromSlash(f))) {
			p.opts.Progress.Note("%s lacks %s: the run is finished again", p.RunDir, f)
			return nil
		}
	}
	return o
}

// Describe says in a few lines what the run is made of.
func (p *Plan) Describe() string {
	k := p.counts()
	s := fmt.Sprintf("corpus %s: %d utterances, %.1f min, %d speakers, %d groups\n", k.Root, k.Usable, 60*k.Hours, k.Speakers, len(k.Groups))
	for _, src := range p.sources {
		s += "model " + describeSource(src) + "\n"
	}
	return s
}
