package audio

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"

	"speechsim/textgrid"
)

// Info is what a file's header says about its sound.
type Info struct {
	Format   string // flac, wav or sphere
	Encoding string // how a sample is stored: flac, pcm_s16le, pcm_u8, float32le, mulaw, ...
	Rate     int    // sampling rate in Hz
	Channels int
	Bits     int   // bits a sample as stored
	Samples  int64 // per channel; -1 if only decoding can tell
}

// Seconds is the duration of the sound, or -1 if only decoding can tell.
func (i Info) Seconds() float64 {
	if i.Samples < 0 {
		return -1
	}
	return float64(i.Samples) / float64(i.Rate)
}

// Audio is decoded sound.
type Audio struct {
	Rate     int         // Hz
	Channels [][]float32 // [channels, samples], all of one length; integers are scaled to [-1, 1), floats are as stored
	Info     Info        // what the header said
	notes    []Finding   // what decoding noticed about the file, for Check
}

// Error is a sound file that cannot be used.
type Error struct {
	File   string
	Offset int64 // byte in the file at which the trouble was met, -1 if it is the whole file
	Msg    string
	Err    error // the cause, if it was not found here
}

// Error is one line, whatever the file is called.
func (e *Error) Error() string {
	file := e.File
	if strings.ContainsFunc(file, func(r rune) bool { return !strconv.IsPrint(r) }) {
		file = strconv.Quote(file)
	}
	if e.Offset < 0 {
		return file + ": " + e.Msg
	}
	return fmt.Sprintf("%s: at byte %d: %s", file, e.Offset, e.Msg)
}

func (e *Error) Unwrap() error { return e.Err }

// The sampling rates that are believed. Speech lies far inside; a header with a rate outside is damaged, and resampling
// from 1 Hz would turn a kilobyte into a gigabyte.
const minRate, maxRate = 1_000, 1_000_000

// maxChannels bounds the number of slices that a header can ask for.
const maxChannels = 1024

// ReadInfo reads the header of a sound file. It decodes nothing, and needs a few system calls whatever the file's size.
// Truncation is found where the header and the size of the file show it.
func ReadInfo(path string) (Info, error) {
	s, done, err := open(path)
	if err != nil {
		return Info{}, err
	}
	defer done()
	return s.readInfo()
}

// Decode reads a whole sound file.
func Decode(path string) (*Audio, error) {
	return DecodeRange(path, 0, 0)
}

// maxOvershoot is how far, in seconds, a range may end after the sound does. Kaldi's extract-segments allows the same:
// segment times are often rounded up to a frame or a second.
const maxOvershoot = 0.5

// DecodeRange reads the sound between two times in seconds, rounded to the nearest samples; to <= 0 means the end. WAV
// and SPHERE files are read only where they must be. A range that ends up to half a second after the sound is cut to it
// (Check says so); one that ends later or begins outside is an error.
func DecodeRange(path string, from, to float64) (*Audio, error) {
	s, done, err := open(path)
	if err != nil {
		return nil, err
	}
	defer done()
	return s.decode(from, to)
}

// source is an open sound file.
type source struct {
	r    io.ReaderAt
	size int64
	path string // for errors
}

// open opens a regular file. Symbolic links are followed. Anything else than a file is refused before it is opened: to open a
// named pipe would wait for a writer.
func open(path string) (source, func(), error) {
	fail := func(err error) (source, func(), error) {
		var pe *fs.PathError
		msg := err.Error()
		if errors.As(err, &pe) {
			msg = pe.Err.Error() // without the path, which the error carries already
		}
		return source{}, nil, &Error{File: path, Offset: -1, Msg: msg, Err: err}
	}
	st, err := os.Stat(path)
	if err != nil {
		return fail(err)
	}
	if !st.Mode().IsRegular() {
		kind := "special file"
		if st.IsDir() {
			kind = "folder"
		}
		return fail(fmt.Errorf("expected a sound file, found a %s", kind))
	}
	f, err := os.Open(path)
	if err != nil {
		return fail(err)
	}
	return source{f, st.Size(), path}, func() { f.Close() }, nil
}

// errorf makes the error of this file at a byte offset, or -1.
func (s source) errorf(offset int64, format string, args ...any) error {
	return &Error{File: s.path, Offset: offset, Msg: fmt.Sprintf(format, args...)}
}

// read returns the n bytes at an offset, fewer at the end of the file.
func (s source) read(offset int64, n int) ([]byte, error) {
	if left := s.size - offset; int64(n) > left {
		n = int(max(left, 0))
	}
	b := make([]byte, n)
	if n, err := s.r.ReadAt(b, offset); n < len(b) {
		return nil, &Error{File: s.path, Offset: offset, Msg: "reading: " + err.Error(), Err: err}
	}
	return b, nil
}

// A decoder is a file whose header has been read and believed.
type decoder interface {
	info() Info
	// verify looks for truncation where the header and the size of the file do not show it.
	verify() error
	// decode returns the samples [from, to) of every channel and what it noticed. to < 0 is the end of the file.
	decode(from, to int64) ([][]float32, []Finding, error)
}

// readInfo reads the header and finds truncation where a look at the end of the file shows it.
func (s source) readInfo() (Info, error) {
	d, err := s.decoder()
	if err != nil {
		return Info{}, err
	}
	if err := d.verify(); err != nil {
		return Info{}, err
	}
	return d.info(), nil
}

// decoder reads the header, whatever the format.
func (s source) decoder() (decoder, error) {
	head, err := s.read(0, headBytes)
	if err != nil {
		return nil, err
	}
	if len(head) == 0 {
		return nil, s.errorf(-1, "the file is empty; expected FLAC, WAV or SPHERE")
	}
	name := sniff(head)
	switch name {
	case "flac":
		return newFLAC(s)
	case "wav":
		return newWAV(s)
	case "sphere":
		return newSPHERE(s)
	case "":
		return nil, s.errorf(-1, "expected FLAC, WAV or SPHERE, found a file that begins with %q", head[:min(12, len(head))])
	}
	return nil, s.errorf(-1, "expected FLAC, WAV or SPHERE, found %s", name)
}

// headBytes is how much of a file sniff looks at. What is no sound at all, a page that says why a download failed, may begin
// with blanks.
const headBytes = 64

// sniff names the format of a file from its first bytes: one of ours, a description of a known other one, or "".
func sniff(head []byte) string {
	at := func(i int, magic string) bool {
		return len(head) >= i+len(magic) && string(head[i:i+len(magic)]) == magic
	}
	switch {
	case at(0, "fLaC"), at(0, "ID3"): // an ID3 tag before FLAC; newFLAC looks what follows
		return "flac"
	case at(0, "RIFF") && at(8, "WAVE"), at(0, "RF64") && at(8, "WAVE"):
		return "wav"
	case at(0, "NIST_1A"):
		return "sphere"
	case at(0, "RIFX"):
		return "big-endian RIFF; convert it to WAV, for example with sox"
	case at(0, "OggS"):
		return "Ogg (Vorbis or Opus); convert it to FLAC, for example with ffmpeg"
	case at(0, "\xff\xf1"), at(0, "\xff\xf9"):
		return "AAC; convert it to FLAC, for example with ffmpeg"
	case len(head) > 2 && head[0] == 0xff && head[1] >= 0xe2 && head[1]&6 == 2: // 11 bits of sync, layer III, any version
		return "MP3; convert it to FLAC, for example with ffmpeg"
	case len(head) > 2 && head[0] == 0xff && head[1] >= 0xe2 && head[1]&6 == 4:
		return "MPEG audio of layer II (MP2); convert it to FLAC, for example with ffmpeg"
	case at(0, "wvpk"):
		return "WavPack; convert it to FLAC, for example with ffmpeg"
	case at(4, "ftyp"):
		return "MPEG-4 audio; convert it to FLAC, for example with ffmpeg"
	case at(0, "\x1aE\xdf\xa3"):
		return "WebM or Matroska; convert it to FLAC, for example with ffmpeg"
	case at(0, "\x30\x26\xb2\x75"):
		return "Windows Media; convert it to FLAC, for example with ffmpeg"
	case at(0, "#!AMR"):
		return "AMR; convert it to FLAC, for example with ffmpeg"
	case at(0, "caff"):
		return "CAF; convert it to FLAC, for example with ffmpeg"
	case at(0, "riff\x2e\x91\xcf\x11"):
		return "Wave64 (W64); convert it to FLAC, for example with sox"
	case at(0, "FORM"):
		return "AIFF; convert it to FLAC, for example with sox"
	case at(0, ".snd"):
		return "Sun audio; convert it to FLAC, for example with sox"
	case at(0, "ajkg"):
		return "a file compressed with shorten; expand it with `shorten -x` or ffmpeg"
	case at(0, "\x00\x05\x16\x07"):
		return "a companion file of macOS (AppleDouble), which has no sound; the file itself is the one without ._ before its name"
	case at(0, "PK\x03\x04"), at(0, "\x1f\x8b"), at(0, "BZh"), at(0, "\xfd7zXZ\x00"), at(0, "7z\xbc\xaf\x27\x1c"):
		return "a compressed archive; unpack it first"
	}
	return textgrid.StandIn(head)
}

// decode reads the range [from, to) seconds.
func (s source) decode(from, to float64) (*Audio, error) {
	d, err := s.decoder()
	if err != nil {
		return nil, err
	}
	a := &Audio{Info: d.info(), Rate: d.info().Rate}
	if from == 0 && to <= 0 {
		a.Channels, a.notes, err = d.decode(0, -1)
		return a, err
	}
	n := a.Info.Samples
	if n < 0 { // rare enough to decode all of it and cut
		if a.Channels, a.notes, err = d.decode(0, -1); err != nil {
			return nil, err
		}
		n = int64(a.Samples())
	}
	first, last, err := ClipRange(from, to, n, a.Rate)
	if err != nil {
		return nil, s.errorf(-1, "%v", err)
	}
	if end := sampleAt(to, a.Rate); last < end {
		a.notes = append(a.notes, Finding{Warning, "range", fmt.Sprintf("the range ends at %g s, the sound at %.3f s", to, float64(n)/float64(a.Rate))})
	}
	if a.Channels != nil {
		for c, x := range a.Channels {
			a.Channels[c] = x[first:last]
		}
		return a, nil
	}
	x, notes, err := d.decode(first, last)
	if err != nil {
		return nil, err
	}
	a.Channels, a.notes = x, append(a.notes, notes...)
	return a, nil
}

// ClipRange turns a range of seconds, as DecodeRange takes it, into one of samples, of which there are n.
func ClipRange(from, to float64, n int64, rate int) (first, last int64, err error) {
	if math.IsNaN(from) || math.IsNaN(to) || from < 0 || to > 0 && to <= from {
		return 0, 0, fmt.Errorf("the range %g s to %g s is empty or negative", from, to)
	}
	first, last = sampleAt(from, rate), n
	if to > 0 {
		last = sampleAt(to, rate)
	}
	if first >= n || last > n+sampleAt(maxOvershoot, rate) {
		until := "its end"
		if to > 0 {
			until = fmt.Sprintf("%g s", to)
		}
		return 0, 0, fmt.Errorf("the range %g s to %s is not inside the sound of %.3f s", from, until, float64(n)/float64(rate))
	}
	return first, min(last, n), nil
}

// sampleAt is the sample nearest to a time; times that no file reaches are cut to one that none reaches either.
func sampleAt(seconds float64, rate int) int64 {
	return int64(math.Round(min(seconds*float64(rate), 1<<53)))
}

// Samples is the number of samples of each channel.
func (a *Audio) Samples() int {
	if len(a.Channels) == 0 {
		return 0
	}
	return len(a.Channels[0])
}

// Mono returns one channel of samples. channel is "1", "2", ... for that one, "mix" for their mean, or "" for the only
// one: with "", a file of several channels is refused, because in corpora they are often two different speakers.
// The result may share memory with a.
func (a *Audio) Mono(channel string) ([]float32, error) {
	n := len(a.Channels)
	switch {
	case n == 0:
		return nil, errors.New("no channel of sound")
	case channel == "" && n == 1:
		return a.Channels[0], nil
	case channel == "":
		return nil, fmt.Errorf("expected one channel, found %d; choose one (1 to %d), or mix", n, n)
	case channel == "mix":
		return mix(a.Channels), nil
	}
	i, err := ChannelIndex(channel, n)
	if err != nil {
		return nil, err
	}
	return a.Channels[i], nil
}

// ChannelIndex is the index of the channel "1", "2", ... among n channels.
func ChannelIndex(channel string, n int) (int, error) {
	i, err := strconv.Atoi(channel)
	if err != nil || i < 1 {
		return 0, fmt.Errorf("channel %q: expected mix or a number from 1", channel)
	}
	if i > n {
		return 0, fmt.Errorf("channel %d is asked for, the first being 1, and the audio has %d", i, n)
	}
	return i - 1, nil
}

// mix is the mean of the channels. The sum is in float64, so that full-scale channels do not lose their last bit.
func mix(channels [][]float32) []float32 {
	if len(channels) == 1 {
		return channels[0]
	}
	x := make([]float32, len(channels[0]))
	for i := range x {
		var sum float64
		for _, c := range channels {
			sum += float64(c[i])
		}
		x[i] = float32(sum / float64(len(channels)))
	}
	return x
}
