package store

import (
	"fmt"
	"io"
	"slices"
)

// longestStub bounds the files of parts that only say in which group they are.
const longestStub = 200

// JoinParts makes one file of parts that are there, in their order: what write writes, in the place of the last. The others only say so from then
// on. A group that was joined before is left as it is, so a run that is killed on the way goes on, and two runs at once do no harm.
func (e *Entry) JoinParts(parts []int, write func(io.Writer) error) error {
	last := parts[len(parts)-1]
	var failed []Failure
	moved := false
	for _, p := range parts[:len(parts)-1] { // these first: they change only after the last has
		head, err := e.readPart(p, nil)
		if err != nil {
			return err
		}
		failed, moved = append(failed, head.Failed...), moved || head.In != nil
	}
	group, err := e.readPart(last, nil)
	switch {
	case err != nil:
		return err
	case slices.Equal(group.Of, parts):
	case moved:
		return damagedPart(e.PartPath(last), fmt.Errorf("parts %v were joined to it, and it lacks some", parts))
	default:
		if err := e.writePart(last, partHeader{Failed: append(failed, group.Failed...), Of: parts}, write); err != nil {
			return err
		}
	}
	for _, p := range parts[:len(parts)-1] {
		head, err := e.readPart(p, nil)
		if err == nil && head.In == nil {
			err = e.writePart(p, partHeader{In: &last}, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
