package textgrid

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The least bytes that an interval and a point take in the text form: 0 0 "" and
// 0 "", with one space after each. They bound what a count may reserve.
const (
	leastTextInterval = 7
	leastTextPoint    = 5
)

// parser reads the text form, long or short. The token to be read is always in
// tok: what it is shows whether a tier goes on.
type parser struct {
	scanner
	labels arena
	budget int // bytes of the file for which no intervals or points were reserved yet

	grid *TextGrid
	item int // interval or point of the last tier that is being read, from 1; 0 outside
}

// readText reads the long or short form from UTF-8 with "\n" line ends.
func readText(text []byte, file string) (*TextGrid, error) {
	p := &parser{
		scanner: scanner{file: file, data: text, line: 1},
		budget:  len(text),
		grid:    &TextGrid{},
	}
	if err := p.read(); err != nil {
		return nil, err
	}
	return p.grid, nil
}

func (p *parser) read() *Error {
	if err := p.header(); err != nil {
		return err
	}
	p.grid.Line = p.tok.line
	var err *Error
	if p.grid.Start, err = p.number("the start of the TextGrid"); err != nil {
		return err
	}
	if p.grid.End, err = p.number("the end of the TextGrid"); err != nil {
		return err
	}
	exist, err := p.exists()
	if err != nil || !exist {
		return err
	}
	at := p.tok
	count, err := p.count("the number of tiers")
	if err != nil {
		return err
	}
	for p.tok.kind == tokenString {
		if err := p.tier(); err != nil {
			return err
		}
	}
	if p.tok.kind != tokenEnd {
		return p.fault(p.tok, "expected a tier or the end of the file, found %s", p.found())
	}
	return p.compare(at, "tiers", count, len(p.grid.Tiers))
}

// header reads the two strings that open every text form.
func (p *parser) header() *Error {
	if !hasHeader(p.data[:min(len(p.data), headerBytes)]) {
		return p.noHeader()
	}
	if err := p.next(); err != nil {
		return err
	}
	if p.tok.kind != tokenString || !bytes.HasPrefix(p.tok.text, []byte(textMagic)) {
		return p.noHeader()
	}
	if err := p.next(); err != nil {
		return err
	}
	if p.tok.kind != tokenString {
		return p.unexpected("the class of the object", "\"TextGrid\"")
	}
	if class := className(p.tok.text); class != "TextGrid" {
		return p.fault(p.tok, "expected an object of class \"TextGrid\", found class %s; save the TextGrid by itself from Praat", quote(class))
	}
	return p.next()
}

func (p *parser) noHeader() *Error {
	first, _, _ := bytes.Cut(p.data, []byte{'\n'})
	what := StandIn(p.data)
	switch {
	case what != "":
		return errorAt(p.file, p.data, 0, "expected a Praat TextGrid, found %s", what)
	case len(p.data) == 0:
		return errorAt(p.file, p.data, 0, "the file is empty; expected a Praat TextGrid")
	case bytes.Contains(first, []byte("Praat chronological TextGrid")):
		return errorAt(p.file, p.data, 0, "found Praat's chronological form; open the file in Praat and choose Save as text file")
	}
	return errorAt(p.file, p.data, 0, "expected a Praat TextGrid, which begins with File type = \"ooTextFile\" (text) or ooBinaryFile (binary); found %s", quote(first))
}

// className leaves out the version that Praat may write after a class.
func className(text []byte) string {
	name, version, found := strings.Cut(string(text), " ")
	if !found {
		return name
	}
	if _, err := strconv.ParseUint(version, 10, 16); err != nil {
		return string(text)
	}
	return name
}

// exists reads the flag before the tiers.
func (p *parser) exists() (bool, *Error) {
	if p.tok.kind != tokenFlag {
		return false, p.unexpected("the flag of the tiers", "<exists> or <absent>")
	}
	switch string(p.tok.text) {
	case "exists":
		return true, p.next()
	case "absent":
		return false, nil
	}
	return false, p.fault(p.tok, "expected the flag <exists> or <absent>, found %s", p.found())
}

func (p *parser) tier() *Error {
	p.grid.Tiers = append(p.grid.Tiers, Tier{Line: p.tok.line})
	t := &p.grid.Tiers[len(p.grid.Tiers)-1]
	switch class := className(p.tok.text); class {
	case "IntervalTier":
		t.Kind = IntervalTier
	case "TextTier":
		t.Kind = TextTier
	default:
		return p.fault(p.tok, "expected the class of tier %d, \"IntervalTier\" or \"TextTier\"; found %s", len(p.grid.Tiers), quote(class))
	}
	err := p.next()
	if err != nil {
		return err
	}
	if t.Name, err = p.label("the name"); err != nil {
		return err
	}
	if t.Start, err = p.number("the start"); err != nil {
		return err
	}
	if t.End, err = p.number("the end"); err != nil {
		return err
	}
	at := p.tok
	if t.Kind == TextTier {
		count, err := p.count("the number of points")
		if err != nil {
			return err
		}
		if err := p.points(t, count); err != nil {
			return err
		}
		return p.compare(at, "points", count, len(t.Points))
	}
	count, err := p.count("the number of intervals")
	if err != nil {
		return err
	}
	if err := p.intervals(t, count); err != nil {
		return err
	}
	return p.compare(at, "intervals", count, len(t.Intervals))
}

// intervals reads as long as numbers follow: the class of the next tier is a
// string, so that the end of a tier shows whatever its count says.
func (p *parser) intervals(t *Tier, count float64) *Error {
	if n := p.reserve(count, leastTextInterval); n > 0 {
		t.Intervals = make([]Interval, 0, n)
	}
	for p.tok.kind == tokenNumber {
		p.item++
		v := Interval{Line: p.tok.line}
		var err *Error
		if v.Start, err = p.number("the start"); err != nil {
			return err
		}
		if v.End, err = p.number("the end"); err != nil {
			return err
		}
		if v.Label, err = p.label("the label"); err != nil {
			return err
		}
		t.Intervals = append(t.Intervals, v)
	}
	p.item = 0
	return nil
}

func (p *parser) points(t *Tier, count float64) *Error {
	if n := p.reserve(count, leastTextPoint); n > 0 {
		t.Points = make([]Point, 0, n)
	}
	for p.tok.kind == tokenNumber {
		p.item++
		v := Point{Line: p.tok.line}
		var err *Error
		if v.Time, err = p.number("the time"); err != nil {
			return err
		}
		if v.Label, err = p.label("the label"); err != nil {
			return err
		}
		t.Points = append(t.Points, v)
	}
	p.item = 0
	return nil
}

// reserve says how many items to make room for: what was declared, but never
// more than the unread file could hold, nor, over all tiers, than the whole file
// could.
func (p *parser) reserve(count float64, least int) int {
	room := min(p.budget, len(p.data)-p.pos) / least
	n := int(min(count, float64(room)))
	p.budget -= n * least
	return n
}

// compare refuses a file that holds less than it declares, and notes one that
// holds more.
func (p *parser) compare(at token, items string, declared float64, found int) *Error {
	if declared == float64(found) {
		return nil
	}
	whole := "the TextGrid"
	if items != "tiers" {
		whole = p.place()
	}
	if declared > float64(found) {
		return p.fault(at, "%s declares %.0f %s, but %d follow; the file is cut short, or the number should be %d", whole, declared, items, found, found)
	}
	p.grid.Warnings = append(p.grid.Warnings, *p.fault(at, "%s declares %.0f %s, but %d follow; all were read", whole, declared, items, found))
	return nil
}

// number reads a number and goes on; what is for messages.
func (p *parser) number(what string) (float64, *Error) {
	if p.tok.kind != tokenNumber {
		return 0, p.unexpected(what, "a number")
	}
	v, ok := parseNumber(p.tok.text)
	if !ok {
		return 0, p.unexpected(what, "a number")
	}
	return v, p.next()
}

// parseNumber reads a number as Praat does: 0.5, 5e-1, the fraction 1/2, 50%.
func parseNumber(text []byte) (float64, bool) {
	if above, below, found := bytes.Cut(text, []byte{'/'}); found {
		a, ok1 := parsePercent(above)
		b, ok2 := parsePercent(below)
		v := a / b
		return v, ok1 && ok2 && b != 0 && !math.IsInf(v, 0)
	}
	return parsePercent(text)
}

func parsePercent(text []byte) (float64, bool) {
	number, found := bytes.CutSuffix(text, []byte{'%'})
	for _, c := range number {
		// strconv knows more numbers than Praat: hexadecimal, Inf, NaN, 1_000.
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(string(number), 64)
	if found {
		v /= 100
	}
	return v, err == nil
}

// count reads a whole number that is not negative. It stays a float64, which no
// file can overflow.
func (p *parser) count(what string) (float64, *Error) {
	at := p.tok
	v, err := p.number(what)
	if err != nil {
		return 0, err
	}
	if v < 0 || v != math.Trunc(v) {
		return 0, p.fault(at, "expected %s%s, a whole number that is not negative; found %s", what, p.of(), quote(at.text))
	}
	return v, nil
}

// label reads a string and goes on.
func (p *parser) label(what string) (string, *Error) {
	if p.tok.kind != tokenString {
		return "", p.unexpected(what, "a string in quotes")
	}
	text := p.tok.text
	if p.tok.doubled {
		text = bytes.ReplaceAll(text, []byte(`""`), []byte(`"`))
	}
	label := p.labels.add(text)
	return label, p.next()
}

// place names the tier, and the interval or point in it, that is being read.
func (p *parser) place() string {
	n := len(p.grid.Tiers)
	if n == 0 {
		return ""
	}
	t := &p.grid.Tiers[n-1]
	place := fmt.Sprintf("tier %d", n)
	if t.Name != "" {
		place += " " + quote(t.Name)
	}
	switch {
	case p.item > 0 && t.Kind == TextTier:
		return fmt.Sprintf("point %d of %s", p.item, place)
	case p.item > 0:
		return fmt.Sprintf("interval %d of %s", p.item, place)
	}
	return place
}

func (p *parser) of() string {
	if place := p.place(); place != "" {
		return " of " + place
	}
	return ""
}

// unexpected says what was expected where the current token stands, and of what
// form.
func (p *parser) unexpected(what, form string) *Error {
	if p.tok.kind == tokenEnd {
		return p.fault(p.tok, "expected %s%s, %s; found the end of the file, which is cut short", what, p.of(), form)
	}
	return p.fault(p.tok, "expected %s%s, %s; found %s; look for a missing or an extra line above", what, p.of(), form, p.found())
}

// found shows the current token.
func (p *parser) found() string {
	switch p.tok.kind {
	case tokenString:
		return "the string " + quote(p.tok.text)
	case tokenFlag:
		return "the flag " + quote("<"+string(p.tok.text)+">")
	}
	return quote(p.tok.text)
}

func (p *parser) fault(at token, format string, args ...any) *Error {
	return errorAt(p.file, p.data, at.pos, format, args...)
}

// arena keeps the labels of a file together in few allocations, and apart from
// the bytes of the file, which would else live as long as any label does.
type arena struct {
	b strings.Builder
}

func (a *arena) add(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	if a.b.Cap()-a.b.Len() < len(text) {
		// A new builder, not a grown one: the strings made so far keep the old.
		size := min(max(2*a.b.Cap(), 256), 1<<16)
		a.b = strings.Builder{}
		a.b.Grow(max(size, len(text)))
	}
	start := a.b.Len()
	a.b.Write(text)
	return a.b.String()[start:]
}
