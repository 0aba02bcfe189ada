package audio

import (
	"math"
	"testing"
)

func TestCheck(t *testing.T) {
	pcm16 := Info{Encoding: "pcm_s16le", Bits: 16}
	sound := func(edit func(x []float32)) []float32 {
		x := scaled(speechLike(16000, 16, 1), 16)
		edit(x)
		return x
	}
	for _, c := range []struct {
		name string
		info Info
		x    []float32
		want string // "severity kind: message"; empty: nothing found
	}{
		{"speech", pcm16, sound(func(x []float32) {}), ""},
		{"two full-scale samples in a row", pcm16, sound(func(x []float32) { x[9], x[10] = -1, -1 }), ""},
		{"clipping", pcm16, sound(func(x []float32) {
			for i := range 5 {
				x[160+i], x[800+i] = 32767./32768, -1
			}
		}), "warning: clipping: 10 of 16000 samples are in runs at full scale, the first at 0.010 s"},
		{"clipping of mu-law", Info{Encoding: "mulaw", Bits: 8}, sound(func(x []float32) { x[0], x[1], x[2] = 32124./32768, 32124./32768, 32124./32768 }),
			"warning: clipping: 3 of 16000 samples are in runs at full scale, the first at 0.000 s"},
		{"clipping before it became floats", Info{Encoding: "float32le", Bits: 32}, sound(func(x []float32) { x[7], x[8], x[9] = 32767./32768, 32767./32768, 1 }),
			"warning: clipping: 3 of 16000 samples are in runs at full scale, the first at 0.000 s"},
		{"nothing", pcm16, nil, "error: empty: there is not one sample"},
		{"zeros", pcm16, make([]float32, 99), "error: silence: every sample is 0"},
		{"noise of the last bit", pcm16, sound(func(x []float32) {
			for i := range x {
				x[i] = float32(i%2) / 32768
			}
		}), "warning: quiet: the peak is -90.3 dB of full scale"},
		{"half of it missing", pcm16, sound(func(x []float32) { clear(x[:9600]) }), "warning: silence: 60 % of the samples are exactly 0"},
		{"offset", pcm16, sound(func(x []float32) {
			for i := range x {
				x[i] = x[i]/2 + .25
			}
		}), "warning: dc: the mean is +0.2499 of full scale; expected about 0"},
		{"not a number", Info{Encoding: "float32le", Bits: 32}, sound(func(x []float32) { x[8000] = float32(math.NaN()) }), "error: non-finite: sample 8000 (0.500 s) is NaN"},
		{"infinite", Info{Encoding: "float32le", Bits: 32}, sound(func(x []float32) { x[1] = float32(math.Inf(-1)) }), "error: non-finite: sample 1 (0.000 s) is -Inf"},
		{"integers as floats", Info{Encoding: "float32le", Bits: 32}, sound(func(x []float32) { x[1] = 12345 }),
			"warning: over-range: the largest value is 1.234e+04; expected at most 1: integers seem to be stored as floats"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := Check(&Audio{Rate: 16000, Channels: [][]float32{c.x}, Info: c.info})
			switch {
			case c.want == "" && len(found) > 0:
				t.Errorf("found %v", found)
			case c.want != "" && (len(found) != 1 || found[0].String() != c.want):
				t.Errorf("found %v\nwant  %s", found, c.want)
			}
		})
	}
	stereo := Check(&Audio{Rate: 16000, Channels: [][]float32{sound(func([]float32) {}), make([]float32, 16000)}, Info: pcm16})
	if len(stereo) != 1 || stereo[0].Msg != "channel 2: every sample is 0" {
		t.Errorf("a silent second channel: %v", stereo)
	}
}
