package textgrid

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// The least bytes of an interval (two times, an empty string) and of a point (a
// time, an empty string) in the binary form.
const (
	leastBinaryInterval = 18
	leastBinaryPoint    = 10
)

// wideMark stands where the length of a string would, before the length of a
// string in UTF-16.
const wideMark = 0xFFFF

// binaryReader reads the binary form: big-endian throughout; strings are one
// byte a character when all of it is ASCII, else UTF-16. The first fault stays,
// and everything read after it is zero.
type binaryReader struct {
	file   string
	data   []byte
	pos    int
	labels arena
	fault  *Error
}

// readBinary reads the binary form, which begins with binaryMagic.
func readBinary(data []byte, file string) (*TextGrid, error) {
	r := &binaryReader{file: file, data: data, pos: len(binaryMagic)}
	grid := r.grid()
	if r.fault != nil {
		return nil, r.fault
	}
	return grid, nil
}

func (r *binaryReader) grid() *TextGrid {
	if class := r.class(); r.fault == nil && class != "TextGrid" {
		r.fail(len(binaryMagic), "expected an object of class \"TextGrid\", found class %s; save the TextGrid by itself from Praat", quote(class))
	}
	grid := &TextGrid{Start: r.time("the start of the TextGrid"), End: r.time("the end of the TextGrid")}
	if !r.exists() {
		return grid
	}
	const leastTier = 1 + 2 + 16 + 4 // its class cannot be empty, but that shows later
	count := r.count("tiers of the TextGrid", leastTier)
	for i := 0; i < count && r.fault == nil; i++ {
		grid.Tiers = append(grid.Tiers, r.tier(i+1))
	}
	if left := len(r.data) - r.pos; left > 0 && r.fault == nil {
		grid.Warnings = []Error{{File: r.file, Msg: fmt.Sprintf("byte %d: %d bytes follow the last tier; they were not read", r.pos, left)}}
	}
	return grid
}

func (r *binaryReader) tier(number int) Tier {
	var t Tier
	at := r.pos
	switch class := r.class(); class {
	case "IntervalTier":
		t.Kind = IntervalTier
	case "TextTier":
		t.Kind = TextTier
	default:
		r.fail(at, "expected the class of tier %d, \"IntervalTier\" or \"TextTier\"; found %s", number, quote(class))
		return t
	}
	t.Name = r.text("the name of a tier")
	t.Start = r.time("the start of a tier")
	t.End = r.time("the end of a tier")
	if t.Kind == TextTier {
		count := r.count("points of tier "+quote(t.Name), leastBinaryPoint)
		if count > 0 {
			t.Points = make([]Point, 0, count)
		}
		for i := 0; i < count && r.fault == nil; i++ {
			t.Points = append(t.Points, Point{Time: r.time("the time of a point"), Label: r.text("the label of a point")})
		}
		return t
	}
	count := r.count("intervals of tier "+quote(t.Name), leastBinaryInterval)
	if count > 0 {
		t.Intervals = make([]Interval, 0, count)
	}
	for i := 0; i < count && r.fault == nil; i++ {
		t.Intervals = append(t.Intervals, Interval{
			Start: r.time("the start of an interval"),
			End:   r.time("the end of an interval"),
			Label: r.text("the label of an interval"),
		})
	}
	return t
}

// fail keeps the first fault.
func (r *binaryReader) fail(pos int, format string, args ...any) {
	if r.fault == nil {
		r.fault = &Error{File: r.file, Msg: fmt.Sprintf("byte %d: ", pos) + fmt.Sprintf(format, args...)}
	}
}

// take returns the next n bytes, or nil after a fault.
func (r *binaryReader) take(n int, what string) []byte {
	if r.fault != nil {
		return nil
	}
	if left := len(r.data) - r.pos; n > left {
		r.fail(r.pos, "expected %s, %d bytes; %d are left; the file is cut short or damaged", what, n, left)
		return nil
	}
	r.pos += n
	return r.data[r.pos-n : r.pos]
}

func (r *binaryReader) time(what string) float64 {
	at := r.pos
	b := r.take(8, what)
	if b == nil {
		return 0
	}
	v := math.Float64frombits(binary.BigEndian.Uint64(b))
	if math.IsNaN(v) || math.IsInf(v, 0) {
		r.fail(at, "expected %s, a number; found %v; the file is damaged", what, v)
		return 0
	}
	return v
}

// exists reads the flag before the tiers.
func (r *binaryReader) exists() bool {
	at := r.pos
	b := r.take(1, "the flag of the tiers")
	if b == nil {
		return false
	}
	if b[0] > 1 {
		r.fail(at, "expected the flag of the tiers, 0 or 1; found %d; the file is damaged", b[0])
	}
	return b[0] == 1
}

// count reads how many items follow. At least so many bytes must be left as they
// take, so that a count can reserve no more than the file holds.
func (r *binaryReader) count(what string, least int) int {
	at := r.pos
	b := r.take(4, "the number of "+what)
	if b == nil {
		return 0
	}
	n := int(int32(binary.BigEndian.Uint32(b)))
	if left := len(r.data) - r.pos; n < 0 || n > left/least {
		r.fail(at, "found %d as the number of %s, but the %d bytes that are left hold at most %d; the file is cut short or damaged", n, what, left, left/least)
		return 0
	}
	return n
}

// class reads the name of a class, which has a length of one byte.
func (r *binaryReader) class() string {
	b := r.take(1, "the name of a class")
	if b == nil {
		return ""
	}
	return className(r.take(int(b[0]), "the name of a class"))
}

// text reads a label or a name.
func (r *binaryReader) text(what string) string {
	at := r.pos
	length := r.length(what)
	var text []byte
	if length != wideMark {
		b := r.take(length, what)
		text = b
		if !isASCII(b) {
			// Old versions of Praat wrote the characters of Latin-1 so.
			text = make([]byte, 0, 2*len(b))
			for _, c := range b {
				text = utf8.AppendRune(text, rune(c))
			}
		}
	} else {
		text = r.wide(r.length(what), what)
	}
	for _, c := range text {
		if c == 0 {
			r.fail(at, "found a NUL character in %s; the file is damaged", what)
			return ""
		}
	}
	return r.labels.add(normalLines(text))
}

func (r *binaryReader) length(what string) int {
	b := r.take(2, what)
	if b == nil {
		return 0
	}
	return int(binary.BigEndian.Uint16(b))
}

// wide reads n characters of UTF-16; a surrogate pair is one character.
func (r *binaryReader) wide(n int, what string) []byte {
	var text []byte
	for ; n > 0 && r.fault == nil; n-- {
		at := r.pos
		b := r.take(2, what)
		if b == nil {
			return nil
		}
		c := rune(binary.BigEndian.Uint16(b))
		if utf16.IsSurrogate(c) {
			low := r.take(2, what)
			if low == nil {
				return nil
			}
			pair := utf16.DecodeRune(c, rune(binary.BigEndian.Uint16(low)))
			if pair == utf8.RuneError {
				r.fail(at, "UTF-16 unit 0x%04X in %s is half of a surrogate pair without the other half; the file is damaged", c, what)
				return nil
			}
			c = pair
		}
		text = utf8.AppendRune(text, c)
	}
	return text
}

func isASCII[T string | []byte](text T) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
