package npy

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// magic begins every .npy file.
const magic = "\x93NUMPY"

// maxHeader bounds the header of a file. numpy itself refuses more than 10 000
// characters unless it is told to trust the file.
const maxHeader = 1 << 16

// header is what a file says of its array.
type header struct {
	descr   string // numpy's name of the type, such as "<f4"
	fortran bool
	shape   []int
	size    int // bytes before the data
}

// parseHeader reads the header at the beginning of a file. Offsets in its errors
// are bytes of the file.
func parseHeader(file []byte) (header, error) {
	var h header
	if len(file) < len(magic)+4 {
		return h, fmt.Errorf("the file is cut off: it has %d bytes, fewer than a header", len(file))
	}
	var length, at int
	switch version := file[6]; version {
	case 1:
		length, at = int(file[8])|int(file[9])<<8, 10
	case 2, 3:
		if len(file) < 12 {
			return h, fmt.Errorf("the file is cut off: it has %d bytes, fewer than a header", len(file))
		}
		length, at = int(file[8])|int(file[9])<<8|int(file[10])<<16|int(file[11])<<24, 12
	default:
		return h, fmt.Errorf("the header is of version %d.%d; 1, 2 and 3 can be read", version, file[7])
	}
	if length > maxHeader {
		return h, fmt.Errorf("the header claims to have %d bytes; at most %d can be", length, maxHeader)
	}
	if len(file) < at+length {
		return h, fmt.Errorf("the file is cut off inside its header: %d of %d bytes", len(file), at+length)
	}
	h.size = at + length
	p := &parser{text: file[:h.size], at: at}
	p.dict(&h)
	return h, p.err
}

// parser reads the Python literal of a header:
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (60, 8), }
type parser struct {
	text []byte
	at   int
	err  error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("byte %d of the header: %s", p.at, fmt.Sprintf(format, args...))
	}
}

// take skips space and consumes token if it comes next.
func (p *parser) take(token string) bool {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	if p.err != nil || !bytes.HasPrefix(p.text[p.at:], []byte(token)) {
		return false
	}
	p.at += len(token)
	return true
}

func (p *parser) expect(token string) {
	if !p.take(token) {
		p.fail("expected %q, found %s", token, p.next())
	}
}

// next shows what stands at the current place.
func (p *parser) next() string {
	if p.at >= len(p.text) {
		return "the end"
	}
	return strconv.Quote(string(p.text[p.at:min(p.at+12, len(p.text))]))
}

func (p *parser) dict(h *header) {
	seen := map[string]bool{}
	p.expect("{")
	for p.err == nil && !p.take("}") {
		key := p.str()
		if seen[key] {
			p.fail("the key %q stands twice", key)
		}
		seen[key] = true
		p.expect(":")
		switch key {
		case "descr":
			if p.take("[") {
				p.fail("the array has named fields (a structured type); save one field as float32")
			}
			h.descr = p.str()
		case "fortran_order":
			h.fortran = p.boolean()
		case "shape":
			h.shape = p.tuple()
		default:
			p.fail("unknown key %q", key)
		}
		if !p.take(",") {
			p.expect("}")
			break
		}
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if !seen[key] {
			p.fail("the key %q is missing", key)
		}
	}
	if p.take(""); p.err == nil && p.at != len(p.text) {
		p.fail("expected the end, found %s", p.next())
	}
}

func (p *parser) str() string {
	quote := "'"
	if !p.take(quote) {
		if quote = `"`; !p.take(quote) {
			p.fail("expected a string, found %s", p.next())
			return ""
		}
	}
	end := bytes.IndexByte(p.text[p.at:], quote[0])
	if end < 0 {
		p.fail("a string has no end")
		return ""
	}
	s := string(p.text[p.at : p.at+end])
	p.at += end + 1
	return s
}

func (p *parser) boolean() bool {
	if p.take("True") {
		return true
	}
	if !p.take("False") {
		p.fail("expected True or False, found %s", p.next())
	}
	return false
}

func (p *parser) tuple() []int {
	shape := []int{}
	p.expect("(")
	for p.err == nil && !p.take(")") {
		shape = append(shape, p.integer())
		if !p.take(",") {
			p.expect(")")
			break
		}
	}
	return shape
}

// integer reads a dimension. Python 2 wrote large ones with an L.
func (p *parser) integer() int {
	p.take("")
	end := p.at
	for end < len(p.text) && '0' <= p.text[end] && p.text[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(string(p.text[p.at:end]), 10, 64)
	if err != nil || n > math.MaxInt {
		p.fail("expected a dimension, found %s", p.next())
		return 0
	}
	p.at = end
	p.take("L")
	return int(n)
}
