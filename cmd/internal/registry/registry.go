// Package registry gets files of package registries by their ordinary clients, checks what came, and keeps it in the user's cache
// folder, so that getting it again needs no network.
//
//	p := registry.File{Spec: "scipy-openblas32==0.3.34.481.3", Name: "scipy_openblas32-0.3.34.481.3-py3-none-....whl", SHA256: "0595f9..."}
//	path, err := p.Fetch()
package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// File is a file of a registry.
type File struct {
	Spec   string // name==version for pip; name@version for npm, whose files end in .tgz
	Name   string
	SHA256 string
	Tags   []string // pip's words for the platform
}

// Fetch returns where the file lies, after it was downloaded if need be.
func (f File) Fetch() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cached := filepath.Join(cache, "speechsim", f.Name)
	if f.check(cached) == nil {
		return cached, nil
	}
	if err := f.download(filepath.Dir(cached)); err != nil {
		return "", err
	}
	return cached, f.check(cached)
}

// download fetches the file into dir by the ordinary client.
func (f File) download(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var cmd *exec.Cmd
	if strings.HasSuffix(f.Name, ".tgz") {
		cmd = exec.Command("npm", "pack", "--silent", f.Spec)
	} else {
		python, err := exec.LookPath("python3")
		if err != nil {
			return err
		}
		args := append([]string{"-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--dest", dir}, f.Tags...)
		cmd = exec.Command(python, append(args, f.Spec)...)
	}
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// check compares the sum of a file that was downloaded.
func (f File) check(path string) error {
	r, err := os.Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("%s has sha256 %s; %s is pinned", path, got, f.SHA256)
	}
	return nil
}

// Write puts a file in place whole: a program that has the old one open keeps it.
func Write(path string, mode os.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".fetch-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = f.Chmod(mode)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
