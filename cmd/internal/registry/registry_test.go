package registry

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is in the cache is taken without any client; what has another sum is not.
func TestFetchFromTheCache(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	t.Setenv("PATH", "")
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "speechsim", "a-1-py3-none-any.whl")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("abc"), 0o666); err != nil {
		t.Fatal(err)
	}
	f := File{Spec: "a==1", Name: filepath.Base(path), SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
	if got, err := f.Fetch(); got != path || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	f.SHA256 = strings.Repeat("0", 64)
	if _, err := f.Fetch(); err == nil || !strings.Contains(err.Error(), "python3") {
		t.Errorf("without a client: %v", err)
	}
	if err := f.check(path); err == nil || !strings.Contains(err.Error(), "is pinned") {
		t.Errorf("another sum: %v", err)
	}
}
