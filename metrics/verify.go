package metrics

import (
	"bufio"
	"io"
)

// Verify reads a file of sums of any kind that this package writes ([Moments], [AttentionRows], [AttentionPositions]) and says what is
// wrong with it: an unknown form, a length or a checksum that does not fit.
func Verify(r io.Reader) error {
	in := bufio.NewReader(r)
	first, err := in.Peek(len(positionMagic)) // all kinds are longer
	if err != nil {
		return readError(err)
	}
	switch {
	case first[0] == '{':
		_, err = ReadAttentionRows(in, PureGo(), 1)
	case string(first) == positionMagic:
		_, err = ReadAttentionPositions(in)
	default:
		_, err = ReadMoments(in, PureGo(), Options{})
	}
	return err
}
