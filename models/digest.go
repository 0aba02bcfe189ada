package models

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"speechsim/models/internal/onnxproto"
)

// digest is the SHA-256, in hexadecimal, of a model: of the file alone, or
// of the file and the files with its weights when those lie next to it.
func digest(path string, scan *onnxproto.Model) (string, error) {
	sum, err := hashFile(path)
	if err != nil {
		return "", err
	}
	external := externalFiles(path, scan)
	if len(external) == 0 {
		return sum, nil
	}
	all := sha256.New()
	fmt.Fprintln(all, sum)
	for _, file := range external {
		sum, err := hashFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(all, filepath.Base(file), sum)
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, f, make([]byte, 1<<20)); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
