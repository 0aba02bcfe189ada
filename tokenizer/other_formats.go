package tokenizer

import (
	"bytes"
	"regexp"
)

// scored matches a line of SentencePiece's .vocab: a piece and its score.
var scored = regexp.MustCompile(`^[^\t\r\n]+\t-?[0-9.eE+-]+\r?\n`)

// otherVocabulary recognises by its first bytes what is given in place of a WordPiece vocabulary, and says what that is;
// "" if it is none of these.
func otherVocabulary(head []byte) string {
	const wanted = "; expected the vocab.txt of a BERT checkpoint, one WordPiece a line; byte pairs are read from a vocab.json with its merges.txt, either kind from a tokenizer.json, each under that name"
	json := len(head) > 0 && head[0] == '{' && bytes.HasPrefix(bytes.TrimLeft(head[1:], " \t\r\n"), []byte(`"`))
	switch {
	case isSentencePiece(head):
		return "the file is a SentencePiece model, as T5, XLM-R and ALBERT have" + wanted
	case scored.Match(head):
		return "the file is a vocabulary of SentencePiece, with a score behind each piece" + wanted
	case json && bytes.Contains(head, []byte(`"version"`)):
		return "the file is a tokenizer.json" + wanted
	case json:
		return "the file is JSON, as the vocab.json of byte-pair models (GPT-2, RoBERTa, BART, Whisper)" + wanted
	case bytes.HasPrefix(head, []byte("#version")):
		return "the file is the merges.txt of a byte-pair model (GPT-2, RoBERTa, BART, Whisper)" + wanted
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.IndexByte(head, 0) >= 0:
		return "the file is not text in UTF-8" + wanted
	}
	return ""
}

// isSentencePiece knows the protocol buffer of a SentencePiece model by its first piece: message 1 with the text as field 1 and
// the score as field 2.
func isSentencePiece(head []byte) bool {
	const message, text, score = 0x0a, 0x0a, 0x15
	if len(head) < 4 || head[0] != message || head[2] != text {
		return false
	}
	end := 4 + int(head[3])
	return end < len(head) && head[end] == score
}
