package hub

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Cache is the folder in which the hub's libraries keep files:
//
//	models--ORG--NAME/blobs/ETAG                 the files, by the SHA-256 of large ones and git's SHA-1 of the others
//	models--ORG--NAME/snapshots/COMMIT/FILE      links to them, a folder a commit
//	models--ORG--NAME/refs/REVISION              the commit of a branch or tag
//	.locks/models--ORG--NAME/ETAG.lock           held by who writes a blob
type Cache struct{ Dir string }

// OpenCache is the cache that the environment names.
func OpenCache() (Cache, error) {
	if dir := cmp.Or(os.Getenv("HF_HUB_CACHE"), os.Getenv("HUGGINGFACE_HUB_CACHE")); dir != "" {
		return Cache{expand(dir)}, nil
	}
	home, err := home()
	return Cache{filepath.Join(home, "hub")}, err
}

func (c Cache) folder(id string) string {
	return filepath.Join(c.Dir, "models--"+strings.ReplaceAll(id, "/", "--"))
}

// IDs lists the checkpoints that the cache has anything of, in the order of their names.
func (c Cache) IDs() (ids []string) {
	items, _ := os.ReadDir(c.Dir) // a cache that is not there has none
	for _, item := range items {
		if name, ok := strings.CutPrefix(item.Name(), "models--"); ok {
			if id := strings.ReplaceAll(name, "--", "/"); IsID(id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Blob is the file of an ETag, whether it is there or not.
func (c Cache) Blob(id, etag string) string { return filepath.Join(c.folder(id), "blobs", etag) }

// Lock is the file that who writes a blob has a lock on.
func (c Cache) Lock(id, etag string) string {
	return filepath.Join(c.Dir, ".locks", filepath.Base(c.folder(id)), etag+".lock")
}

// Snapshot is the folder of a commit, whether it is there or not.
func (c Cache) Snapshot(id, commit string) string {
	return filepath.Join(c.folder(id), "snapshots", commit)
}

// Commit is the commit of a revision that the cache knows.
func (c Cache) Commit(id, revision string) (string, error) {
	if IsCommit(revision) {
		return revision, nil
	}
	file := filepath.Join(c.folder(id), "refs", filepath.FromSlash(revision))
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	commit := strings.TrimSpace(string(text))
	if !IsCommit(commit) {
		return "", fmt.Errorf("%s does not name a commit", file)
	}
	return commit, nil
}

// etags are what blobs are named by.
var etags = regexp.MustCompile(`^[0-9a-zA-Z_-]{1,128}$`)

// CheckETag refuses a name that may lead out of the folder of blobs.
func CheckETag(etag string) error {
	if !etags.MatchString(etag) {
		return fmt.Errorf("the hub calls a file %q, which is no digest", etag)
	}
	return nil
}

// Link makes a file of a snapshot of a blob.
func (c Cache) Link(id, commit, file, etag string) error {
	if !filepath.IsLocal(filepath.FromSlash(file)) {
		return fmt.Errorf("the hub lists a file %q, which would lie outside its folder", file)
	}
	link := filepath.Join(c.Snapshot(id, commit), filepath.FromSlash(file))
	folder := filepath.Dir(link)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	target, err := filepath.Rel(folder, c.Blob(id, etag))
	if err != nil {
		return err
	}
	if there, err := os.Readlink(link); err == nil && there == target {
		return nil
	}
	// Under another name first: a reader finds the old file or the new one.
	temporary := temporaryName(link)
	if err := os.Symlink(target, temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, link); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return nil
}

// temporaryName is a name beside a file that nobody else uses.
func temporaryName(file string) string { return fmt.Sprintf("%s.%016x.tmp", file, rand.Uint64()) }

// SetCommit remembers the commit of a revision. It is the last thing that a fetch writes: what has a ref is complete.
func (c Cache) SetCommit(id, revision, commit string) error {
	if IsCommit(revision) {
		return nil
	}
	file := filepath.Join(c.folder(id), "refs", filepath.FromSlash(revision))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	temporary := temporaryName(file)
	if err := os.WriteFile(temporary, []byte(commit), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}
