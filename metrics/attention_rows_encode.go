package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// attentionFile is the form of a file: its state as JSON, and a checksum of it.
type attentionFile struct {
	Format   string          `json:"format"`
	Checksum uint32          `json:"crc32c"`
	State    json.RawMessage `json:"state"`
}

const attentionFormat = "speechsim attention rows 1"

// WriteTo writes the accumulator as JSON with a checksum. It implements
// io.WriterTo.
func (a *AttentionRows) WriteTo(w io.Writer) (int64, error) {
	state, err := json.Marshal(a.state)
	if err != nil {
		return 0, err
	}
	file, err := json.Marshal(attentionFile{attentionFormat, crc32.Checksum(state, castagnoli), state})
	if err != nil {
		return 0, err
	}
	n, err := w.Write(append(file, '\n'))
	return int64(n), err
}

// ReadAttentionRows reads what WriteTo wrote.
func ReadAttentionRows(r io.Reader, b Backend, workers int) (*AttentionRows, error) {
	var file attentionFile
	decoder := json.NewDecoder(r)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("reading attention: %w", err)
	}
	if file.Format != attentionFormat {
		return nil, fmt.Errorf("reading attention: the format is %q, this program reads %q", file.Format, attentionFormat)
	}
	if sum := crc32.Checksum(file.State, castagnoli); sum != file.Checksum {
		return nil, fmt.Errorf("reading attention: the checksum is %08x and should be %08x: the file was changed", sum, file.Checksum)
	}
	a := &AttentionRows{backend: b, workers: workers}
	if err := json.Unmarshal(file.State, &a.state); err != nil {
		return nil, fmt.Errorf("reading attention: %w", err)
	}
	if err := a.prepare(); err != nil {
		return nil, fmt.Errorf("reading attention: %w", err)
	}
	s := &a.state
	for _, v := range s.Variants {
		if len(s.Sums[v]) != len(s.Pairs) || len(s.Flat) != len(s.Heads) {
			return nil, errors.New("reading attention: sums are missing")
		}
		for p, sums := range s.Sums[v] {
			if len(sums) != s.Heads[s.Pairs[p][0]]*s.Heads[s.Pairs[p][1]] {
				return nil, errors.New("reading attention: sums are missing")
			}
		}
	}
	return a, nil
}
