package audio

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// NIST SPHERE: a text header whose size stands in its second line, then the samples.
//
//	NIST_1A
//	   1024
//	sample_count -i 46797          per channel
//	sample_n_bytes -i 2
//	channel_count -i 1
//	sample_byte_format -s2 01      01 little endian, 10 big endian
//	sample_rate -i 16000
//	sample_coding -s3 pcm          may be absent; ulaw; pcm,embedded-shorten-v2.00
//	end_head
//
// (NIST, Speech Header Resources 2.6, doc/sphere.doc.)

// maxSphereHeader bounds the header. Real ones have 1024 bytes.
const maxSphereHeader = 1 << 16

// newSPHERE reads the header of a SPHERE file.
func newSPHERE(s source) (*pcm, error) {
	head, err := s.read(0, 16)
	if err != nil {
		return nil, err
	}
	if len(head) < 16 {
		return nil, s.errorf(int64(len(head)), "the file ends inside the SPHERE header")
	}
	size, err := strconv.Atoi(strings.TrimSpace(string(head[8:16])))
	if err != nil || size < 16 || size > maxSphereHeader {
		return nil, s.errorf(8, "expected the size of the SPHERE header, 1024 in most files, found %q", head[8:16])
	}
	if head, err = s.read(0, size); err != nil {
		return nil, err
	}
	if len(head) < size {
		return nil, s.errorf(int64(len(head)), "the file ends inside the SPHERE header of %d bytes", size)
	}
	h := sphereHeader{source: s, fields: map[string]string{}}
	if err := h.parse(head); err != nil {
		return nil, err
	}
	return h.layout(int64(size))
}

// sphereHeader is the header's fields by name.
type sphereHeader struct {
	source
	fields map[string]string
}

// parse reads the lines from the third to end_head.
func (h *sphereHeader) parse(head []byte) error {
	at := int64(16)
	for rest := head[16:]; len(rest) > 0; {
		line, tail, _ := bytes.Cut(rest, []byte("\n"))
		text := strings.TrimRight(string(line), "\r ")
		if text == "end_head" {
			return nil
		}
		if text != "" && text[0] != ';' {
			name, value, ok := sphereField(text)
			if !ok {
				return h.errorf(at, "expected a SPHERE header line such as \"sample_rate -i 16000\", found %.40q", text)
			}
			h.fields[name] = value
		}
		at += int64(len(line)) + 1
		rest = tail
	}
	return h.errorf(at, "the SPHERE header has no end_head line")
}

// sphereField splits "name -i 12", "name -r 1.5" or "name -s3 pcm". The number after -s is the length of the string,
// which may hold blanks.
func sphereField(line string) (name, value string, ok bool) {
	name, rest, _ := strings.Cut(line, " ")
	kind, value, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	if len(kind) < 2 || kind[0] != '-' || !strings.Contains("irs", kind[1:2]) {
		return "", "", false
	}
	if n, err := strconv.Atoi(kind[2:]); err == nil && kind[1] == 's' && n >= 0 && n < len(value) {
		value = value[:n]
	}
	return name, strings.TrimSpace(value), true
}

// number is an integer field between two limits.
func (h *sphereHeader) number(name string, low, high int64) (int64, error) {
	text, ok := h.fields[name]
	if !ok {
		return 0, h.errorf(-1, "the SPHERE header has no %s", name)
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < low || v > high {
		return 0, h.errorf(-1, "expected %s from %d to %d in the SPHERE header, found %.40q", name, low, high, text)
	}
	return v, nil
}

// layout finds out where the samples are and how they are coded.
func (h *sphereHeader) layout(offset int64) (*pcm, error) {
	rate, err := h.number("sample_rate", minRate, maxRate)
	if err != nil {
		return nil, err
	}
	channels := int64(1)
	if _, ok := h.fields["channel_count"]; ok {
		if channels, err = h.number("channel_count", 1, maxChannels); err != nil {
			return nil, err
		}
	}
	c, err := h.coding()
	if err != nil {
		return nil, err
	}
	stride, left := channels*int64(c.bytes), h.source.size-offset
	p := &pcm{source: h.source, coding: c, offset: offset,
		header: Info{Format: "sphere", Encoding: c.name, Rate: int(rate), Channels: int(channels), Bits: 8 * c.bytes}}
	if _, ok := h.fields["sample_count"]; !ok {
		p.header.Samples = left / stride
		p.notes = append(p.notes, Finding{Warning, "length", "the SPHERE header has no sample_count; the samples up to the end of the file were taken"})
		return p, nil
	}
	if p.header.Samples, err = h.number("sample_count", 0, 1<<40); err != nil {
		return nil, err
	}
	if need := p.header.Samples * stride; need > left {
		return nil, h.errorf(offset, "the header promises %d samples (%d bytes), the file has %d bytes; it is truncated", p.header.Samples, need, left)
	} else if need < left {
		p.notes = append(p.notes, Finding{Warning, "length", fmt.Sprintf("%d bytes follow the %d samples that the header declares", left-need, p.header.Samples)})
	}
	return p, nil
}

// coding chooses how samples are stored.
func (h *sphereHeader) coding() (coding, error) {
	name, compression, compressed := strings.Cut(h.fields["sample_coding"], ",")
	if compressed {
		tool := "NIST's `w_decode -o pcm`"
		if strings.Contains(compression, "shorten") {
			tool = "`sph2pipe -f wav IN OUT` (or NIST's `w_decode -o pcm`)"
		}
		return coding{}, h.errorf(-1, "the samples are compressed (sample_coding %.40q); expand the file first with %s", h.fields["sample_coding"], tool)
	}
	size, err := h.number("sample_n_bytes", 1, 4)
	if err != nil {
		return coding{}, err
	}
	switch {
	case size == 1 && (name == "" || name == "ulaw" || name == "mu-law"):
		return mulaw, nil
	case size == 1 && (name == "alaw" || name == "a-law"):
		return alaw, nil
	case name != "" && name != "pcm":
		return coding{}, h.errorf(-1, "samples of %d bytes with sample_coding %.40q cannot be read; convert the file with `sph2pipe -f wav IN OUT`", size, name)
	case size == 1:
		return integers(1, false), nil
	}
	// A digit a byte; programs also write the two digits of 16 bits for wider samples.
	const little, big = "0123", "3210"
	switch order := h.fields["sample_byte_format"]; order {
	case little[:size], "01":
		return integers(int(size), false), nil
	case big[4-size:], "10":
		return integers(int(size), true), nil
	default:
		return coding{}, h.errorf(-1, "expected sample_byte_format %s (little endian) or %s (big endian) for samples of %d bytes, found %.40q", little[:size], big[4-size:], size, order)
	}
}
