package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxConfig bounds a tokenizer_config.json, in bytes; those of BERT have a few
// hundred.
const maxConfig = 1 << 20

// LoadOptions reads the preparation of text from the tokenizer_config.json that
// Hugging Face keeps next to a vocab.txt. Errors are those of [ReadOptions].
func LoadOptions(path string) (Options, error) {
	f, err := os.Open(path)
	if err != nil {
		return Options{}, err
	}
	defer f.Close()
	return ReadOptions(f, path)
}

// ReadOptions is [LoadOptions] from a reader; file names it in errors, which are
// an [*Error] with the place. The keys do_lower_case (true when absent),
// strip_accents (absent or null: as do_lower_case says), tokenize_chinese_chars
// (true when absent) and add_prefix_space (false when absent) are read, the others are left alone.
func ReadOptions(r io.Reader, file string) (Options, error) {
	data, err := readBounded(r, file, "tokenizer_config.json", maxConfig)
	if err != nil {
		return Options{}, err
	}
	var config struct {
		Lower   *bool `json:"do_lower_case"`
		Strip   *bool `json:"strip_accents"`
		Chinese *bool `json:"tokenize_chinese_chars"`
		Blank   *bool `json:"add_prefix_space"`
	}
	if err := json.Unmarshal(data, &config); err != nil {
		return Options{}, placeJSON(err, file, data)
	}
	lower := isSet(config.Lower, true)
	return Options{
		KeepCase:    !lower,
		KeepAccents: !isSet(config.Strip, lower),
		KeepChinese: !isSet(config.Chinese, true),
		BlankFirst:  isSet(config.Blank, false),
	}, nil
}

// isSet is what a key says, or what holds where it is absent or null.
func isSet(key *bool, absent bool) bool {
	if key == nil {
		return absent
	}
	return *key
}

// placeJSON turns the offset of a JSON error into a line and column.
func placeJSON(err error, file string, data []byte) error {
	msg := err.Error()
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	offset := int64(0)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
		msg = fmt.Sprintf("expected the JSON of a tokenizer_config.json: %v", err)
	case errors.As(err, &wrongType):
		offset = wrongType.Offset
		msg = fmt.Sprintf("expected true or false for %q, found: %s", wrongType.Field, wrongType.Value)
		if wrongType.Field == "" {
			msg = fmt.Sprintf("expected a JSON object, found: %s", wrongType.Value)
		}
	}
	return placed(file, data, offset, msg)
}

// placed is an error at an offset of a file.
func placed(file string, data []byte, offset int64, msg string) *Error {
	before := data[:min(offset, int64(len(data)))]
	return &Error{
		File: file,
		Line: 1 + bytes.Count(before, []byte("\n")),
		Col:  max(1, len(before)-1-bytes.LastIndexByte(before, '\n')),
		Msg:  msg,
	}
}
