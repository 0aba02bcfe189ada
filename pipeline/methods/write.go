package methods

import (
	"slices"
	"strings"

	"speechsim/pipeline/report/figures"
)

// methods writes the sentences in all forms.
func (w *writer) methods() *Methods {
	known := slices.Concat(references, ofModels, w.hub)
	used := slices.DeleteFunc(known, func(r reference) bool { return !slices.Contains(w.cited, r.key) })
	whole := strings.Join(w.sentences, " ")
	text := render(whole, func(s string) string { return s }, func(keys []string) string {
		var list []string
		for _, key := range keys {
			i := slices.IndexFunc(used, func(r reference) bool { return r.key == key })
			list = append(list, used[i].text)
		}
		return "(" + strings.Join(list, "; ") + ")"
	})
	latex := render(whole, figures.EscapeTeX, func(keys []string) string { return `\citep{` + strings.Join(keys, ",") + "}" })
	latex = figures.NeedsTeX(latex, "natbib") + "% without natbib, the next line has \\citep do what \\cite does\n\\providecommand{\\citep}{\\cite}\n" + latex
	var entries []string
	for _, r := range used {
		entries = append(entries, strings.Replace(r.bibtex, "%s", r.key, 1))
	}
	return &Methods{Text: text + "\n", LaTeX: latex + "\n", BibTeX: strings.Join(entries, "\n\n") + "\n"}
}

// render writes text and citations, which stand in turn between marks.
func render(s string, text func(string) string, cite func(keys []string) string) string {
	var out strings.Builder
	for i, part := range strings.Split(s, mark) {
		if i%2 == 0 {
			out.WriteString(text(part))
		} else {
			out.WriteString(cite(strings.Split(part, ",")))
		}
	}
	return out.String()
}
