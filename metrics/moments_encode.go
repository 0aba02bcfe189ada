package metrics

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// The file: the magic, the version, the header, its checksum; then the numbers,
// little-endian float64, and their checksum. Checksums are CRC-32C.
const (
	momentsMagic   = "speechsim moments"
	momentsVersion = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header flags.
const (
	flagFloat64 = 1 << iota
	flagNorms
	flagCrossOnly
)

// WriteTo writes the moments, so that parts which were computed elsewhere can
// be read back and merged. It implements io.WriterTo.
func (m *Moments) WriteTo(w io.Writer) (int64, error) {
	if m.broken != nil {
		return 0, m.broken
	}
	out := &counter{w: bufio.NewWriterSize(w, 1<<16)}
	header := m.header()
	out.write([]byte(momentsMagic))
	out.write(binary.LittleEndian.AppendUint32(nil, momentsVersion))
	out.write(binary.LittleEndian.AppendUint32(nil, uint32(len(header))))
	out.write(header)
	out.write(binary.LittleEndian.AppendUint32(nil, crc32.Checksum(header, castagnoli)))
	var sum uint32
	buffer := make([]byte, 0, 1<<16)
	for _, numbers := range m.numbers() {
		for len(numbers) > 0 {
			part := numbers[:min(len(numbers), cap(buffer)/8)]
			buffer = buffer[:0]
			for _, v := range part {
				buffer = binary.LittleEndian.AppendUint64(buffer, math.Float64bits(v))
			}
			sum = crc32.Update(sum, castagnoli, buffer)
			out.write(buffer)
			numbers = numbers[len(part):]
		}
	}
	out.write(binary.LittleEndian.AppendUint32(nil, sum))
	if out.err == nil {
		out.err = out.w.Flush()
	}
	return out.n, out.err
}

// numbers lists the state in the order of the file.
func (m *Moments) numbers() [][]float64 {
	return append([][]float64{m.centre, m.sum, m.square, m.noise}, m.cross...)
}

func (m *Moments) header() []byte {
	var flags uint32
	if m.float64 {
		flags |= flagFloat64
	}
	if m.norms {
		flags |= flagNorms
	}
	if m.layout.cross {
		flags |= flagCrossOnly
	}
	h := binary.LittleEndian.AppendUint32(nil, flags)
	h = binary.LittleEndian.AppendUint64(h, uint64(m.n))
	h = binary.LittleEndian.AppendUint32(h, uint32(len(m.dims)))
	for _, d := range m.dims {
		h = binary.LittleEndian.AppendUint32(h, uint32(d))
	}
	h = binary.LittleEndian.AppendUint32(h, uint32(len(m.pairs)))
	for _, p := range m.pairs {
		h = binary.LittleEndian.AppendUint32(h, uint32(p[0]))
		h = binary.LittleEndian.AppendUint32(h, uint32(p[1]))
	}
	return h
}

// counter is a writer that remembers how much was written and the first error.
type counter struct {
	w   *bufio.Writer
	n   int64
	err error
}

func (c *counter) write(b []byte) {
	if c.err == nil {
		var n int
		n, c.err = c.w.Write(b)
		c.n += int64(n)
	}
}

// ReadMoments reads what WriteTo wrote. The backend, o.Products and o.Workers are those of
// the reading program; the rest of o comes from the file. A file that was cut
// short, changed, or written by another version is an error that says so.
func ReadMoments(r io.Reader, b Backend, o Options) (*Moments, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	l, n, written, err := readHeader(in)
	if err != nil {
		return nil, err
	}
	m := &Moments{layout: l, backend: b, elsewhere: o.Products, float64: written.Float64, workers: o.Workers, pool: &pool{}, n: n, cross: make([][]float64, len(l.blocks))}
	if err := m.readState(in); err != nil {
		return nil, err
	}
	return m, nil
}

// Load replaces what the moments hold by what WriteTo wrote, in the same memory.
// The file must be of the same layers and options.
func (m *Moments) Load(r io.Reader) error {
	in := bufio.NewReaderSize(r, 1<<16)
	l, n, written, err := readHeader(in)
	if err != nil {
		return err
	}
	if !m.layout.equal(l) {
		return errors.New("reading moments: the file is of other layers, pairs or options")
	}
	m.n, m.float64 = n, written.Float64
	m.cache.clear()
	m.broken = m.readState(in)
	return m.broken
}

// readHeader reads all that comes before the numbers.
func readHeader(in *bufio.Reader) (l *layout, n int, o Options, err error) {
	defer func() { err = readError(err) }()
	prefix := make([]byte, len(momentsMagic)+8)
	if _, err := io.ReadFull(in, prefix); err != nil {
		return nil, 0, o, err
	}
	if string(prefix[:len(momentsMagic)]) != momentsMagic {
		return nil, 0, o, errors.New("this is not a file of moments")
	}
	numbers := prefix[len(momentsMagic):]
	if v := binary.LittleEndian.Uint32(numbers); v != momentsVersion {
		return nil, 0, o, fmt.Errorf("the file has version %d, this program reads version %d", v, momentsVersion)
	}
	size := binary.LittleEndian.Uint32(numbers[4:])
	var header bytes.Buffer // grows with what is there, not with what is claimed
	if n, err := io.CopyN(&header, in, int64(size)); err != nil {
		return nil, 0, o, fmt.Errorf("after %d of %d bytes of the header: %w", n, size, err)
	}
	if err := checkSum(in, crc32.Checksum(header.Bytes(), castagnoli), "header"); err != nil {
		return nil, 0, o, err
	}
	dims, n, o, err := parseHeader(header.Bytes())
	if err != nil {
		return nil, 0, o, err
	}
	l, err = newLayout(dims, o)
	return l, n, o, err
}

// readError is an error as callers see it.
func readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the file is cut short: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		return fmt.Errorf("reading moments: %w", err)
	}
	return nil
}

// readState reads the numbers. Memory that is not there yet is taken as they arrive.
func (m *Moments) readState(in *bufio.Reader) (err error) {
	defer func() { err = readError(err) }()
	var sum uint32
	buffer := make([]byte, 1<<16)
	read := func(to *[]float64, count int) error {
		out := (*to)[:0]
		for len(out) < count {
			part := buffer[:min(8*(count-len(out)), len(buffer))]
			if _, err := io.ReadFull(in, part); err != nil {
				return err
			}
			sum = crc32.Update(sum, castagnoli, part)
			for ; len(part) > 0; part = part[8:] {
				out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(part)))
			}
		}
		*to = out
		return nil
	}
	for _, to := range []*[]float64{&m.centre, &m.sum, &m.square, &m.noise} {
		if err := read(to, m.columns()); err != nil {
			return err
		}
	}
	for k := range m.cross {
		if err := read(&m.cross[k], m.size(k)); err != nil {
			return err
		}
	}
	if err := checkSum(in, sum, "numbers"); err != nil {
		return err
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return errors.New("the file goes on after its end")
	}
	return nil
}

func checkSum(in io.Reader, want uint32, what string) error {
	var b [4]byte
	if _, err := io.ReadFull(in, b[:]); err != nil {
		return err
	}
	if got := binary.LittleEndian.Uint32(b[:]); got != want {
		return fmt.Errorf("the checksum of the %s is %08x and should be %08x: the file was changed", what, got, want)
	}
	return nil
}

// parseHeader is the inverse of Moments.header.
func parseHeader(h []byte) (dims []int, n int, o Options, err error) {
	short := errors.New("the header is too short")
	next := func(size int) uint64 {
		if len(h) < size {
			err = short
			return 0
		}
		var v uint64
		for k := range size {
			v |= uint64(h[k]) << (8 * k)
		}
		h = h[size:]
		return v
	}
	flags := next(4)
	o.Float64, o.SquaredNorms, o.CrossOnly = flags&flagFloat64 != 0, flags&flagNorms != 0, flags&flagCrossOnly != 0
	rows := next(8)
	if rows > 1<<53 {
		return nil, 0, o, fmt.Errorf("%d rows are impossible", rows)
	}
	for k := next(4); k > 0 && err == nil; k-- {
		dims = append(dims, int(next(4)))
	}
	o.Pairs = [][2]int{}
	for k := next(4); k > 0 && err == nil; k-- {
		o.Pairs = append(o.Pairs, [2]int{int(next(4)), int(next(4))})
	}
	if err == nil && len(h) > 0 {
		err = errors.New("the header is too long")
	}
	return dims, int(rows), o, err
}
