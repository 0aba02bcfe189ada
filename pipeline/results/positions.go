package results

import (
	"io"
	"math"
	"strconv"

	"speechsim/pipeline/internal/files"
)

// HeadPosition is the attention of one head at a relative position: the frame of the key less that of the query. What is further away is
// gathered, on either side.
type HeadPosition struct {
	Layer    Layer
	Head     int // from 0
	From, To int // frames: the same, or from math.MinInt, or to math.MaxInt
	Pairs    int // of query and key, in all utterances
	Mean     float64
	Uniform  float64 // what the mean would be if each query spread its attention evenly
	Share    float64 // of the head's attention
}

var positionHeader = []string{"model", "layer", "head", "from", "to", "pairs", "attention", "uniform_attention", "share"}

// WritePositions writes relative_positions.csv: a header, and a row for each head and position.
func WritePositions(w io.Writer, list []HeadPosition) error {
	end := func(n, open int) string {
		if n == open {
			return ""
		}
		return strconv.Itoa(n)
	}
	return writeTable(w, positionHeader, func(write func([]string) error) error {
		for _, p := range list {
			if err := write([]string{p.Layer.Model, p.Layer.Layer, strconv.Itoa(p.Head), end(p.From, math.MinInt), end(p.To, math.MaxInt), strconv.Itoa(p.Pairs),
				number(&p.Mean), number(&p.Uniform), number(&p.Share)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// WritePositionsFile writes relative_positions.csv as [WriteFile] writes results.jsonl.
func WritePositionsFile(path string, list []HeadPosition) error {
	return files.Write(path, func(w io.Writer) error { return WritePositions(w, list) })
}

// ReadPositionsFile reads relative_positions.csv.
func ReadPositionsFile(path string) ([]HeadPosition, error) {
	var list []HeadPosition
	err := readTable(path, positionHeader, func(r *tableRow) {
		list = append(list, HeadPosition{Layer: r.layer(), Head: r.integer(0), From: r.integer(math.MinInt), To: r.integer(math.MaxInt), Pairs: r.integer(0),
			Mean: r.number(), Uniform: r.number(), Share: r.number()})
	})
	return list, err
}
