// Package latextest sets files of LaTeX with pdflatex, for tests, and says what is wrong with them.
package latextest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ErrMissing says that LaTeX is not installed.
var ErrMissing = errors.New("pdflatex and bibtex not found: Debian has them in texlive-latex-recommended")

// Classes are the documents that files have to fit into: article in one column, and in two, whose columns are narrower on A4.
var Classes = []string{"", "twocolumn", "a4paper,twocolumn"}

// Document is a paper.
type Document struct {
	Options string   // of article
	Files   []string // taken in one after the other
	Bib     string   // the bibliography, "" = none
	Figures string   // the folder of pictures
	More    string   // behind the files
}

// mostOver is by how many points a line may be too wide: what TeX takes for overfull and no eye sees.
const mostOver = 1

// Set sets a document in a folder with the packages that its files say they need, as often as references take, and returns its log and what is wrong with it.
func Set(dir string, d Document) (log string, wrong []string, err error) {
	for _, program := range []string{"pdflatex", "bibtex"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", nil, ErrMissing
		}
	}
	text, err := source(d)
	if err != nil {
		return "", nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tex"), []byte(text), 0o644); err != nil {
		return "", nil, err
	}
	run := func(program string, args ...string) string {
		c := exec.Command(program, append(args, "main")...)
		c.Dir, c.Env = dir, append(os.Environ(), "max_print_line=10000", "openout_any=p")
		out, _ := c.CombinedOutput() // what is wrong stands in the output
		return string(out)
	}
	run("pdflatex", "-interaction=nonstopmode")
	if d.Bib != "" {
		wrong = lines(run("bibtex"), "Warning--", "I couldn't", "I found no", "Repeated entry")
		run("pdflatex", "-interaction=nonstopmode")
	}
	for range 3 { // until no reference changes: a page that fills may move the next one's
		if log = run("pdflatex", "-interaction=nonstopmode"); !strings.Contains(log, "Rerun to get cross-references right") {
			break
		}
	}
	return log, append(wrong, problems(log)...), nil
}

var (
	needed   = regexp.MustCompile(`(?m)^% needs .*$`)
	packages = regexp.MustCompile(`\\usepackage(\[[^]]*\])?\{[^}]*\}`)
	overfull = regexp.MustCompile(`^Overfull \\[hv]box \(([0-9.]+)pt too (wide|high)\)`)
)

// source writes the document: its packages are those that the first lines of the files name, and no others.
func source(d Document) (string, error) {
	var use []string
	var body bytes.Buffer
	for _, file := range d.Files {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		for _, line := range needed.FindAllString(string(data), -1) {
			for _, one := range packages.FindAllString(line, -1) {
				if !slices.Contains(use, one) {
					use = append(use, one)
				}
			}
		}
		fmt.Fprintf(&body, "\\input{%s}\n\\clearpage\n", file)
	}
	body.WriteString(d.More)
	if d.Bib != "" {
		style := "plain"
		if slices.Contains(use, `\usepackage{natbib}`) {
			style = "plainnat"
		}
		fmt.Fprintf(&body, "\\bibliographystyle{%s}\n\\bibliography{%s}\n", style, strings.TrimSuffix(d.Bib, ".bib"))
	}
	if d.Figures != "" {
		use = append(use, fmt.Sprintf("\\graphicspath{{%s/}}", d.Figures))
	}
	return fmt.Sprintf("\\documentclass[%s]{article}\n%s\n\\begin{document}\n%s\\end{document}\n", d.Options, strings.Join(use, "\n"), &body), nil
}

// problems are the lines of a log that say what is wrong.
func problems(log string) (list []string) {
	list = lines(log, "!", "LaTeX Warning: Reference", "LaTeX Warning: Citation", "LaTeX Warning: There were undefined", "Package natbib Warning: Citation", "LaTeX Warning: Float too large", "LaTeX Warning: Label",
		"LaTeX Warning: There were multiply", "Missing character")
	for line := range strings.Lines(log) {
		if m := overfull.FindStringSubmatch(line); m != nil {
			if over, err := strconv.ParseFloat(m[1], 64); err != nil || over > mostOver {
				list = append(list, strings.TrimSpace(line))
			}
		}
	}
	return list
}

// lines are those of a text that begin with one of some words.
func lines(text string, words ...string) (list []string) {
	for line := range strings.Lines(text) {
		if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(line, w) }) {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return list
}
