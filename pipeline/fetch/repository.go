package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"speechsim/models/hub"
)

// repository is a checkpoint on the hub, at one commit.
type repository struct {
	id, commit, licence string
	files               []remote
}

// remote is a file of a repository.
type remote struct {
	name string
	size int64    // 0 where the hub does not say
	sum  checksum // "" likewise
}

// ask asks the hub what a checkpoint is at a revision.
func (c *client) ask(ctx context.Context, endpoint *url.URL, w hub.Wanted, revision string) (*repository, error) {
	var answer struct {
		SHA      string   `json:"sha"`
		Tags     []string `json:"tags"`
		Siblings []struct {
			Name string `json:"rfilename"`
			Size int64  `json:"size"`
			Blob string `json:"blobId"`
			LFS  *struct {
				SHA256 string `json:"sha256"`
				Size   int64  `json:"size"`
			} `json:"lfs"`
		} `json:"siblings"`
	}
	address := endpoint.String() + "/api/models/" + w.Name + "/revision/" + url.PathEscape(revision) + "?blobs=true"
	err := c.again(ctx, func() (bool, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return false, err
		}
		a, err := c.http.Do(r)
		if err != nil {
			return false, err
		}
		defer a.Body.Close()
		if a.StatusCode != http.StatusOK {
			return false, answered(a)
		}
		const most = 64 << 20
		text, err := io.ReadAll(io.LimitReader(a.Body, most))
		if err != nil {
			return false, err
		}
		if err := json.Unmarshal(text, &answer); err != nil {
			return false, refusedError{fmt.Errorf("%s does not answer as the hub does: %w", address, err)}
		}
		return false, nil
	})
	if err != nil {
		return nil, explain(err, w.Name, revision)
	}
	if !hub.IsCommit(answer.SHA) {
		return nil, fmt.Errorf("%s does not say which commit it is", address)
	}
	r := &repository{id: w.Name, commit: answer.SHA, licence: "not said"}
	for _, tag := range answer.Tags {
		if licence, ok := strings.CutPrefix(tag, "license:"); ok {
			r.licence = licence
		}
	}
	for _, s := range answer.Siblings {
		file := remote{name: s.Name, size: s.Size}
		if s.Blob != "" {
			file.sum = checksum("git:" + s.Blob)
		}
		if s.LFS != nil {
			file.size, file.sum = s.LFS.Size, checksum("sha256:"+s.LFS.SHA256)
		}
		r.files = append(r.files, file)
	}
	return r, nil
}

// explain says what the hub's refusals mean.
func explain(err error, id, revision string) error {
	var status *statusError
	if !errors.As(err, &status) {
		return err
	}
	switch {
	case status.status == http.StatusNotFound && status.code == "RevisionNotFound":
		return refusedError{fmt.Errorf("%s has no branch, tag or commit %q (%w)", id, revision, err)}
	case status.code == "GatedRepo":
		return refusedError{fmt.Errorf("%s is given to those who accepted its terms: accept them on its page, and set HF_TOKEN to a token of yours (%w)", id, err)}
	case status.status == http.StatusUnauthorized || status.status == http.StatusForbidden || status.status == http.StatusNotFound:
		return refusedError{fmt.Errorf("there is no file or folder %s here, and no such model on the hub, or it is private, or the token is wrong: look at the name, or set HF_TOKEN to a token that may read it (%w)", id, err)}
	}
	return err
}

// small are the files beside the weights that a checkpoint may need: what it is, how its input is prepared, its tokenizer.
var small = []string{"config.json", "preprocessor_config.json", "processor_config.json", "tokenizer_config.json", "tokenizer.json",
	"vocab.txt", "vocab.json", "merges.txt", "special_tokens_map.json", "added_tokens.json"}

// weights are the files of weights, the best kind first.
var weights = []*regexp.Regexp{
	regexp.MustCompile(`^model\.safetensors$`),
	regexp.MustCompile(`^model(\.safetensors\.index\.json|-\d+-of-\d+\.safetensors)$`),
	regexp.MustCompile(`^pytorch_model\.bin$`),
	regexp.MustCompile(`^pytorch_model(\.bin\.index\.json|-\d+-of-\d+\.bin)$`),
	regexp.MustCompile(`^model\.bin$`), // of CTranslate2
}

// needed are the files of a repository that a checkpoint is read from.
func (r *repository) needed(withWeights bool) ([]remote, error) {
	var out []remote
	for _, f := range r.files {
		if slices.Contains(small, f.name) {
			out = append(out, f)
		}
	}
	if !slices.ContainsFunc(out, func(f remote) bool { return f.name == "config.json" }) {
		return nil, refusedError{fmt.Errorf("%s has no config.json on the hub: it is no checkpoint of transformers", r.id)}
	}
	if !withWeights {
		return out, nil
	}
	for _, kind := range weights {
		found := len(out)
		for _, f := range r.files {
			if kind.MatchString(f.name) {
				out = append(out, f)
			}
		}
		if len(out) > found {
			return out, nil
		}
	}
	return nil, refusedError{fmt.Errorf("%s has no model.safetensors, pytorch_model.bin or model.bin on the hub", r.id)}
}

// file fetches a file of a repository into the cache.
func (c *client) file(ctx context.Context, endpoint *url.URL, cache hub.Cache, r *repository, f remote) error {
	d := &download{what: r.id + "/" + f.name, size: f.size}
	d.address = endpoint.String() + "/" + r.id + "/resolve/" + r.commit + "/" + escaped(f.name)
	etag, err := c.head(ctx, d.address, r, f)
	if err != nil {
		return explain(err, r.id, r.commit)
	}
	d.sum = f.sum
	if d.sum == "" {
		d.sum = sumOf(etag)
	}
	d.to, d.lock = cache.Blob(r.id, etag), cache.Lock(r.id, etag)
	if err := c.get(ctx, d); err != nil {
		return explain(err, r.id, r.commit)
	}
	return cache.Link(r.id, r.commit, f.name, etag)
}

// head asks what the blob of a file is called, and checks that it is the file of the commit. Large files are sent from
// another host, and only the hub itself knows what they are: it is not followed there.
func (c *client) head(ctx context.Context, address string, r *repository, f remote) (etag string, err error) {
	here := *c.http
	here.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		if to.URL.Host != via[0].URL.Host || len(via) > 5 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	err = c.again(ctx, func() (bool, error) {
		q, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
		if err != nil {
			return false, err
		}
		a, err := here.Do(q)
		if err != nil {
			return false, err
		}
		a.Body.Close()
		if a.StatusCode >= 400 {
			return false, answered(a)
		}
		if commit := a.Header.Get("X-Repo-Commit"); commit != r.commit {
			return false, refusedError{fmt.Errorf("%s: commit %s was asked for, and the hub gives commit %q", address, r.commit, commit)}
		}
		etag = a.Header.Get("X-Linked-Etag")
		if etag == "" {
			etag = a.Header.Get("ETag")
		}
		etag = strings.Trim(strings.TrimPrefix(etag, "W/"), `"`)
		if says := sumOf(etag); f.sum != "" && says != "" && says != f.sum {
			return false, refusedError{fmt.Errorf("%s: the hub lists the file with the checksum %s and sends one with %s", address, f.sum, says)}
		}
		if err := hub.CheckETag(etag); err != nil {
			return false, refusedError{fmt.Errorf("%s: %w", address, err)}
		}
		return false, nil
	})
	return etag, err
}

// sumOf is the checksum that an ETag of the hub is: the SHA-256 of large files, git's SHA-1 of others.
func sumOf(etag string) checksum {
	switch len(etag) {
	case 64:
		return checksum("sha256:" + etag)
	case 40:
		return checksum("git:" + etag)
	}
	return ""
}

// escaped is the name of a file as part of an address.
func escaped(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// missing are those of the files that the cache lacks.
func missing(cache hub.Cache, r *repository, list []remote) (out []remote) {
	for _, f := range list {
		if _, err := os.Stat(filepath.Join(cache.Snapshot(r.id, r.commit), filepath.FromSlash(f.name))); err != nil {
			out = append(out, f)
		}
	}
	return out
}
