package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"speechsim/models/hub"
	"speechsim/pipeline/fetch/hubtest"
	"speechsim/pipeline/progress"
)

// cut answers with the first n bytes of what was asked for, as a line does that is cut.
func cut(w http.ResponseWriter, data []byte, n int) {
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	w.Write(data[:n])
	panic(http.ErrAbortHandler)
}

// TestCut: a download goes on after what came, whether the line is cut or the answer ends before the file does.
func TestCut(t *testing.T) {
	t.Run("line", func(t *testing.T) { testCut(t, func(w http.ResponseWriter, data []byte) { cut(w, data, 100_000) }) })
	t.Run("answer", func(t *testing.T) { testCut(t, func(w http.ResponseWriter, data []byte) { w.Write(data[:100_000]) }) })
}

func testCut(t *testing.T, first func(http.ResponseWriter, []byte)) {
	s, cache := setup(t)
	data := s.Repositories[hubert].Files["model.safetensors"]
	var asked atomic.Int32
	s.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		if store && asked.Add(1) == 1 {
			first(w, data)
			return true
		}
		return false
	}
	if _, err := fetchHubert(t, whole); err != nil {
		t.Fatal(err)
	}
	var ranges []string
	for _, r := range s.Requests() {
		if r.Store {
			ranges = append(ranges, r.Range)
		}
	}
	if len(ranges) != 2 || ranges[0] != "" || ranges[1] != "bytes=100000-" {
		t.Errorf("ranges %q", ranges)
	}
	got, err := os.ReadFile(cache.Blob(hubert, hubtest.SHA256(data)))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%v, %d bytes", err, len(got))
	}
}

// TestResume: another process goes on where one was killed, also with a server that knows no ranges, and what is of another
// file is found out.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		name  string
		left  func(data []byte) []byte
		fault func(http.ResponseWriter, *http.Request, bool) bool
		want  string // first range
	}{
		{"half", func(d []byte) []byte { return d[:150_000] }, nil, "bytes=150000-"},
		{"all", func(d []byte) []byte { return d }, nil, ""},
		{"too much", func(d []byte) []byte { return append(bytes.Clone(d), 1) }, nil, ""},
		{"another file", func(d []byte) []byte { return make([]byte, 1000) }, nil, "bytes=1000-"},
		{"no ranges", func(d []byte) []byte { return d[:150_000] }, func(_ http.ResponseWriter, r *http.Request, _ bool) bool {
			r.Header.Del("Range")
			return false
		}, "bytes=150000-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, cache := setup(t)
			s.Fault = c.fault
			data := s.Repositories[hubert].Files["model.safetensors"]
			blob := cache.Blob(hubert, hubtest.SHA256(data))
			if err := os.MkdirAll(filepath.Dir(blob), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(blob+".incomplete", c.left(data), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := fetchHubert(t, whole); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(blob)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%v, %d bytes", err, len(got))
			}
			for _, r := range s.Requests() {
				if r.Store {
					if r.Range != c.want {
						t.Errorf("range %q, want %q", r.Range, c.want)
					}
					break
				}
			}
		})
	}
}

// TestShort: what has come is kept where the server, which knows no ranges, always ends before the file does.
func TestShort(t *testing.T) {
	s, cache := setup(t)
	data := s.Repositories[hubert].Files["model.safetensors"]
	s.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		if store {
			w.Write(data[:100_000])
		}
		return store
	}
	_, err := fetchHubert(t, whole)
	if err == nil || !regexp.MustCompile(`model.safetensors: the answer ended after 100000 of \d+ bytes; it was tried \d+ times; what has arrived is kept`).MatchString(err.Error()) {
		t.Errorf("%v", err)
	}
	left, err := os.ReadFile(cache.Blob(hubert, hubtest.SHA256(data)) + ".incomplete")
	if err != nil || !bytes.Equal(left, data[:100_000]) {
		t.Errorf("%v, %d bytes", err, len(left))
	}
}

func TestWrongChecksum(t *testing.T) {
	s, cache := setup(t)
	s.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		if store {
			w.Write(bytes.Repeat([]byte{1}, len(s.Repositories[hubert].Files["model.safetensors"])))
		}
		return store
	}
	_, err := fetchHubert(t, whole)
	if err == nil || !strings.Contains(err.Error(), "hubert-base-ls960/model.safetensors: the checksum is sha256:") {
		t.Errorf("%v", err)
	}
	if _, err := hub.Find(whole); err == nil {
		t.Error("a checkpoint that is not whole is found")
	}
	if left, _ := filepath.Glob(cache.Blob(hubert, "*.incomplete")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	// Small files have git's checksum.
	if err := os.RemoveAll(cache.Dir); err != nil {
		t.Fatal(err)
	}
	s.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/config.json") {
			w.Write(bytes.Repeat([]byte(" "), len(s.Repositories[hubert].Files["config.json"])))
			return true
		}
		return false
	}
	if _, err = fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), "config.json: the checksum is git:") {
		t.Errorf("%v", err)
	}
}

func TestSilence(t *testing.T) {
	s, _ := setup(t)
	var asked atomic.Int32
	s.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		if store && asked.Add(1) == 1 {
			w.Header().Set("Content-Length", "300000")
			w.Write(s.Repositories[hubert].Files["model.safetensors"][:10])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return true
		}
		return false
	}
	n := &needs{}
	n.checkpoint(whole, func(err error) error { return err })
	plan, err := makePlan(t.Context(), n, published, progress.Quiet{})
	if err != nil {
		t.Fatal(err)
	}
	plan.client.silence, plan.client.pause = 100*time.Millisecond, (&pauses{}).pause
	if err := plan.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestFullDisk(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is of Linux")
	}
	s, cache := setup(t)
	blob := cache.Blob(hubert, hubtest.SHA256(s.Repositories[hubert].Files["model.safetensors"]))
	if err := os.MkdirAll(filepath.Dir(blob), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", blob+".incomplete"); err != nil {
		t.Fatal(err)
	}
	_, err := fetchHubert(t, whole)
	if err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("%v", err)
	}
	if _, err := hub.Find(whole); err == nil {
		t.Error("a checkpoint that is not whole is found")
	}
}

// TestTwo: of two fetches at once each file is downloaded by one.
func TestTwo(t *testing.T) {
	s, _ := setup(t)
	s.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		if store {
			time.Sleep(50 * time.Millisecond)
		}
		return false
	}
	var all sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		all.Go(func() { _, errs[i] = fetchHubert(t, whole) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range s.Requests() {
		if r.Store {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the weights were downloaded %d times", n)
	}
}

func TestStopped(t *testing.T) {
	s, _ := setup(t)
	ctx, stop := context.WithCancel(t.Context())
	s.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		if store {
			stop()
			<-r.Context().Done()
		}
		return store
	}
	n := &needs{}
	n.checkpoint(whole, func(err error) error { return err })
	plan, err := makePlan(ctx, n, published, progress.Quiet{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestSizeWithoutChecksum: where no checksum is known, a file of another size is not taken for whole.
func TestSizeWithoutChecksum(t *testing.T) {
	d := &download{what: "x", to: filepath.Join(t.TempDir(), "x"), size: 5}
	for text, want := range map[string]string{"abcde": "", "abc": "x: 3 bytes came, and 5 were expected"} {
		if err := os.WriteFile(d.incomplete(), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		err := (&client{}).check(d)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && (got != want || d.arrived() != 0) {
			t.Errorf("%q: %v, %d bytes left", text, err, d.arrived())
		}
	}
}
