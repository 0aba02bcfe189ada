// Package hub knows the Hugging Face hub as its own libraries do: the names of checkpoints, the environment variables, and the
// cache on this machine, which Python's huggingface_hub shares. It asks nothing of the network; the package pipeline/fetch does.
//
//	source, err := hub.Find(hub.Wanted{Name: "facebook/hubert-base-ls960", Path: "configs/facebook/hubert-base-ls960", Weights: true})
//	checkpoint.Open(source.Path, ...)
package hub

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// DefaultRevision is the branch that is meant where none is named.
const DefaultRevision = "main"

// Source is where a checkpoint lies: a path of the user's, or a snapshot in the cache.
type Source struct {
	Path     string `json:"path"`
	ID       string `json:"id,omitempty"`       // on the hub, "" where Path is the user's
	Revision string `json:"revision,omitempty"` // as asked
	Commit   string `json:"commit,omitempty"`
}

// MissingError says that a checkpoint is neither a file nor in the cache.
type MissingError struct {
	ID, Revision string
	Path         string // that was looked for first
	Cache        string
	Why          string // what the cache lacks
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("there is no file or folder %s, and the Hugging Face cache %s has no %s%s", e.Path, e.Cache, e.ID, e.Why)
}

// Wanted is a checkpoint as a config or a command names it.
type Wanted struct {
	Name     string // a path, or an id on the hub
	Path     string // the name as a path, from the working directory
	Revision string // "" = the default
	Weights  bool   // or config.json and its like alone
}

// weightFiles are what a snapshot with weights has one of.
var weightFiles = []string{"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json", "model.bin"}

// Find finds a checkpoint: the file or folder at its path if there is one, else what the cache has under its id. What can only be
// fetched is a [MissingError].
func Find(w Wanted) (Source, error) {
	if _, err := os.Stat(w.Path); err == nil {
		if w.Revision != "" {
			return Source{}, fmt.Errorf("%s is a file or folder, and a revision is of a checkpoint on the hub: leave the revision out, or move the folder away", w.Path)
		}
		return Source{Path: w.Path}, nil
	}
	if !IsID(w.Name) {
		return Source{}, fmt.Errorf("%s: there is no such file or folder", w.Path)
	}
	s := Source{ID: w.Name, Revision: cmp.Or(w.Revision, DefaultRevision)}
	if err := CheckRevision(s.Revision); err != nil {
		return Source{}, err
	}
	cache, err := OpenCache()
	if err != nil {
		return Source{}, err
	}
	missing := &MissingError{ID: s.ID, Revision: s.Revision, Path: w.Path, Cache: cache.Dir}
	if _, err := os.Stat(cache.folder(s.ID)); err != nil {
		return Source{}, missing
	}
	if s.Commit, err = cache.Commit(s.ID, s.Revision); err != nil {
		missing.Why = fmt.Sprintf(" at revision %q", s.Revision)
		return Source{}, missing
	}
	s.Path = cache.Snapshot(s.ID, s.Commit)
	if !hasOneOf(s.Path, "config.json") {
		missing.Why = fmt.Sprintf(" with a config.json at revision %q", s.Revision)
		return Source{}, missing
	}
	if w.Weights && !hasOneOf(s.Path, weightFiles...) {
		missing.Why = fmt.Sprintf(" with weights at revision %q", s.Revision)
		return Source{}, missing
	}
	return s, nil
}

func hasOneOf(folder string, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, err := os.Stat(filepath.Join(folder, name))
		return err == nil
	})
}

// ids are names of checkpoints: NAME or ORGANISATION/NAME.
var ids = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9._-]*/)?[A-Za-z0-9_][A-Za-z0-9._-]*$`)

// IsID says whether a name can be that of a checkpoint on the hub.
func IsID(name string) bool {
	return len(name) <= 96 && ids.MatchString(name) && !strings.Contains(name, "--") && !strings.Contains(name, "..") &&
		!strings.HasSuffix(name, ".") && !strings.HasSuffix(name, ".git")
}

// CheckRevision finds what can't be the name of a branch, a tag or a commit, such as what would lead out of a folder.
func CheckRevision(name string) error {
	if name == "" || strings.ContainsAny(name, "\\\x00\n") || !filepath.IsLocal(filepath.FromSlash(name)) || path.Clean(name) != name {
		return fmt.Errorf("revision %q can't be a branch, a tag or a commit", name)
	}
	return nil
}

// commits are full SHA-1 names of commits.
var commits = regexp.MustCompile(`^[0-9a-f]{40}$`)

// IsCommit says whether a revision is the name of a commit, which no ref is needed for.
func IsCommit(revision string) bool { return commits.MatchString(revision) }

// Environment is what the environment says about the hub.
type Environment struct {
	Endpoint *url.URL
	Token    string // "" = none
	Offline  string // the variable that forbids the network, "" = none
}

// ReadEnvironment reads it. endpoint is the hub's address where HF_ENDPOINT says nothing.
func ReadEnvironment(endpoint string) (Environment, error) {
	var e Environment
	at := strings.TrimRight(cmp.Or(os.Getenv("HF_ENDPOINT"), endpoint), "/")
	var err error
	if e.Endpoint, err = url.Parse(at); err != nil || e.Endpoint.Host == "" || e.Endpoint.Scheme != "https" && e.Endpoint.Scheme != "http" {
		return e, fmt.Errorf("HF_ENDPOINT is %q; it must be an address such as %s", at, endpoint)
	}
	for _, name := range []string{"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"} {
		if isTrue(os.Getenv(name)) {
			e.Offline = name
			break
		}
	}
	if isTrue(os.Getenv("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
		return e, nil
	}
	if e.Token = strings.TrimSpace(cmp.Or(os.Getenv("HF_TOKEN"), os.Getenv("HUGGING_FACE_HUB_TOKEN"))); e.Token != "" {
		return e, checkToken(e.Token, "HF_TOKEN")
	}
	home, err := home()
	if err != nil {
		return e, err
	}
	file := expand(cmp.Or(os.Getenv("HF_TOKEN_PATH"), filepath.Join(home, "token")))
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return e, nil
	}
	if err != nil {
		return e, err
	}
	e.Token = strings.TrimSpace(string(text))
	return e, checkToken(e.Token, file)
}

// checkToken refuses what would break a header. The token itself is no part of the message.
func checkToken(token, from string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("the token in %s has spaces or other characters that no token has", from)
	}
	return nil
}

// isTrue reads a variable that is on or off.
func isTrue(value string) bool {
	return slices.Contains([]string{"1", "ON", "YES", "TRUE"}, strings.ToUpper(value))
}

// home is the folder of all that the hub's libraries keep.
func home() (string, error) {
	if h := os.Getenv("HF_HOME"); h != "" {
		return expand(h), nil
	}
	if x := os.Getenv("XDG_CACHE_HOME"); x != "" {
		return filepath.Join(expand(x), "huggingface"), nil
	}
	user, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("where the Hugging Face cache lies is not known: set HF_HUB_CACHE (%w)", err)
	}
	return filepath.Join(user, ".cache", "huggingface"), nil
}

// expand replaces variables and a leading tilde, as the hub's libraries do.
func expand(name string) string {
	name = os.ExpandEnv(name)
	if rest, ok := strings.CutPrefix(name, "~"); ok && (rest == "" || rest[0] == '/') {
		if user, err := os.UserHomeDir(); err == nil {
			return filepath.Join(user, rest)
		}
	}
	return name
}
