package vectors

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// cacheForm begins a cache file. Its number changes with the form, and with
// whatever changes the vectors that are read.
const cacheForm = "speechsim word vectors 2\n"

// OpenCached is [Open], keeping what it found in a small file of
// folder dir, so that the same words of the same file are not searched for twice in
// 5 GB. digest tells the content of the file at path, its SHA-256 say: with the
// words it names the cache file, so nothing there is ever out of date. That file is
// written under another name and renamed; one that is damaged is written again.
// Without a digest, or for all words (nil), nothing is kept.
func OpenCached(path string, words map[string]bool, dir, digest string, fold func(string) string) (*Vectors, error) {
	if digest == "" || words == nil {
		return Open(path, words, fold)
	}
	key := cacheKey(words, digest)
	file := filepath.Join(dir, "vectors-"+hex.EncodeToString(key[:16])+".bin")
	if data, err := os.ReadFile(file); err == nil {
		if v := decode(data, key, words, fold); v != nil {
			return v, nil
		}
	}
	v, err := Open(path, words, fold)
	if err != nil {
		return nil, err
	}
	if err := writeAtomically(file, encode(v, key)); err != nil {
		return nil, fmt.Errorf("cannot keep the vectors of %s: %w", path, err)
	}
	return v, nil
}

// cacheKey is a digest of the file's digest and the words.
func cacheKey(words map[string]bool, digest string) [sha256.Size]byte {
	var list []string
	for w, asked := range words {
		if asked && w != "" {
			list = append(list, w)
		}
	}
	slices.Sort(list)
	h := sha256.New()
	fmt.Fprintf(h, "%s%q\n", cacheForm, digest)
	for _, w := range list {
		fmt.Fprintf(h, "%d %s\n", len(w), w)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// encode writes: the form, the key, then as unsigned integers of 8 bytes the
// dimension, lines, duplicates and vectors held; for each, in the order of the
// words, the length of the word, the word, its numbers; last the SHA-256 of all that.
// Everything is little endian.
func encode(v *Vectors, key [sha256.Size]byte) []byte {
	words := make([]string, 0, v.held)
	for w := range v.rows {
		words = append(words, w)
	}
	slices.Sort(words)
	b := append([]byte(cacheForm), key[:]...)
	for _, n := range []int{v.dim, v.lines, v.duplicates, v.held} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	for _, w := range words {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(w)))
		b = append(b, w...)
		for _, x := range v.row(v.rows[w]) {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	return seal(b)
}

func seal(b []byte) []byte {
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// decode reads what encode wrote for this key and these words. It is
// nil if the file is anything else. The checksum stands for what the lengths within
// say; they are bounded all the same.
func decode(data []byte, key [sha256.Size]byte, words map[string]bool, fold func(string) string) *Vectors {
	end := len(data) - sha256.Size
	if end < 0 || sha256.Sum256(data[:end]) != [sha256.Size]byte(data[end:]) {
		return nil
	}
	b, ok := bytes.CutPrefix(data[:end], append([]byte(cacheForm), key[:]...))
	if !ok {
		return nil
	}
	r := bytes.NewReader(b)
	var head [4]uint64
	if binary.Read(r, binary.LittleEndian, &head) != nil || head[0] == 0 || head[0] > maxLine {
		return nil
	}
	v := newVectors(words, fold)
	v.dim, v.lines, v.duplicates = int(head[0]), int(head[1]), int(head[2])
	for range head[3] {
		var size uint64
		if binary.Read(r, binary.LittleEndian, &size) != nil || size > uint64(r.Len()) {
			return nil
		}
		word := make([]byte, size)
		if _, err := io.ReadFull(r, word); err != nil || 4*v.dim > r.Len() {
			return nil
		}
		v.rows[string(word)] = v.held
		if binary.Read(r, binary.LittleEndian, v.add()) != nil {
			return nil
		}
	}
	if r.Len() > 0 {
		return nil
	}
	v.dropMissing()
	return v
}

// writeAtomically makes a file that is there whole or not at all, also when two
// processes write it at once.
func writeAtomically(path string, data []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
