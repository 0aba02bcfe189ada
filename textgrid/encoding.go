package textgrid

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// decode makes UTF-8 with "\n" line ends of the bytes of a text file. It may
// reuse data. What is neither UTF-8 nor UTF-16 is a fault: to guess among
// Latin-1, Mac Roman and the rest would quietly change labels.
func decode(data []byte, file string) ([]byte, *Error) {
	if text, ok := bytes.CutPrefix(data, []byte("\xEF\xBB\xBF")); ok {
		data = text
	} else if order := UTF16Order(data); order != nil {
		text, err := DecodeUTF16(data, order)
		if err != nil {
			text = unixLines(text)
			return nil, errorAt(file, text, len(text), "%v", err)
		}
		data = text
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

// UTF16Order is the order of the bytes of text that begins as UTF-16 does, by its byte order mark or by the zero byte of a letter; nil for other text.
func UTF16Order(data []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(data, []byte("\xFF\xFE")), len(data) >= 2 && data[0] != 0 && data[1] == 0:
		return binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xFE\xFF")), len(data) >= 2 && data[0] == 0 && data[1] != 0:
		return binary.BigEndian
	}
	return nil
}

// DecodeUTF16 makes UTF-8 of UTF-16, without the byte order mark. Of damaged text it returns what is before the damage. At most 3 bytes
// come of every 2.
func DecodeUTF16(data []byte, order binary.ByteOrder) ([]byte, error) {
	if len(data) >= 2 && order.Uint16(data) == 0xFEFF {
		data = data[2:]
	}
	text := make([]byte, 0, len(data)/2+len(data)/8)
	for i := 0; i < len(data); i += 2 {
		if i+1 == len(data) {
			return text, errors.New("UTF-16 text ends with half a character; the file is cut short or damaged")
		}
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if i+3 < len(data) {
				low = rune(order.Uint16(data[i+2:]))
			}
			pair := utf16.DecodeRune(r, low)
			if pair == utf8.RuneError {
				return text, fmt.Errorf("UTF-16 unit 0x%04X is half of a surrogate pair without the other half; the file is damaged", r)
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
