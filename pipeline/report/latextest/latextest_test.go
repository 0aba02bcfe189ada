package latextest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSet: what is wrong is found, and what is right is not.
func TestSet(t *testing.T) {
	for want, text := range map[string]string{
		"":                             "% needs \\usepackage{booktabs}\n\\begin{tabular}{l}\\toprule a\\end{tabular}\n",
		"! Undefined control sequence": "\\nothing\n",
		"Overfull":                     "\\noindent\\hbox to 2\\textwidth{x\\hfil}\n",
		"LaTeX Warning: Reference":     "\\ref{nothing}\n",
		"Float too large":              "\\begin{table}\\rule{1pt}{30cm}\\caption{a}\\end{table}\n",
		"LaTeX Warning: Label":         "\\section{a}\\label{a}\\section{b}\\label{a}\n",
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "part.tex")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, wrong, err := Set(dir, Document{Files: []string{file}})
		if errors.Is(err, ErrMissing) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(wrong, "\n"); want == "" && all != "" || !strings.Contains(all, want) {
			t.Errorf("of %q is wrong %q, expected %q", text, all, want)
		}
	}
}
