package corpus

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"speechsim/corpus/internal/audio"
)

// Audio is the sound of one utterance as the models get it.
type Audio struct {
	Rate    int       // Hz
	Samples []float32 // one channel, in [-1, 1)
}

// Seconds is the duration.
func (a *Audio) Seconds() float64 { return float64(len(a.Samples)) / float64(a.Rate) }

// AudioInfo is what the header of an audio file says.
type AudioInfo struct {
	Format   string // flac, wav or sphere
	Encoding string // flac, pcm_s16le, mulaw, ...
	Rate     int    // Hz, the file's own
	Channels int
	Bits     int // a sample, as stored
	Samples  int // of the utterance, per channel, at the file's own rate; -1 if only decoding can tell
}

// Seconds is the duration, or -1 if only decoding can tell.
func (i AudioInfo) Seconds() float64 {
	if i.Samples < 0 {
		return -1
	}
	return float64(i.Samples) / float64(i.Rate)
}

// SamplesAt is the number of samples after resampling to rate (what Audio will return), or -1.
func (i AudioInfo) SamplesAt(rate int) int {
	if i.Samples < 0 || i.Rate == rate {
		return i.Samples
	}
	return (i.Samples*rate + i.Rate - 1) / i.Rate
}

// AudioInfo reads the header of the utterance's audio and decodes nothing. It does not refuse another rate or several
// channels: it is there to find them. A stretch or a channel that the audio lacks is an error, as it is of Audio.
func (c *Corpus) AudioInfo(u *Utterance) (AudioInfo, error) {
	info, err := audio.ReadInfo(u.AudioPath)
	if err != nil {
		return AudioInfo{}, err
	}
	i := AudioInfo{Format: info.Format, Encoding: info.Encoding, Rate: info.Rate, Channels: info.Channels, Bits: info.Bits, Samples: int(info.Samples)}
	if channel := c.Spec.Audio.channelOf(u, i.Channels); channel != "" && channel != "mix" {
		if _, err := audio.ChannelIndex(channel, i.Channels); err != nil {
			return AudioInfo{}, &Error{File: u.AudioPath, Msg: err.Error()}
		}
	}
	if u.whole() || i.Samples < 0 {
		return i, nil
	}
	first, last, err := audio.ClipRange(u.From, u.To, info.Samples, i.Rate)
	if err != nil {
		return AudioInfo{}, &Error{File: u.AudioPath, Msg: fmt.Sprintf("utterance %s: %v", u.ID, err)}
	}
	i.Samples = int(last - first)
	return i, nil
}

// whole reports whether the utterance is its whole audio file.
func (u *Utterance) whole() bool { return u.From == 0 && u.To == 0 }

// Audio decodes the utterance: one channel at the corpus's rate. A file of another rate or with several channels is an
// error that names the config key which would allow it; so is a file that can't be decoded, that has no samples, or no
// sample but 0, or one that is not a number.
func (c *Corpus) Audio(u *Utterance) (*Audio, error) {
	info, err := audio.ReadInfo(u.AudioPath)
	if err != nil {
		return nil, err
	}
	if err := c.Accepts(u, AudioInfo{Rate: info.Rate, Channels: info.Channels}); err != nil {
		return nil, err
	}
	a, err := decode(u)
	if err != nil {
		return nil, err
	}
	for _, f := range audio.Check(a) {
		if f.Severity == audio.Fatal {
			return nil, &Error{File: u.AudioPath, Msg: f.Kind + ": " + f.Msg}
		}
	}
	return c.convert(u, a)
}

// decode reads the utterance's stretch of its file.
func decode(u *Utterance) (*audio.Audio, error) {
	if u.whole() {
		return audio.Decode(u.AudioPath)
	}
	return audio.DecodeRange(u.AudioPath, u.From, u.To)
}

// convert picks the channel and the rate.
func (c *Corpus) convert(u *Utterance, a *audio.Audio) (*Audio, error) {
	x, err := a.Mono(c.Spec.Audio.channelOf(u, len(a.Channels)))
	if err != nil {
		return nil, &Error{File: u.AudioPath, Msg: err.Error()}
	}
	if len(x) == 0 {
		return nil, &Error{File: u.AudioPath, Msg: "the audio has no samples"}
	}
	return c.Spec.Audio.At(&Audio{Rate: a.Rate, Samples: x}, c.Spec.Audio.Rate), nil
}

// Resamplers are the filters that change a sampling rate, the default first.
func Resamplers() []string {
	var names []string
	for _, r := range audio.Resamplers {
		names = append(names, string(r))
	}
	return names
}

// At is the sound at another rate (Hz), by the filter of the Spec; at its own rate it is a itself.
func (s AudioSpec) At(a *Audio, rate int) *Audio {
	if a.Rate == rate {
		return a
	}
	return &Audio{Rate: rate, Samples: audio.Resample(a.Samples, a.Rate, rate, audio.Resampler(s.Resampler))}
}

// Filter names the filter of the Spec.
func (s AudioSpec) Filter() string { return cmp.Or(s.Resampler, Resamplers()[0]) }

// Accepts is a *Refusal if the Spec does not allow audio of this kind: another rate, or several channels.
func (c *Corpus) Accepts(u *Utterance, i AudioInfo) error {
	r := &Refusal{File: u.AudioPath, Expected: c.Spec.Audio.Rate}
	if i.Rate != r.Expected && !c.Spec.Audio.Resample {
		r.Rate = i.Rate
	}
	if i.Channels > 1 && c.Spec.Audio.channelOf(u, i.Channels) == "" {
		r.Channels = i.Channels
	}
	if r.Rate == 0 && r.Channels == 0 {
		return nil
	}
	return r
}

// Refusal is audio that the Spec does not allow.
type Refusal struct {
	File     string
	Rate     int // of the file in Hz, 0 if it was not refused for that
	Expected int // rate
	Channels int // of the file, 0 if it was not refused for that
}

// Error names the keys of a config that would allow the audio.
func (r *Refusal) Error() string { return r.Unwrap().Error() }

func (r *Refusal) Unwrap() error {
	return r.Advise("set audio: {resample: true} to resample it", "set audio: {channel: mix} for their mean, or {channel: 1} for the first")
}

// Advise is the error with other advice against a rate and against several channels, for callers without a config.
func (r *Refusal) Advise(rate, channels string) *Error {
	var faults []string
	if r.Rate != 0 {
		faults = append(faults, fmt.Sprintf("audio has %d Hz, expected %d Hz: %s", r.Rate, r.Expected, rate))
	}
	if r.Channels != 0 {
		faults = append(faults, fmt.Sprintf("audio has %d channels, expected one: %s", r.Channels, channels))
	}
	return &Error{File: r.File, Msg: strings.Join(faults, "; ")}
}

// channelOf is the channel of audio with so many that the utterance is of. The sides of a call may lie in files of their own, of one
// channel each, which have no second one.
func (s AudioSpec) channelOf(u *Utterance, channels int) string {
	switch {
	case u.Channel != "":
		return u.Channel
	case u.Side != "" && channels > 1:
		return u.Side
	}
	return s.Channel
}

func (s AudioSpec) validate() error {
	if names := Resamplers(); s.Resampler != "" && !slices.Contains(names, s.Resampler) {
		return fmt.Errorf("corpus: audio resampler %q: expected %s", s.Resampler, strings.Join(names, " or "))
	}
	if s.Channel == "" || s.Channel == "mix" {
		return nil
	}
	if n, err := strconv.Atoi(s.Channel); err != nil || n < 1 {
		return fmt.Errorf("corpus: audio channel %q: expected mix or a channel's number from 1, or nothing to refuse files of several channels", s.Channel)
	}
	return nil
}
