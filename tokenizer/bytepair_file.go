package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Bounds on what is read: the largest published vocabularies have 250 000 pieces and a few megabytes. Ids may be left out, but not
// so many that a short file takes much memory.
const maxPieces, maxVocabulary, maxGap = 1 << 22, 64 << 20, 1 << 16

// LoadBytePair reads a byte-level vocabulary as RoBERTa's checkpoints have it: vocab.json, an object with the id of each piece,
// and merges.txt, a line for each pair of pieces that become one, in the order in which they are joined. Errors are those of
// [ReadBytePair].
func LoadBytePair(vocabulary, merges string) (*BytePair, error) {
	v, err := os.Open(vocabulary)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	m, err := os.Open(merges)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return ReadBytePair(v, m, vocabulary, merges)
}

// ReadBytePair is [LoadBytePair] from readers; the names are for errors, which are [Errors] or an [*Error] with the places. A
// vocabulary is refused when an id or a piece occurs twice, when one of the 256 bytes has no piece, or without <s> and </s>;
// merges are refused when a line is no pair of pieces that make a third.
func ReadBytePair(vocabulary, merges io.Reader, vocabularyFile, mergesFile string) (*BytePair, error) {
	data, err := readBounded(vocabulary, vocabularyFile, "vocabulary", maxVocabulary)
	if err != nil {
		return nil, err
	}
	p := &pairs{ids: map[string]int32{}, joined: map[[2]int32]joint{}}
	if err := p.readVocabulary(data, vocabularyFile); err != nil {
		return nil, err
	}
	if err := p.finish(vocabularyFile); err != nil {
		return nil, err
	}
	if err := p.readMerges(merges, mergesFile); err != nil {
		return nil, err
	}
	return &BytePair{pairs: p}, nil
}

// readBounded reads a whole file, which is refused when it is longer than any of its kind, or stands in for one that was not fetched.
func readBounded(r io.Reader, file, kind string, most int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(data) > most {
		return nil, &Error{File: file, Msg: fmt.Sprintf("expected a %s of at most %d bytes, found a longer file", kind, most)}
	}
	if what := standIn(data[:min(len(data), headLength)]); what != "" {
		return nil, &Error{File: file, Line: 1, Col: 1, Msg: "found " + what}
	}
	return data, nil
}

// readVocabulary reads an object of pieces and ids.
func (p *pairs) readVocabulary(data []byte, file string) error {
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	wrong := func(format string, args ...any) error {
		return placed(file, data, in.InputOffset(), fmt.Sprintf(format, args...))
	}
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return wrong(`expected a vocabulary, {"PIECE": ID, ...}; this must be the vocab.json of a checkpoint`)
	}
	taken, highest := map[int64]string{}, int64(-1)
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return wrong("expected a piece in quotes: %v", err)
		}
		piece, _ := key.(string) // what an object has for keys
		value, err := in.Token()
		if err != nil {
			return wrong("expected the id of %q: %v", piece, err)
		}
		number, isNumber := value.(json.Number)
		id, err := number.Int64()
		if !isNumber || err != nil || id < 0 || id >= maxPieces {
			return wrong("expected the id of %q, a number from 0 to %d, found %v", piece, maxPieces-1, value)
		}
		if _, twice := p.ids[piece]; twice {
			return wrong("expected every piece once, found %q again", piece)
		}
		if before, twice := taken[id]; twice {
			return wrong("expected every id once, found %d of %q and of %q", id, before, piece)
		}
		taken[id] = piece
		p.ids[piece] = int32(id)
		highest = max(highest, id)
	}
	if _, err := in.Token(); err != nil {
		return wrong("expected the end of the vocabulary: %v", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return wrong("expected nothing after the vocabulary")
	}
	if highest >= int64(len(taken)+maxGap) {
		return wrong("expected ids without large gaps, found %d pieces and the id %d", len(taken), highest)
	}
	p.pieces = make([]string, highest+1)
	for piece, id := range p.ids {
		p.pieces[id] = piece
	}
	return nil
}

// finish finds the pieces that every vocabulary must have.
func (p *pairs) finish(file string) error {
	var wrong Errors
	find := func(piece, what string) int32 {
		id, ok := p.ids[piece]
		if !ok && len(wrong) < maxErrors {
			wrong.add(file, 1, 1, "expected %s, %q, in the vocabulary, found %d pieces without it; this must be the vocabulary of a RoBERTa", what, piece, len(p.ids))
		}
		return id
	}
	p.begin, p.end = find(beginOfText, "the piece that begins a text"), find(endOfText, "the piece that ends a text")
	for b, r := range byteRunes {
		p.bytes[b] = find(string(r), fmt.Sprintf("a piece for byte %d", b))
	}
	if err := wrong.result(); err != nil {
		return err
	}
	for _, text := range []string{beginOfText, endOfText, "<unk>", "<pad>", "<mask>"} {
		if id, ok := p.ids[text]; ok {
			p.special = append(p.special, literal{text: text, id: id})
		}
	}
	slices.SortFunc(p.special, func(a, b literal) int { return strings.Compare(a.text, b.text) })
	return nil
}

// readMerges reads the pairs.
func (p *pairs) readMerges(r io.Reader, file string) error {
	in := newLines(r, file)
	var wrong Errors
	for rank := 0; ; {
		line, err := in.next()
		if errors.Is(err, io.EOF) {
			return wrong.result()
		}
		if err != nil {
			return err
		}
		if in.n == 1 && bytes.HasPrefix(line, []byte("#version")) {
			continue
		}
		left, right, ok := strings.Cut(string(line), " ")
		msg := fmt.Sprintf("expected two pieces with a blank between them, found %q; this must be the merges.txt that came with the vocabulary", line)
		if ok {
			msg = p.join(left, right, rank)
			rank++
		}
		if msg != "" && !wrong.add(file, in.n, 1, "%s", msg) {
			return wrong
		}
	}
}

// join adds a pair; what is wrong with it, or "".
func (p *pairs) join(left, right string, rank int) string {
	var ids [3]int32
	for i, piece := range []string{left, right, left + right} {
		id, ok := p.ids[piece]
		if !ok {
			return fmt.Sprintf("expected pieces of the vocabulary, which has no %q; the two files must belong to one checkpoint", piece)
		}
		ids[i] = id
	}
	p.joined[[2]int32(ids[:2])] = joint{ids[2], rank}
	return ""
}
