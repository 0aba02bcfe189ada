package onnxproto

import "fmt"

// Error says where a file stops being a protobuf message of ONNX's kind.
type Error struct {
	Offset int // byte in the file
	Msg    string
}

func (e *Error) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Msg) }

// Wire types of the protobuf encoding.
const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wire32     = 5
)

// field is one field of a message: where its tag stands, its number, and its
// value as a number (varint, 32 and 64 bits) or as a range of the file.
type field struct {
	tag        int // offset of the tag
	number     int
	wire       int
	value      uint64
	start, end int // of the payload, for wireBytes
}

// cursor iterates over the fields of one message, which lies in data[pos:end].
type cursor struct {
	data     []byte
	pos, end int
	err      *Error
}

func (c *cursor) fail(at int, format string, args ...any) bool {
	c.err = &Error{Offset: at, Msg: fmt.Sprintf(format, args...)}
	return false
}

func (c *cursor) varint() (uint64, bool) {
	start := c.pos
	var v uint64
	for shift := 0; shift < 70; shift += 7 {
		if c.pos >= c.end {
			return 0, c.fail(start, "the file ends inside a number")
		}
		b := c.data[c.pos]
		c.pos++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, true
		}
	}
	return 0, c.fail(start, "a number has more than ten bytes")
}

// next reads one field into f and reports whether there was one. After the
// last field, and after an error, it returns false.
func (c *cursor) next(f *field) bool {
	if c.err != nil || c.pos >= c.end {
		return false
	}
	*f = field{tag: c.pos}
	tag, ok := c.varint()
	if !ok {
		return false
	}
	f.number, f.wire = int(tag>>3), int(tag&7)
	if f.number == 0 || tag>>3 > 1<<29 {
		return c.fail(f.tag, "field number %d does not exist in protobuf", tag>>3)
	}
	switch f.wire {
	case wireVarint:
		f.value, ok = c.varint()
		return ok
	case wire64:
		return c.fixed(f, 8)
	case wire32:
		return c.fixed(f, 4)
	case wireBytes:
		n, ok := c.varint()
		if !ok {
			return false
		}
		if n > uint64(c.end-c.pos) {
			return c.fail(f.tag, "field %d is %d bytes long, but only %d are left: the file is truncated or not ONNX",
				f.number, n, c.end-c.pos)
		}
		f.start, f.end = c.pos, c.pos+int(n)
		c.pos = f.end
		return true
	}
	return c.fail(f.tag, "wire type %d does not occur in ONNX", f.wire)
}

func (c *cursor) fixed(f *field, n int) bool {
	if c.end-c.pos < n {
		return c.fail(f.tag, "the file ends inside field %d", f.number)
	}
	for i := n - 1; i >= 0; i-- {
		f.value = f.value<<8 | uint64(c.data[c.pos+i])
	}
	c.pos += n
	return true
}

// message returns a cursor over the payload of f.
func (c *cursor) message(f *field) cursor {
	if f.wire != wireBytes {
		return cursor{err: &Error{f.tag, fmt.Sprintf("field %d should hold a message, but has wire type %d", f.number, f.wire)}}
	}
	return cursor{data: c.data, pos: f.start, end: f.end}
}

// text copies the payload of f; a field that is no string gives "".
func (c *cursor) text(f *field) string {
	if f.wire != wireBytes {
		return ""
	}
	return string(c.data[f.start:f.end])
}

// ints appends the integers of f, packed or single.
func (c *cursor) ints(f *field, to []int64) []int64 {
	if f.wire != wireBytes {
		return append(to, int64(f.value))
	}
	in := c.message(f)
	for in.pos < in.end {
		v, ok := in.varint()
		if !ok {
			c.err = in.err
			return to
		}
		to = append(to, int64(v))
	}
	return to
}
