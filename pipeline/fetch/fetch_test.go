package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"speechsim/models/hub"
	"speechsim/pipeline/fetch/hubtest"
	"speechsim/pipeline/progress"
)

const (
	hubert = "facebook/hubert-base-ls960"
	commit = "dba3bb02fda4248b6e082697eee756de8fe8aa8a"
)

// noise is what weights are to a download.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// setup starts a hub with one checkpoint, and an empty cache.
func setup(t *testing.T) (*hubtest.Server, hub.Cache) {
	t.Helper()
	s := hubtest.Start(map[string]*hubtest.Repository{hubert: {Commit: commit, Licence: "apache-2.0", Files: map[string][]byte{
		"config.json":              []byte(`{"model_type": "hubert"}`),
		"preprocessor_config.json": []byte(`{}`),
		"README.md":                []byte("# HuBERT"),
		"model.safetensors":        noise(300_000),
		"pytorch_model.bin":        noise(200_000),
		"tf_model.h5":              noise(1000),
	}}})
	t.Cleanup(s.Close)
	dir := t.TempDir()
	for key, value := range map[string]string{"HF_ENDPOINT": s.URL, "HF_HOME": dir, "HF_HUB_CACHE": "", "HUGGINGFACE_HUB_CACHE": "", "HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": "",
		"HF_TOKEN_PATH": "", "HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "", "HTTP_PROXY": "", "http_proxy": ""} {
		t.Setenv(key, value)
	}
	return s, hub.Cache{Dir: filepath.Join(dir, "hub")}
}

// pauses are the waits of a client, which a test does not sit out.
type pauses struct {
	mu   sync.Mutex
	took []time.Duration
}

func (p *pauses) pause(ctx context.Context, d time.Duration) error {
	p.mu.Lock()
	p.took = append(p.took, d)
	p.mu.Unlock()
	return pause(ctx, min(d, time.Millisecond))
}

// fetchHubert plans and runs.
func fetchHubert(t *testing.T, w hub.Wanted) (*pauses, error) {
	t.Helper()
	n := &needs{}
	n.checkpoint(w, func(err error) error { return err })
	return fetchAll(t, n)
}

func fetchAll(t *testing.T, n *needs) (*pauses, error) {
	t.Helper()
	plan, err := makePlan(t.Context(), n, published, progress.Quiet{})
	if err != nil {
		return nil, err
	}
	waits := &pauses{}
	plan.client.pause = waits.pause
	return waits, plan.Run(t.Context())
}

var whole = hub.Wanted{Name: hubert, Path: "nowhere", Weights: true}

func TestCheckpoint(t *testing.T) {
	s, cache := setup(t)
	if _, err := hub.Find(whole); err == nil {
		t.Fatal("found in an empty cache")
	}
	if _, err := fetchHubert(t, whole); err != nil {
		t.Fatal(err)
	}
	found, err := hub.Find(whole)
	if err != nil {
		t.Fatal(err)
	}
	if found.Commit != commit || found.Revision != "main" || found.Path != cache.Snapshot(hubert, commit) {
		t.Errorf("%+v", found)
	}
	for _, name := range []string{"config.json", "preprocessor_config.json", "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join(found.Path, name))
		if err != nil || !bytes.Equal(data, s.Repositories[hubert].Files[name]) {
			t.Errorf("%s: %v, %d bytes", name, err, len(data))
		}
		if link, err := os.Readlink(filepath.Join(found.Path, name)); err != nil || !strings.HasPrefix(link, "../../blobs/") {
			t.Errorf("%s: link %q, %v", name, link, err)
		}
	}
	if items, _ := os.ReadDir(found.Path); len(items) != 3 {
		t.Errorf("files that nobody needs: %v", items)
	}
	if blobs, _ := os.ReadDir(filepath.Dir(cache.Blob(hubert, "x"))); len(blobs) != 3 {
		t.Errorf("blobs: %v", blobs)
	}

	// What is there is not fetched again.
	before := len(s.Requests())
	if _, err := fetchHubert(t, whole); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Requests()) - before; n != 1 {
		t.Errorf("%d requests for what is there; one asks for the commit", n)
	}
	// Nor is the hub needed then.
	s.Close()
	if _, err := fetchHubert(t, whole); err != nil {
		t.Errorf("without the hub: %v", err)
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	if _, err := fetchHubert(t, whole); err != nil {
		t.Errorf("offline: %v", err)
	}
	if _, err := fetchHubert(t, hub.Wanted{Name: "facebook/other"}); err == nil || !strings.Contains(err.Error(), "HF_HUB_OFFLINE forbids the network") {
		t.Errorf("offline: %v", err)
	}
}

func TestFilesNeeded(t *testing.T) {
	s, cache := setup(t)
	files := s.Repositories[hubert].Files
	for _, c := range []struct {
		name    string
		remove  []string
		add     []string
		weights bool
		want    string
	}{
		{"CTranslate2", []string{"model.safetensors", "pytorch_model.bin"}, []string{"model.bin"}, true, "config.json model.bin preprocessor_config.json"},
		{"torch", nil, []string{"pytorch_model.bin"}, true, "config.json preprocessor_config.json pytorch_model.bin"},
		{"random weights", nil, nil, false, "config.json preprocessor_config.json"},
		{"shards", nil, []string{"model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "1_Pooling/config.json", "vocab.txt"}, true,
			"config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json preprocessor_config.json vocab.txt"},
	} {
		for _, name := range c.remove {
			delete(files, name)
		}
		for _, name := range c.add {
			files[name] = []byte(name)
		}
		os.RemoveAll(cache.Dir)
		if _, err := fetchHubert(t, hub.Wanted{Name: hubert, Weights: c.weights}); err != nil {
			t.Fatal(err)
		}
		items, err := os.ReadDir(cache.Snapshot(hubert, commit))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, item := range items {
			got = append(got, item.Name())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
	files["config.json"], files["model-x.safetensors"] = nil, nil
	for name := range files {
		if name != "README.md" {
			delete(files, name)
		}
	}
	if _, err := fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), "no checkpoint of transformers") {
		t.Errorf("without config.json: %v", err)
	}
	files["config.json"] = []byte("{}")
	if _, err := fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), "has no model.safetensors, pytorch_model.bin or model.bin") {
		t.Errorf("without weights: %v", err)
	}
}

// TestToken: the token goes to the hub alone.
func TestToken(t *testing.T) {
	s, _ := setup(t)
	s.Repositories[hubert].Token = "hf_secret"
	if _, err := fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), "set HF_TOKEN") {
		t.Errorf("without a token: %v", err)
	}
	home := os.Getenv("HF_HOME")
	if err := os.WriteFile(filepath.Join(home, "token"), []byte("hf_secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fetchHubert(t, whole); err != nil {
		t.Fatal(err)
	}
	toStore := 0
	for _, r := range s.Requests()[1:] {
		if r.Store {
			toStore++
		}
		if want := "Bearer hf_secret"; (r.Authorization == want) == r.Store {
			t.Errorf("%+v", r)
		}
	}
	if toStore != 1 {
		t.Errorf("%d requests to the store", toStore)
	}
	t.Setenv("HF_TOKEN", "hf_a b")
	if _, err := fetchHubert(t, whole); err == nil || strings.Contains(err.Error(), "hf_a") {
		t.Errorf("a token that is none: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	s, _ := setup(t)
	for _, c := range []struct {
		w    hub.Wanted
		want string
	}{
		{hub.Wanted{Name: "facebook/nosuch"}, "there is no file or folder facebook/nosuch here, and no such model on the hub, or it is private"},
		{hub.Wanted{Name: hubert, Revision: "v2"}, `has no branch, tag or commit "v2"`},
		{hub.Wanted{Name: hubert, Revision: "../x"}, `revision "../x" can't be`},
	} {
		if _, err := fetchHubert(t, c.w); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.w, err)
		}
	}
	answer := func(status int, code string) func(http.ResponseWriter, *http.Request, bool) bool {
		return func(w http.ResponseWriter, r *http.Request, store bool) bool {
			if strings.HasPrefix(r.URL.Path, "/api/") {
				return false
			}
			w.Header().Set("X-Error-Code", code)
			w.WriteHeader(status)
			return true
		}
	}
	s.Fault = answer(http.StatusForbidden, "GatedRepo")
	if _, err := fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), "accept them on its page") {
		t.Errorf("gated: %v", err)
	}
	s.Fault = answer(http.StatusServiceUnavailable, "")
	if _, err := fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), "503 Service Unavailable; it was tried 6 times") {
		t.Errorf("down: %v", err)
	}
	s.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		if r.Method == http.MethodHead {
			w.Header().Set("X-Repo-Commit", strings.Repeat("0", 40))
			return true
		}
		return false
	}
	if _, err := fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), "and the hub gives commit") {
		t.Errorf("another commit: %v", err)
	}
	s.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		fmt.Fprint(w, "<html>please log in</html>")
		return true
	}
	if _, err := fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), "does not answer as the hub does") {
		t.Errorf("a page: %v", err)
	}
	t.Setenv("HF_ENDPOINT", "huggingface")
	if _, err := fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), `HF_ENDPOINT is "huggingface"; it must be an address`) {
		t.Errorf("endpoint: %v", err)
	}
}

// TestUnreached: a host that no line leads to is named in a few words, with what to do instead.
func TestUnreached(t *testing.T) {
	setup(t)
	const nowhere = "127.0.0.1:1"
	dir := t.TempDir()
	n := &needs{archives: []*archiveNeed{
		{archive: archive{what: "vectors", address: "http://" + nowhere + "/v.zip"}, file: filepath.Join(dir, "v.zip")},
		{archive: archive{what: "speech", address: "http://" + nowhere + "/s.tar.gz"}, file: filepath.Join(dir, ".s.tar.gz"), want: []wanted{{"s", filepath.Join(dir, "s")}}},
	}}
	_, err := fetchAll(t, n)
	for _, want := range []string{
		"vectors: " + nowhere + " can't be reached (connect: connection refused): where there is no network, get http://" + nowhere + "/v.zip on another machine, and put it at " + filepath.Join(dir, "v.zip"),
		"speech: " + nowhere + " can't be reached (connect: connection refused): where there is no network, get http://" + nowhere + "/s.tar.gz on another machine, and unpack s to " + filepath.Join(dir, "s"),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	t.Setenv("HF_ENDPOINT", "http://"+nowhere)
	if _, err := fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), nowhere+" can't be reached (connect: connection refused), and the Hugging Face cache ") {
		t.Error(err)
	}
	for err, want := range map[error]string{
		&url.Error{Op: "Get", URL: "https://hub.example/x", Err: &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "hub.example"}}}:                 "hub.example can't be reached (no such host)",
		&url.Error{Op: "Get", URL: "https://hub.example/x", Err: &net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}}: "hub.example can't be reached (by the proxy of HTTPS_PROXY or HTTP_PROXY: connection refused)",
		&url.Error{Op: "Get", URL: "https://hub.example/x", Err: &net.OpError{Op: "read", Err: errors.New("reset")}}:                                                     `Get "https://hub.example/x": read: reset`,
	} {
		if got := plainly(err).Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	s, _ := setup(t)
	var asked atomic.Int32
	s.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		if !store || asked.Add(1) > 2 {
			return false
		}
		w.Header().Set("Retry-After", "37")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	waits, err := fetchHubert(t, whole)
	if err != nil {
		t.Fatal(err)
	}
	if len(waits.took) != 2 || waits.took[0] != 37*time.Second {
		t.Errorf("waited %v", waits.took)
	}
	s2, _ := setup(t)
	s2.Fault = func(w http.ResponseWriter, r *http.Request, store bool) bool {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
		return store
	}
	if _, err := fetchHubert(t, whole); err == nil || !strings.Contains(err.Error(), "asks to wait for 1h0m0s") {
		t.Errorf("an hour: %v", err)
	}
}
