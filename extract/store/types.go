package store

import (
	"encoding/csv"
	"io"
	"strconv"
)

// FinishTypes completes an entry whose rows are word types: rows.csv gives, for each, its label and of how many rows it is
// the mean.
func (e *Entry) FinishTypes(labels []string, counts []int) error {
	return WriteFile(e.rowsPath(), func(w io.Writer) error {
		out := csv.NewWriter(w)
		out.Write([]string{"label", "rows"})
		for t, label := range labels {
			out.Write([]string{label, strconv.Itoa(counts[t])})
		}
		out.Flush()
		return out.Error()
	})
}
