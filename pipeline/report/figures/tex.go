package figures

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gonum.org/v1/plot/vg"

	"speechsim/pipeline/report/canvas"
)

// texSize is the size of text in tables. It is set outright: \footnotesize is another size in another class, and a table would have another width.
const (
	texSize vg.Length = 8
	texLine vg.Length = 9.5
)

// texWidths are those of the printable characters of ASCII from the space on, in thousandths of the size: Computer Modern Roman at 8 points, the
// font of a paper that chooses none, and one of the widest.
var texWidths = [...]vg.Length{354, 295, 531, 885, 531, 885, 826, 295, 413, 413, 531, 826, 295, 354, 295, 531, 531, 531, 531, 531, 531, 531, 531, 531, 531, 531, 295, 295, 826, 826, 826, 502,
	826, 796, 752, 767, 811, 723, 693, 834, 796, 383, 545, 825, 664, 973, 796, 826, 723, 826, 782, 590, 767, 796, 796, 1091, 796, 796, 649, 295, 531, 295, 649, 826,
	295, 531, 590, 472, 590, 472, 325, 531, 590, 295, 325, 561, 295, 885, 590, 531, 590, 561, 414, 419, 413, 590, 561, 767, 561, 561, 472, 531, 295, 531, 649}

// texWidth is how wide a text is in a table: a character that is not of ASCII as wide as one of the East.
func texWidth(s string) vg.Length {
	total := vg.Length(0)
	for _, r := range s {
		w := vg.Length(1000)
		if k := int(r) - ' '; k >= 0 && k < len(texWidths) {
			w = texWidths[k]
		}
		total += w
	}
	return total * texSize / 1000
}

// texNumbers is how wide numbers are that are set as mathematics, with a minus in the place of a hyphen.
func texNumbers(s string) vg.Length {
	if s == noValue {
		return texWidth("0")
	}
	return texWidth(asMath.Replace(s)) + vg.Length(strings.Count(s, ","))*texSize*0.18
}

// asMath has characters as wide as mathematics has those of numbers.
var asMath = strings.NewReplacer("-", "+", " ", "")

// wrapTeX breaks a text into lines that are no wider than w.
func wrapTeX(s string, w vg.Length) []string {
	if texWidth(s) <= w {
		return []string{s}
	}
	for narrower := w; ; narrower *= 0.95 { // lines are broken by the widths of another font, whose letters may be narrower
		list := canvas.Wrap(canvas.Regular, texSize, narrower, s)
		if narrower < w/2 || !slices.ContainsFunc(list, func(line string) bool { return texWidth(line) > w }) {
			return list
		}
	}
}

// texLines writes lines one below the other; how says where they stand: b with their last on the line of the row, t with their first, and l, c or r.
func texLines(list []string, how string) string {
	escaped := make([]string, len(list))
	for i := range list {
		escaped[i] = EscapeTeX(list[i])
	}
	if len(list) == 1 {
		return escaped[0]
	}
	return fmt.Sprintf(`\begin{tabular}[%s]{@{}%s@{}}%s\end{tabular}`, how[:1], how[1:], strings.Join(escaped, `\\`))
}

var texEscaper = strings.NewReplacer(`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "$", `\$`, "&", `\&`, "#", `\#`, "%", `\%`, "_", `\_`, "^", `\textasciicircum{}`, "~", `\textasciitilde{}`,
	"|", `$|$`, "<", `$<$`, ">", `$>$`, "≥", `$\geq$`, "≤", `$\leq$`, "\u2212", "$-$", "±", `$\pm$`, "×", `$\times$`, "²", `\textsuperscript{2}`, "ᵃ", `\textsuperscript{a}`, "ᵇ", `\textsuperscript{b}`, "ᶜ", `\textsuperscript{c}`, "–", "--", "—", "---", "\u00a0", "~", "\u202f", `\,`,
	`"`, `\symbol{34}`, "--", "-{}-", "''", "'{}'", "``", "`{}`", "?`", "?{}`", "!`", "!{}`")

// longWord is how many characters a word has at least that may be broken at its signs, since a line of a column may end with it.
const longWord = 20

// EscapeTeX writes text so that LaTeX prints it. A long word, such as an id on a hub, may be broken behind its signs.
func EscapeTeX(s string) string {
	words := strings.Split(strings.Map(printed, s), " ")
	for i, word := range words {
		if utf8.RuneCountInString(word) < longWord {
			words[i] = texEscaper.Replace(word)
			continue
		}
		var b strings.Builder
		run := 0
		for part := range partsOf(word) {
			if run += len(part); run > longWord/2 {
				b.WriteString(`\allowbreak{}`)
				run = len(part)
			}
			b.WriteString(texEscaper.Replace(part))
		}
		words[i] = b.String()
	}
	return texTies.Replace(strings.Join(words, " "))
}

// texTies keep together what no line is to part: "n = 3", "95 %".
var texTies = strings.NewReplacer(" = ", "~=~", ` \%`, `~\%`)

// printed makes spaces of what is no sign: ends of lines, tabs, control characters.
func printed(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// partsOf cuts a long word behind its signs, and what is without signs after every ten characters.
func partsOf(word string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		from, n := 0, 0
		for i, r := range word {
			if n == longWord/2 {
				if !yield(word[from:i]) {
					return
				}
				from, n = i, 0
			}
			n++
			if next := i + utf8.RuneLen(r); strings.ContainsRune("/_.:-", r) && next < len(word) && word[next] != byte(r) {
				if !yield(word[from:next]) {
					return
				}
				from, n = next, 0
			}
		}
		yield(word[from:])
	}
}

// NeedsTeX is the first line of a file of LaTeX: what it takes to be compiled, beside packages. pdflatex prints Latin letters and usual signs; other scripts take an engine that
// reads fonts of the system.
func NeedsTeX(text string, packages ...string) string {
	line := "% needs"
	if len(packages) > 0 {
		line += ` \usepackage{` + strings.Join(packages, ",") + "}"
	}
	latin, other := false, ""
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
		case printedByPDFLaTeX(r):
			latin = true
		case !strings.ContainsRune(other, r):
			other += string(r)
		}
	}
	switch {
	case other != "":
		line += fmt.Sprintf(" and xelatex or lualatex, with a font that has %s: pdflatex cannot print it", other)
	case latin:
		line += ` \usepackage[T1]{fontenc}`
	}
	return line + "\n"
}

// printedByPDFLaTeX says whether pdflatex prints a character with T1 fonts and no other package.
func printedByPDFLaTeX(r rune) bool {
	switch {
	case r >= 0xa0 && r <= 0x17e:
		return !strings.ContainsRune("ĦħĸĿŀŉŦŧ", r)
	case r >= 0x218 && r <= 0x21b:
		return true
	}
	return strings.ContainsRune("‐‑‒–—‘’‚“”„†‡•…‰‹›€™←→", r)
}
