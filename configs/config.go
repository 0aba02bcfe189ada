package configs

import (
	"fmt"
	"path/filepath"
)

// Config is one run: a corpus, the models, and what is compared with what.
type Config struct {
	Pos         Pos
	File        string // where it was read, for messages
	Base        string // the config that this one inherits from; paths and messages stay those of the file they are in
	Name        string
	Get         string // how files that are not there are got: said of each that is missing
	Note        string // said in the title of every figure and on the page, such as what the run stands for
	Corpus      Corpus
	Audio       Audio
	Models      []Model
	Rows        Rows
	Comparisons []Comparison
	Libraries   Libraries
	Products    Products
	Formats     []string // files that a figure is written as
	Figure      Look     // how figures are set for the page that they are to stand on
	Panels      []Panels // figures that show several others side by side
	Report      Report   // what the page holds
	Runs        string   `path:""` // folder of the run directories, "" = runs in the working directory
	Store       Store
	Memory      string // that a run may take, such as 6GiB; "" = a share of what there is

	folder string // that relative paths start from
}

// Default is the config whose values hold for keys that a file does not set.
func Default() Config {
	return Config{
		Audio:   Audio{Rate: 16000, Resampler: "kaiser"},
		Formats: formats,
		Report:  Report{Audio: "links"},
		Store:   Store{Numbers: "float32", Keep: "auto", Frames: "auto"},
		Rows:    Rows{Unit: "frame", Pooling: "centre", Select: "all", Level: []string{"token"}, First: []string{"all"}},
	}
}

// Path resolves a path of the config: a relative one is relative to the config's own folder, or to the working directory
// for a shipped config.
func (c *Config) Path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.folder, filepath.FromSlash(p))
}

// Model returns the model of that name, nil when there is none.
func (c *Config) Model(name string) *Model {
	for i := range c.Models {
		if c.Models[i].Name == name {
			return &c.Models[i]
		}
	}
	return nil
}

// Errorf makes an error at a position of this config, for mistakes that only others can see.
func (c *Config) Errorf(p Pos, format string, args ...any) *Error {
	return c.errorAt(p, format, args...)
}

func (c *Config) errorAt(p Pos, format string, args ...any) *Error {
	e := &Error{File: c.File, Line: p.Line, Col: p.Col, Msg: fmt.Sprintf(format, args...)}
	if p.File != "" {
		e.File = p.File
	}
	if p.Set != "" {
		e.File, e.Line, e.Col = "--set "+p.Set, 0, 0
	}
	return e
}
