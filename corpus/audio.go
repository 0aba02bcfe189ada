package corpus

import (
	"fmt"
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
	if channel := c.Spec.Audio.channelOf(u); channel != "" && channel != "mix" {
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
	x, err := a.Mono(c.Spec.Audio.channelOf(u))
	if err != nil {
		return nil, &Error{File: u.AudioPath, Msg: err.Error()}
	}
	if len(x) == 0 {
		return nil, &Error{File: u.AudioPath, Msg: "the audio has no samples"}
	}
	return &Audio{Rate: c.Spec.Audio.Rate, Samples: Resample(x, a.Rate, c.Spec.Audio.Rate)}, nil
}

// Resample converts x from one rate to another (Hz) with the windowed sinc filter of torchaudio's default
// (lowpass_filter_width 6, rolloff 0.99, Hann window). Equal rates return x itself.
func Resample(x []float32, from, to int) []float32 { return audio.Resample(x, from, to) }

// Accepts is an error if the Spec does not allow audio of this kind: another rate, or several channels. It names the config
// key that would allow it.
func (c *Corpus) Accepts(u *Utterance, i AudioInfo) error {
	var faults []string
	if s := c.Spec.Audio; i.Rate != s.Rate && !s.Resample {
		faults = append(faults, fmt.Sprintf("audio has %d Hz, expected %d Hz: set audio: {resample: true} to resample it", i.Rate, s.Rate))
	}
	if i.Channels > 1 && c.Spec.Audio.channelOf(u) == "" {
		faults = append(faults, fmt.Sprintf("audio has %d channels, expected one: set audio: {channel: mix} for their mean, or {channel: 1} for the first", i.Channels))
	}
	if len(faults) > 0 {
		return &Error{File: u.AudioPath, Msg: strings.Join(faults, "; ")}
	}
	return nil
}

func (s AudioSpec) channelOf(u *Utterance) string {
	if u.Channel != "" {
		return u.Channel
	}
	return s.Channel
}

func (s AudioSpec) validateChannel(channel string) error {
	if channel == "" || channel == "mix" {
		return nil
	}
	if n, err := strconv.Atoi(channel); err != nil || n < 1 {
		return fmt.Errorf("corpus: audio channel %q: expected mix or a channel's number from 1, or nothing to refuse files of several channels", channel)
	}
	return nil
}
