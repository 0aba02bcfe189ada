// Package audio reads the sound files of speech corpora: FLAC, WAV and NIST SPHERE.
//
// The format is taken from the first bytes, never from the name: TIMIT's "SX1.WAV" is SPHERE on one disc and RIFF on
// another. A file is read in two ways. ReadInfo looks at the header alone, so that a corpus of 300 000 utterances can be
// listed without decoding one; Decode gives the samples, as float32 in [-1, 1), one slice a channel, at the file's own
// rate. What follows is the caller's choice, made in its configuration and never here: Mono picks or mixes channels,
// Resample changes the rate, Check lists what is suspicious about the sound itself.
//
//	info, err := audio.ReadInfo("dr1/fcjf0/sa1.wav")  // sphere, 16000 Hz, 1 channel, 46797 samples
//	a, err := audio.Decode("dr1/fcjf0/sa1.wav")
//	x, err := a.Mono("")                              // an error if there are two channels
//	x = audio.Resample(x, a.Rate, 24000, audio.Kaiser)
//	for _, f := range audio.Check(a) { fmt.Println(f) }
//
// # Files that lie
//
// A header's numbers are promises. Every length is held against the size of the file before memory is taken for it, so
// that 44 bytes which promise 4 GB cost 44 bytes. A file that is shorter than its header says is an error, because
// the end of an utterance is missing; one that is longer is decoded as declared and Check says so. A WAV header of a file that
// went through a pipe promises nothing: the sound goes on to the end of the file, and Check says so too. Errors are one line,
// of type *Error, with the path, the byte where the trouble is, what was expected and what was found.
package audio
