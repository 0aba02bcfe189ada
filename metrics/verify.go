package metrics

import (
	"bufio"
	"io"
)

// Verify reads a file of sums of any kind that this package writes ([Moments], [AttentionRows]) and says what is wrong
// with it: an unknown form, a length or a checksum that does not fit.
func Verify(r io.Reader) error {
	in := bufio.NewReader(r)
	first, err := in.Peek(1)
	if err != nil {
		return readError(err)
	}
	if first[0] == '{' {
		_, err = ReadAttentionRows(in, PureGo(), 1)
		return err
	}
	_, err = ReadMoments(in, PureGo(), Options{})
	return err
}
