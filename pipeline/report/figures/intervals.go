package figures

import (
	"fmt"

	"speechsim/pipeline/results"
)

// Elsewhere says what the interval of a cell is about where it does not hold the value, "" where it does.
func Elsewhere(c *results.Cell) string {
	switch {
	case c.Value == nil || c.Lo == nil || *c.Lo <= *c.Value && *c.Value <= *c.Hi:
		return ""
	case c.Groups != nil && c.Groups.Grouped != nil:
		return fmt.Sprintf("of rows of different groups alone, on which the value is %s", Short(*c.Groups.Grouped))
	}
	return "about the value less its bias"
}
