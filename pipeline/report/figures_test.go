package report

import (
	"os"
	"testing"
)

func TestDrawAll(t *testing.T) {
	dir := os.Getenv("SPEECHSIM_GALLERY")
	if dir == "" {
		dir = t.TempDir()
	}
	figures, cells := gallery()
	if err := DrawAll(dir, figures, cells); err != nil {
		t.Fatal(err)
	}
}
