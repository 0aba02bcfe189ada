package textgrid

import (
	"os"
	"testing"
)

// peersPython gives a Python that has the packages praatio and textgrid.
func peersPython(tb testing.TB) string {
	tb.Helper()
	python := os.Getenv("SPEECHSIM_PEERS_PYTHON")
	if python == "" {
		tb.Skip("praatio/textgrid not installed")
	}
	return python
}
