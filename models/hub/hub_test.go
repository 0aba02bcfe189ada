package hub

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const commit = "dba3bb02fda4248b6e082697eee756de8fe8aa8a"

// environment clears all variables of the hub and sets some.
func environment(t *testing.T, set map[string]string) string {
	t.Helper()
	for _, name := range []string{"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE",
		"TRANSFORMERS_OFFLINE", "HF_ENDPOINT", "HF_HUB_DISABLE_IMPLICIT_TOKEN"} {
		t.Setenv(name, "")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	for name, value := range set {
		t.Setenv(name, value)
	}
	return home
}

func TestCacheFolder(t *testing.T) {
	for _, c := range []struct {
		set  map[string]string
		want string
	}{
		{nil, "HOME/.cache/huggingface/hub"},
		{map[string]string{"XDG_CACHE_HOME": "/xdg"}, "/xdg/huggingface/hub"},
		{map[string]string{"XDG_CACHE_HOME": "/xdg", "HF_HOME": "~/hf"}, "HOME/hf/hub"},
		{map[string]string{"HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old"}, "/old"},
		{map[string]string{"HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "$HF_HOME/new"}, "/hf/new"},
	} {
		home := environment(t, c.set)
		got, err := OpenCache()
		if want := strings.Replace(c.want, "HOME", home, 1); err != nil || got.Dir != want {
			t.Errorf("%v: %s, %v; want %s", c.set, got.Dir, err, want)
		}
	}
}

func TestIsID(t *testing.T) {
	for _, name := range []string{"facebook/hubert-base-ls960", "bert-base-uncased", "a/B.c_d-1"} {
		if !IsID(name) {
			t.Errorf("%q is an id", name)
		}
	}
	for _, name := range []string{"", "/x", "x/", "a/b/c", "../x", "./x", "a--b", "a/../b", "a b", "a\\b", "x.git", "~/x", strings.Repeat("x", 97)} {
		if IsID(name) {
			t.Errorf("%q is no id", name)
		}
	}
}

func TestFind(t *testing.T) {
	home := environment(t, nil)
	cache, err := OpenCache()
	if err != nil {
		t.Fatal(err)
	}
	w := Wanted{Name: "a/b", Path: filepath.Join(home, "a/b"), Weights: true}
	fails := func(w Wanted, want string) {
		t.Helper()
		_, err := Find(w)
		var missing *MissingError
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	fails(w, "has no a/b")
	put := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(cache.Blob("a/b", "c0"), "{}")
	fails(w, `has no a/b at revision "main"`)
	if err := cache.SetCommit("a/b", "main", commit); err != nil {
		t.Fatal(err)
	}
	fails(w, "with a config.json")
	if err := cache.Link("a/b", commit, "config.json", "c0"); err != nil {
		t.Fatal(err)
	}
	fails(w, "with weights")
	random := w
	random.Weights = false
	if s, err := Find(random); err != nil || s.Commit != commit {
		t.Errorf("%+v, %v", s, err)
	}
	put(cache.Blob("a/b", "d0"), "weights")
	for range 2 { // again changes nothing
		if err := cache.Link("a/b", commit, "model.safetensors", "d0"); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Find(w)
	if err != nil || s != (Source{cache.Snapshot("a/b", commit), "a/b", "main", commit}) {
		t.Errorf("%+v, %v", s, err)
	}
	if text, err := os.ReadFile(filepath.Join(s.Path, "config.json")); err != nil || string(text) != "{}" {
		t.Errorf("%q, %v", text, err)
	}

	if ids := cache.IDs(); len(ids) != 1 || ids[0] != "a/b" {
		t.Errorf("the cache lists %q", ids)
	}

	// By its commit, and by a branch with a folder in its name.
	w.Revision = commit
	if s, err := Find(w); err != nil || s.Commit != commit {
		t.Errorf("%+v, %v", s, err)
	}
	w.Revision = "refs/pr/1"
	fails(w, `at revision "refs/pr/1"`)
	if err := cache.SetCommit("a/b", w.Revision, commit); err != nil {
		t.Fatal(err)
	}
	if s, err := Find(w); err != nil || s.Commit != commit {
		t.Errorf("%+v, %v", s, err)
	}
	put(filepath.Join(filepath.Dir(filepath.Dir(cache.Blob("a/b", "x"))), "refs", "bad"), "../../..")
	w.Revision = "bad"
	fails(w, `at revision "bad"`)
	for _, revision := range []string{"..", "../x", "/x", "a//b", "a\\b"} {
		w.Revision = revision
		if _, err := Find(w); err == nil || !strings.Contains(err.Error(), "can't be a branch") {
			t.Errorf("%q: %v", revision, err)
		}
	}

	// A path comes first, and has no revisions.
	put(filepath.Join(home, "a/b", "config.json"), "{}")
	w.Revision = ""
	if s, err := Find(w); err != nil || s != (Source{Path: w.Path}) {
		t.Errorf("%+v, %v", s, err)
	}
	w.Revision = "main"
	if _, err := Find(w); err == nil || !strings.Contains(err.Error(), "leave the revision out") {
		t.Errorf("%v", err)
	}
	if _, err := Find(Wanted{Name: "./x", Path: "x"}); err == nil || !strings.Contains(err.Error(), "there is no such file or folder") {
		t.Errorf("%v", err)
	}
	for _, file := range []string{"../x", "/x"} {
		if err := cache.Link("a/b", commit, file, "c0"); err == nil {
			t.Errorf("%s was linked", file)
		}
	}
}

func TestEnvironment(t *testing.T) {
	const endpoint = "https://hub.example"
	home := environment(t, nil)
	e, err := ReadEnvironment(endpoint)
	if err != nil || e.Endpoint.String() != endpoint || e.Token != "" || e.Offline != "" {
		t.Errorf("%+v, %v", e, err)
	}
	file := filepath.Join(home, ".cache", "huggingface", "token")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("hf_file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, value, token, offline string }{
		{"HF_ENDPOINT", "https://other.example/hub/", "hf_file", ""},
		{"HF_HUB_OFFLINE", "true", "hf_file", "HF_HUB_OFFLINE"},
		{"HF_HUB_OFFLINE", "0", "hf_file", ""},
		{"TRANSFORMERS_OFFLINE", "1", "hf_file", "TRANSFORMERS_OFFLINE"},
		{"HF_TOKEN", " hf_variable ", "hf_variable", ""},
		{"HF_HUB_DISABLE_IMPLICIT_TOKEN", "1", "", ""},
		{"HF_TOKEN_PATH", "/nowhere", "", ""},
	} {
		old := os.Getenv(c.name)
		t.Setenv(c.name, c.value)
		if e, err := ReadEnvironment(endpoint); err != nil || e.Token != c.token || e.Offline != c.offline {
			t.Errorf("%s=%s: %+v, %v", c.name, c.value, e, err)
		}
		t.Setenv(c.name, old)
	}
	t.Setenv("HF_ENDPOINT", "ftp://x")
	if _, err := ReadEnvironment(endpoint); err == nil {
		t.Error("an endpoint of FTP")
	}
}
