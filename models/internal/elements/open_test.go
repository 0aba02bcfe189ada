package elements

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpen: a file of weights is opened; what is none, or stands in its place, is refused with what to do.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, content := range []string{"", "vers", "some weights, more than the first words of a pointer"} {
		f, n, err := Open(path("weights", content))
		if err != nil || n != int64(len(content)) {
			t.Fatalf("%q: %d bytes, %v", content, n, err)
		}
		f.Close()
	}
	for name, want := range map[string]string{
		path("pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:1\n"): "pointer is a Git LFS pointer in place of the file: fetch the file itself with `git lfs pull`",
		dir:                          "is no file",
		filepath.Join(dir, "absent"): "no such file",
	} {
		if _, _, err := Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, expected %q", name, err, want)
		}
	}
}
