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

// The file: the magic, the version, the header, its checksum; then the numbers, little-endian, and their checksum.
// Checksums are CRC-32C. Of a panel with itself the upper triangle is written, row by row.
const (
	momentsMagic   = "speechsim moments"
	momentsVersion = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header flags.
const (
	flagFloat64 = 1 << iota
	flagNorms
	flagCrossOnly
	flagSingle // products of units are written in float32
)

// WriteTo writes the moments as they are, so that they can be read back and go on. It implements io.WriterTo.
func (m *Moments) WriteTo(w io.Writer) (int64, error) { return m.write(w, false) }

// WriteRounded writes the moments in half the bytes, for others to read and merge: products of units in float32, which is what they were
// multiplied in. Products in double precision, squared norms, sums and sums of squares stay as they are.
func (m *Moments) WriteRounded(w io.Writer) (int64, error) { return m.write(w, !m.float64) }

func (m *Moments) write(w io.Writer, single bool) (int64, error) {
	if m.broken != nil {
		return 0, m.broken
	}
	out := &counter{w: bufio.NewWriterSize(w, 1<<16)}
	header := m.header(single)
	out.write([]byte(momentsMagic))
	out.write(binary.LittleEndian.AppendUint32(nil, momentsVersion))
	out.write(binary.LittleEndian.AppendUint32(nil, uint32(len(header))))
	out.write(header)
	out.write(binary.LittleEndian.AppendUint32(nil, crc32.Checksum(header, castagnoli)))
	for _, numbers := range [][]float64{m.centre, m.sum, m.square, m.noise} {
		out.numbers(numbers, false)
	}
	for k := range m.blocks {
		block := m.block(k)
		for r := range block.Rows {
			out.numbers(block.Row(r)[m.firstColumn(k, r):], single && m.unitsOnly(k))
		}
	}
	out.write(binary.LittleEndian.AppendUint32(nil, out.sum))
	if out.err == nil {
		out.err = out.w.Flush()
	}
	return out.n, out.err
}

// firstColumn is the first column of row r of block k that means something.
func (l *layout) firstColumn(k, r int) int {
	if b := l.blocks[k]; b.p == b.q {
		return r
	}
	return 0
}

// unitsOnly says whether block k holds products of units alone, and no squared norms.
func (l *layout) unitsOnly(k int) bool { return !l.panels[l.blocks[k].q].norms }

// numbers lists the state.
func (m *Moments) numbers() [][]float64 {
	return append([][]float64{m.centre, m.sum, m.square, m.noise}, m.cross...)
}

func (m *Moments) header(single bool) []byte {
	var flags uint32
	if single {
		flags |= flagSingle
	}
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

// counter is a writer that remembers how much was written, the checksum of the numbers and the first error.
type counter struct {
	w      *bufio.Writer
	n      int64
	err    error
	sum    uint32
	buffer []byte
}

func (c *counter) write(b []byte) {
	if c.err == nil {
		var n int
		n, c.err = c.w.Write(b)
		c.n += int64(n)
	}
}

func (c *counter) numbers(numbers []float64, single bool) {
	c.buffer = c.buffer[:0]
	for _, v := range numbers {
		if single {
			c.buffer = binary.LittleEndian.AppendUint32(c.buffer, math.Float32bits(float32(v)))
		} else {
			c.buffer = binary.LittleEndian.AppendUint64(c.buffer, math.Float64bits(v))
		}
	}
	c.sum = crc32.Update(c.sum, castagnoli, c.buffer)
	c.write(c.buffer)
}

// ReadMoments reads what WriteTo or WriteRounded wrote. The backend, o.Products and o.Workers are those of
// the reading program; the rest of o comes from the file. A file that was cut
// short, changed, or written by another version is an error that says so.
func ReadMoments(r io.Reader, b Backend, o Options) (*Moments, error) {
	in := newMomentsReader(r)
	l, n, written, err := in.header()
	if err != nil {
		return nil, err
	}
	m := &Moments{layout: l, backend: b, elsewhere: o.Products, float64: written.Float64, workers: o.Workers, pool: &pool{}, n: n, cross: make([][]float64, len(l.blocks))}
	if err := m.readState(in); err != nil {
		return nil, err
	}
	return m, nil
}

// Load replaces what the moments hold by what WriteTo or WriteRounded wrote, in the same memory.
// The file must be of the same layers and options.
func (m *Moments) Load(r io.Reader) error {
	in, n, written, err := m.open(r)
	if err != nil {
		return err
	}
	m.n, m.float64 = n, written.Float64
	m.cache.clear()
	m.broken = m.readState(in)
	return m.broken
}

// open reads the header of a file of the same layers and options.
func (m *Moments) open(r io.Reader) (in *momentsReader, n int, o Options, err error) {
	in = newMomentsReader(r)
	l, n, o, err := in.header()
	if err == nil && !m.layout.equal(l) {
		err = errors.New("reading moments: the file is of other layers, pairs or options")
	}
	return in, n, o, err
}

// momentsReader reads a file of moments.
type momentsReader struct {
	*bufio.Reader
	single bool // products of units are float32
	sum    uint32
	buffer []byte
}

func newMomentsReader(r io.Reader) *momentsReader {
	return &momentsReader{Reader: bufio.NewReaderSize(r, 1<<16), buffer: make([]byte, 1<<16)}
}

// header reads all that comes before the numbers.
func (in *momentsReader) header() (l *layout, n int, o Options, err error) {
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
	dims, n, o, single, err := parseHeader(header.Bytes())
	in.single = single
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
func (m *Moments) readState(in *momentsReader) error {
	if err := m.readColumns(in); err != nil {
		return err
	}
	for k := range m.cross {
		if err := in.block(m.layout, k, &m.cross[k]); err != nil {
			return err
		}
	}
	return in.end()
}

// readColumns reads what is known of single columns.
func (m *Moments) readColumns(in *momentsReader) error {
	for _, to := range []*[]float64{&m.centre, &m.sum, &m.square, &m.noise} {
		*to = (*to)[:0]
		if err := in.numbers(to, m.columns(), false); err != nil {
			return err
		}
	}
	return nil
}

// block reads block k.
func (in *momentsReader) block(l *layout, k int, to *[]float64) error {
	*to = (*to)[:0]
	b := l.blocks[k]
	for r := range l.panels[b.p].width() {
		first := l.firstColumn(k, r)
		for range first {
			*to = append(*to, 0)
		}
		if err := in.numbers(to, l.panels[b.q].width()-first, in.single && l.unitsOnly(k)); err != nil {
			return err
		}
	}
	return nil
}

// numbers appends so many numbers.
func (in *momentsReader) numbers(to *[]float64, count int, single bool) error {
	size := 8
	if single {
		size = 4
	}
	for count > 0 {
		n := min(count, len(in.buffer)/size)
		part := in.buffer[:n*size]
		if _, err := io.ReadFull(in, part); err != nil {
			return readError(err)
		}
		in.sum = crc32.Update(in.sum, castagnoli, part)
		for ; len(part) > 0; part = part[size:] {
			v := 0.0
			if single {
				v = float64(math.Float32frombits(binary.LittleEndian.Uint32(part)))
			} else {
				v = math.Float64frombits(binary.LittleEndian.Uint64(part))
			}
			*to = append(*to, v)
		}
		count -= n
	}
	return nil
}

// end checks the numbers that were read.
func (in *momentsReader) end() error {
	if err := checkSum(in, in.sum, "numbers"); err != nil {
		return readError(err)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return readError(errors.New("the file goes on after its end"))
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
func parseHeader(h []byte) (dims []int, n int, o Options, single bool, err error) {
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
	if single = flags&flagSingle != 0; single && o.Float64 {
		return nil, 0, o, single, errors.New("products in double precision are never rounded")
	}
	rows := next(8)
	if rows > 1<<53 {
		return nil, 0, o, single, fmt.Errorf("%d rows are impossible", rows)
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
	return dims, int(rows), o, single, err
}
