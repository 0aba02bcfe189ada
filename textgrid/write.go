package textgrid

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Format is one of the forms in which Praat saves a TextGrid.
type Format int

const (
	Long   Format = iota // "Save as text file": one named value a line
	Short                // "Save as short text file": one value a line
	Binary               // "Save as binary file"
)

// longestBinary is the number of characters of the longest string of the binary
// form: its length has 16 bits, of which one value is wideMark.
const longestBinary = wideMark - 1

// Write writes the TextGrid so that Read gives the same times, bit for bit, and
// the same labels. The text forms are UTF-8 without byte order mark; they are
// the files that Praat itself saves in UTF-8, but for the digits of very small and
// very large times. Line ends in labels become "\n".
//
// It refuses what a file cannot hold: times that are not finite, labels that are
// not UTF-8 or have a NUL, labels of more than 65534 characters in the binary
// form, a tier with both intervals and points. It does not mend: gaps and overlaps
// are written as they are (Check finds them).
func (t *TextGrid) Write(w io.Writer, f Format) error {
	if err := t.writable(f); err != nil {
		return err
	}
	var file []byte
	switch f {
	case Long:
		file = t.appendLong(nil)
	case Short:
		file = t.appendShort(nil)
	case Binary:
		file = t.appendBinary(nil)
	default:
		return fmt.Errorf("textgrid: unknown format %d; use Long, Short or Binary", int(f))
	}
	_, err := w.Write(file)
	return err
}

// writable finds what no file, or no file of that form, can hold.
func (t *TextGrid) writable(f Format) error {
	if !finite(t.Start, t.End) {
		return fmt.Errorf("textgrid: the TextGrid from %v to %v s: times must be finite", t.Start, t.End)
	}
	for i := range t.Tiers {
		tier := &t.Tiers[i]
		place := fmt.Sprintf("tier %d %s", i+1, quote(tier.Name))
		if err := writableText(tier.Name, f); err != nil {
			return fmt.Errorf("textgrid: name of %s: %w", place, err)
		}
		switch {
		case tier.Kind != IntervalTier && tier.Kind != TextTier:
			return fmt.Errorf("textgrid: %s: unknown kind %d; use IntervalTier or TextTier", place, int(tier.Kind))
		case tier.Kind == IntervalTier && len(tier.Points) > 0:
			return fmt.Errorf("textgrid: %s is an IntervalTier, but has points", place)
		case tier.Kind == TextTier && len(tier.Intervals) > 0:
			return fmt.Errorf("textgrid: %s is a TextTier, but has intervals", place)
		case !finite(tier.Start, tier.End):
			return fmt.Errorf("textgrid: %s from %v to %v s: times must be finite", place, tier.Start, tier.End)
		}
		for k, v := range tier.Intervals {
			if !finite(v.Start, v.End) {
				return fmt.Errorf("textgrid: interval %d of %s from %v to %v s: times must be finite", k+1, place, v.Start, v.End)
			}
			if err := writableText(v.Label, f); err != nil {
				return fmt.Errorf("textgrid: label of interval %d of %s: %w", k+1, place, err)
			}
		}
		for k, v := range tier.Points {
			if !finite(v.Time, v.Time) {
				return fmt.Errorf("textgrid: point %d of %s at %v s: times must be finite", k+1, place, v.Time)
			}
			if err := writableText(v.Label, f); err != nil {
				return fmt.Errorf("textgrid: label of point %d of %s: %w", k+1, place, err)
			}
		}
	}
	return nil
}

func finite(a, b float64) bool {
	return !math.IsNaN(a) && !math.IsInf(a, 0) && !math.IsNaN(b) && !math.IsInf(b, 0)
}

func writableText(s string, f Format) error {
	switch {
	case !utf8.ValidString(s):
		return fmt.Errorf("%s is not UTF-8", quote(s))
	case strings.IndexByte(s, 0) >= 0:
		return fmt.Errorf("%s has a NUL character, which Praat cannot read", quote(s))
	case f == Binary && len(s) > longestBinary && utf8.RuneCountInString(s) > longestBinary:
		return fmt.Errorf("%s has %d characters, the binary form holds at most %d; use a text form", quote(s), utf8.RuneCountInString(s), longestBinary)
	}
	return nil
}

func (t *TextGrid) appendLong(b []byte) []byte {
	b = append(b, "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n"...)
	b = appendTime(b, "xmin = ", t.Start, " \n")
	b = appendTime(b, "xmax = ", t.End, " \n")
	b = append(b, "tiers? <exists> \n"...)
	b = appendCount(b, "size = ", len(t.Tiers), " \nitem []: \n")
	for i := range t.Tiers {
		tier := &t.Tiers[i]
		b = appendCount(b, "    item [", i+1, "]:\n")
		b = append(b, "        class = \""+tier.Kind.String()+"\" \n"...)
		b = appendText(b, "        name = ", tier.Name, " \n")
		b = appendTime(b, "        xmin = ", tier.Start, " \n")
		b = appendTime(b, "        xmax = ", tier.End, " \n")
		if tier.Kind == TextTier {
			b = appendCount(b, "        points: size = ", len(tier.Points), " \n")
		} else {
			b = appendCount(b, "        intervals: size = ", len(tier.Intervals), " \n")
		}
		for k, v := range tier.Intervals {
			b = appendCount(b, "        intervals [", k+1, "]:\n")
			b = appendTime(b, "            xmin = ", v.Start, " \n")
			b = appendTime(b, "            xmax = ", v.End, " \n")
			b = appendText(b, "            text = ", v.Label, " \n")
		}
		for k, v := range tier.Points {
			b = appendCount(b, "        points [", k+1, "]:\n")
			b = appendTime(b, "            number = ", v.Time, " \n")
			b = appendText(b, "            mark = ", v.Label, " \n")
		}
	}
	return b
}

func (t *TextGrid) appendShort(b []byte) []byte {
	b = append(b, "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n"...)
	b = appendTime(b, "", t.Start, "\n")
	b = appendTime(b, "", t.End, "\n")
	b = append(b, "<exists>\n"...)
	b = appendCount(b, "", len(t.Tiers), "\n")
	for i := range t.Tiers {
		tier := &t.Tiers[i]
		b = append(b, "\""+tier.Kind.String()+"\"\n"...)
		b = appendText(b, "", tier.Name, "\n")
		b = appendTime(b, "", tier.Start, "\n")
		b = appendTime(b, "", tier.End, "\n")
		b = appendCount(b, "", len(tier.Intervals)+len(tier.Points), "\n")
		for _, v := range tier.Intervals {
			b = appendTime(b, "", v.Start, "\n")
			b = appendTime(b, "", v.End, "\n")
			b = appendText(b, "", v.Label, "\n")
		}
		for _, v := range tier.Points {
			b = appendTime(b, "", v.Time, "\n")
			b = appendText(b, "", v.Label, "\n")
		}
	}
	return b
}

func appendCount(b []byte, before string, n int, after string) []byte {
	b = append(b, before...)
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, after...)
}

// longestNumber is the most characters that Praat reads as one number.
const longestNumber = 39

// appendTime writes the shortest decimal that is read back as the same float64.
// It has no exponent unless the number would be too long for Praat: praatio knows
// no exponents.
func appendTime(b []byte, before string, v float64, after string) []byte {
	b = append(b, before...)
	start := len(b)
	b = strconv.AppendFloat(b, v, 'f', -1, 64)
	if len(b)-start > longestNumber {
		b = strconv.AppendFloat(b[:start], v, 'e', -1, 64)
	}
	return append(b, after...)
}

func appendText(b []byte, before, text, after string) []byte {
	b = append(b, before...)
	b = append(b, '"')
	for {
		i := strings.IndexAny(text, "\"\r")
		if i < 0 {
			break
		}
		b = append(b, text[:i]...)
		if text[i] == '"' {
			b = append(b, `""`...)
		} else {
			b = append(b, '\n')
			if strings.HasPrefix(text[i+1:], "\n") {
				i++
			}
		}
		text = text[i+1:]
	}
	b = append(b, text...)
	b = append(b, '"')
	return append(b, after...)
}

func (t *TextGrid) appendBinary(b []byte) []byte {
	b = append(b, binaryMagic...)
	b = appendClass(b, "TextGrid")
	b = appendBinaryTime(b, t.Start)
	b = appendBinaryTime(b, t.End)
	b = append(b, 1) // <exists>
	b = binary.BigEndian.AppendUint32(b, uint32(len(t.Tiers)))
	for i := range t.Tiers {
		tier := &t.Tiers[i]
		b = appendClass(b, tier.Kind.String())
		b = appendBinaryText(b, tier.Name)
		b = appendBinaryTime(b, tier.Start)
		b = appendBinaryTime(b, tier.End)
		b = binary.BigEndian.AppendUint32(b, uint32(len(tier.Intervals)+len(tier.Points)))
		for _, v := range tier.Intervals {
			b = appendBinaryTime(b, v.Start)
			b = appendBinaryTime(b, v.End)
			b = appendBinaryText(b, v.Label)
		}
		for _, v := range tier.Points {
			b = appendBinaryTime(b, v.Time)
			b = appendBinaryText(b, v.Label)
		}
	}
	return b
}

func appendClass(b []byte, class string) []byte {
	b = append(b, byte(len(class)))
	return append(b, class...)
}

func appendBinaryTime(b []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(b, math.Float64bits(v))
}

func appendBinaryText(b []byte, text string) []byte {
	if strings.IndexByte(text, '\r') >= 0 {
		text = string(unixLines([]byte(text)))
	}
	if isASCII(text) {
		b = binary.BigEndian.AppendUint16(b, uint16(len(text)))
		return append(b, text...)
	}
	b = binary.BigEndian.AppendUint16(b, wideMark)
	b = binary.BigEndian.AppendUint16(b, uint16(utf8.RuneCountInString(text)))
	for _, r := range text {
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			b = binary.BigEndian.AppendUint16(b, uint16(high))
			b = binary.BigEndian.AppendUint16(b, uint16(low))
			continue
		}
		b = binary.BigEndian.AppendUint16(b, uint16(r))
	}
	return b
}

// normalLines is unixLines for bytes that must stay as they are.
func normalLines(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return unixLines(bytes.Clone(text))
}
