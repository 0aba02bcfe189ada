package vectors

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVectorsCached(t *testing.T) {
	path := writeFile(t, "v.txt", []byte(smallVectors+"of 7 8 9\n"))
	dir := filepath.Join(t.TempDir(), "new", "cache")
	words := asked("The", "of", "in", "nowhere", "")
	fresh, err := OpenCached(path, words, dir, "digest-1", strings.ToLower)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 || !strings.HasSuffix(files[0], ".bin") {
		t.Fatalf("found %v in the cache, want one .bin", files)
	}
	same := func(v *Vectors) {
		t.Helper()
		if v.Dim() != fresh.Dim() || v.held != fresh.held || v.lines != fresh.lines || v.duplicates != 1 || v.lowerFirst != fresh.lowerFirst {
			t.Errorf("got %d vectors of %d, %d duplicates, want %d of %d, 1", v.held, v.Dim(), v.duplicates, fresh.held, fresh.Dim())
		}
		for _, w := range []string{"The", "the", "of", "in", "nowhere", ""} {
			a, hasA := fresh.Vector(w)
			b, hasB := v.Vector(w)
			if hasA != hasB || len(a) != len(b) {
				t.Fatalf("%q: got %v, want %v", w, b, a)
			}
			for i := range a {
				if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
					t.Errorf("%q: got %v, want %v", w, b, a)
				}
			}
		}
	}

	// The file itself is not needed any more.
	again, err := OpenCached(filepath.Join(dir, "gone.txt"), words, dir, "digest-1", strings.ToLower)
	if err != nil {
		t.Fatal(err)
	}
	same(again)

	// Other words, or another content, are another cache.
	for _, c := range []struct {
		words  map[string]bool
		digest string
	}{{asked("The", "of"), "digest-1"}, {words, "digest-2"}, {words, ""}, {nil, "digest-1"}} {
		if _, err := OpenCached(filepath.Join(dir, "gone.txt"), c.words, dir, c.digest, strings.ToLower); !os.IsNotExist(err) {
			t.Errorf("words %v, digest %q: got %v, want that the file is looked for and not there", c.words, c.digest, err)
		}
	}

	// A damaged cache is ignored and written again, the same as before.
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, whole[:40], whole[:len(whole)-1], append(bytes.Clone(whole), 0), bytes.Replace(whole, []byte("The"), []byte("Thx"), 1)} {
		if err := os.WriteFile(files[0], bad, 0o666); err != nil {
			t.Fatal(err)
		}
		v, err := OpenCached(path, words, dir, "digest-1", strings.ToLower)
		if err != nil {
			t.Fatal(err)
		}
		same(v)
		if now, _ := os.ReadFile(files[0]); !bytes.Equal(now, whole) {
			t.Error("the cache was written otherwise than before")
		}
	}
	if files, _ = filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 {
		t.Errorf("found %v in the cache, want one file", files)
	}
}

func TestVectorsCachedErrors(t *testing.T) {
	bad := writeFile(t, "v.txt", []byte("the 1 2\nof 1\n"))
	dir := t.TempDir()
	if _, err := OpenCached(bad, asked("the"), dir, "x", strings.ToLower); err == nil {
		t.Error("a bad file gives no error")
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("a bad file was kept: %v", files)
	}
	good := writeFile(t, "v.txt", []byte(smallVectors))
	if _, err := OpenCached(good, asked("the"), good, "x", strings.ToLower); err == nil || !strings.Contains(err.Error(), "cannot keep the vectors of "+good) {
		t.Errorf("got %v, want that the folder cannot be made", err)
	}
}

// FuzzVectorCache: no panic on a file whose checksum is right and whose content is not.
func FuzzVectorCache(f *testing.F) {
	words := asked("the", "of")
	key := cacheKey(words, "x")
	v, err := read(strings.NewReader(smallVectors), "v", words, strings.ToLower)
	if err != nil {
		f.Fatal(err)
	}
	start := len(cacheForm) + len(key)
	whole := encode(v, key)
	f.Add(whole[start : len(whole)-32])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		decode(seal(append([]byte(cacheForm), append(key[:], content...)...)), key, words, strings.ToLower)
	})
}
