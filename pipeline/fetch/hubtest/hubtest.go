// Package hubtest is a server that behaves like the Hugging Face hub, for tests: large files are sent from another host, small
// ones by the hub itself, and what a checkpoint is at a revision is told by its API.
package hubtest

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Repository is a checkpoint with one commit, which is its branch main.
type Repository struct {
	Commit  string
	Licence string
	Token   string            // that reading it takes, "" = none
	Files   map[string][]byte // weights are large files
}

// Request is one that came.
type Request struct {
	Method, Path, Range, Authorization string
	Store                              bool // to the host of large files
}

// Server is the hub and the host of its large files.
type Server struct {
	URL          string
	Repositories map[string]*Repository
	// Fault, if set, may answer in the server's place and then says so.
	Fault func(w http.ResponseWriter, r *http.Request, store bool) bool

	hub, store *httptest.Server
	mu         sync.Mutex
	requests   []Request
}

// Start starts both.
func Start(repositories map[string]*Repository) *Server {
	s := &Server{Repositories: repositories}
	s.store = httptest.NewServer(s.handle(s.serveStore, true))
	s.hub = httptest.NewServer(s.handle(s.serveHub, false)) // last: it leads to the store
	s.URL = s.hub.URL
	return s
}

// Close stops both.
func (s *Server) Close() {
	s.hub.Close()
	s.store.Close()
}

// Requests are all that came so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Server) handle(serve http.HandlerFunc, store bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, Request{r.Method, r.URL.Path, r.Header.Get("Range"), r.Header.Get("Authorization"), store})
		s.mu.Unlock()
		if s.Fault == nil || !s.Fault(w, r, store) {
			serve(w, r)
		}
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Error-Code", code)
	w.WriteHeader(status)
}

func (s *Server) serveHub(w http.ResponseWriter, r *http.Request) {
	if id, revision, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/models/"), "/revision/"); ok {
		if repo := s.repository(w, r, id, revision); repo != nil {
			describe(w, repo)
		}
		return
	}
	id, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/resolve/")
	revision, name, _ := strings.Cut(rest, "/")
	repo := s.repository(w, r, id, revision)
	if repo == nil {
		return
	}
	data, ok := repo.Files[name]
	if !ok {
		refuse(w, http.StatusNotFound, "EntryNotFound")
		return
	}
	w.Header().Set("X-Repo-Commit", repo.Commit)
	if !large(name) {
		w.Header().Set("ETag", `"`+gitSHA1(data)+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
		return
	}
	w.Header().Set("X-Linked-Etag", `"`+SHA256(data)+`"`)
	w.Header().Set("X-Linked-Size", fmt.Sprint(len(data)))
	w.Header().Set("Location", s.store.URL+"/"+SHA256(data)+"?signature=secret")
	w.WriteHeader(http.StatusFound)
}

// repository finds the repository of a request, or refuses as the hub does: what may not be seen is not told from what is not there.
func (s *Server) repository(w http.ResponseWriter, r *http.Request, id, revision string) *Repository {
	repo := s.Repositories[id]
	switch {
	case repo == nil || repo.Token != "" && r.Header.Get("Authorization") != "Bearer "+repo.Token:
		refuse(w, http.StatusUnauthorized, "RepoNotFound")
		return nil
	case revision != "main" && revision != repo.Commit:
		refuse(w, http.StatusNotFound, "RevisionNotFound")
		return nil
	}
	return repo
}

func (s *Server) serveStore(w http.ResponseWriter, r *http.Request) {
	for _, repo := range s.Repositories {
		for name, data := range repo.Files {
			if large(name) && r.URL.Path == "/"+SHA256(data) {
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
				return
			}
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

// describe answers as the API does.
func describe(w http.ResponseWriter, repo *Repository) {
	type lfs struct {
		SHA256 string `json:"sha256"`
		Size   int    `json:"size"`
	}
	type sibling struct {
		Name string `json:"rfilename"`
		Size int    `json:"size"`
		Blob string `json:"blobId"`
		LFS  *lfs   `json:"lfs,omitempty"`
	}
	var siblings []sibling
	for _, name := range slices.Sorted(maps.Keys(repo.Files)) {
		data := repo.Files[name]
		of := sibling{Name: name, Size: len(data), Blob: gitSHA1(data)}
		if large(name) {
			of.Blob, of.LFS = gitSHA1([]byte("a pointer")), &lfs{SHA256(data), len(data)}
		}
		siblings = append(siblings, of)
	}
	if err := json.NewEncoder(w).Encode(map[string]any{"sha": repo.Commit, "siblings": siblings, "tags": []string{"pytorch", "license:" + repo.Licence}}); err != nil {
		panic(err) // the test has gone
	}
}

func large(name string) bool {
	return strings.HasSuffix(name, ".safetensors") || strings.HasSuffix(name, ".bin")
}

// SHA256 is the digest of large files.
func SHA256(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }

// gitSHA1 is the name that git has for a file.
func gitSHA1(data []byte) string {
	return fmt.Sprintf("%x", sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...)))
}
