package textgrid

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// decode makes UTF-8 with "\n" line ends of the bytes of a text file. It may
// reuse data. What is neither UTF-8 nor UTF-16 is a fault: to guess among
// Latin-1, Mac Roman and the rest would quietly change labels.
func decode(data []byte, file string) ([]byte, *Error) {
	var fault *Error
	switch {
	case bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xFF\xFE")):
		data, fault = decodeUTF16(data[2:], binary.LittleEndian, file)
	case bytes.HasPrefix(data, []byte("\xFE\xFF")):
		data, fault = decodeUTF16(data[2:], binary.BigEndian, file)
	case len(data) >= 2 && data[0] != 0 && data[1] == 0:
		data, fault = decodeUTF16(data, binary.LittleEndian, file)
	case len(data) >= 2 && data[0] == 0 && data[1] != 0:
		data, fault = decodeUTF16(data, binary.BigEndian, file)
	}
	if fault != nil {
		return nil, fault
	}
	data = unixLines(data)
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, errorAt(file, data, i, "found a NUL byte in a text file; the file is damaged")
	}
	if i := invalidUTF8(data); i >= 0 {
		return nil, errorAt(file, data, i, "byte 0x%02X is not UTF-8; open the file in Praat and save it as UTF-8, or convert it with iconv", data[i])
	}
	return data, nil
}

// decodeUTF16 makes UTF-8 of UTF-16. At most 3 bytes come of every 2.
func decodeUTF16(data []byte, order binary.ByteOrder, file string) ([]byte, *Error) {
	text := make([]byte, 0, len(data)/2+len(data)/8)
	for i := 0; i < len(data); i += 2 {
		if i+1 == len(data) {
			return nil, errorAt(file, unixLines(text), len(text), "UTF-16 text ends with half a character; the file is cut short or damaged")
		}
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if i+3 < len(data) {
				low = rune(order.Uint16(data[i+2:]))
			}
			pair := utf16.DecodeRune(r, low)
			if pair == utf8.RuneError {
				text = unixLines(text)
				return nil, errorAt(file, text, len(text), "UTF-16 unit 0x%04X is half of a surrogate pair without the other half; the file is damaged", r)
			}
			r = pair
			i += 2
		}
		text = utf8.AppendRune(text, r)
	}
	return text, nil
}

// unixLines turns CRLF and CR into LF, in place.
func unixLines(text []byte) []byte {
	i := bytes.IndexByte(text, '\r')
	if i < 0 {
		return text
	}
	out := text[:i]
	for ; i < len(text); i++ {
		c := text[i]
		if c == '\r' {
			if i+1 < len(text) && text[i+1] == '\n' {
				continue
			}
			c = '\n'
		}
		out = append(out, c)
	}
	return out
}

// invalidUTF8 gives the place of the first byte that is not UTF-8, or -1.
func invalidUTF8(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
