package corpus

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"speechsim/textgrid"
)

// maxText bounds a file of text or labels: the transcripts of 10 000 hours are 600 MB, and no line-based file of one
// chapter or speaker comes near.
const maxText = 1 << 30

// ReadText returns the text of a file that belongs to a corpus and is parsed elsewhere, in UTF-8 where it is in UTF-16. Other
// encodings are left as they are.
func ReadText(path string) (string, error) {
	text, err := readText(path)
	if err != nil {
		return "", &Error{File: path, Msg: "the file can't be read: " + reason(err)}
	}
	return text, nil
}

// readText returns a file's text as UTF-8 without a byte order mark. It reads no more than the file's size says, and refuses
// what is not a regular file (opening a named pipe would hang).
func readText(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("is not a regular file")
	}
	if info.Size() > maxText {
		return "", fmt.Errorf("is %d MB: expected text of at most %d MB", info.Size()>>20, maxText>>20)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var b strings.Builder
	b.Grow(int(info.Size()))
	if _, err := io.Copy(&b, io.LimitReader(f, maxText)); err != nil {
		return "", err
	}
	return toUTF8(b.String())
}

// toUTF8 returns the text of a file in UTF-8 or UTF-16, without a byte order mark, and refuses what stands in for a file. UTF-16 without a mark is known, as in
// TextGrids, by a first character of ASCII, which has a zero byte. Other encodings are left as they are, for checkUTF8 to
// complain about: to guess among them would quietly change words.
func toUTF8(s string) (string, error) {
	switch {
	case strings.HasPrefix(s, "\xff\xfe\x00\x00"), strings.HasPrefix(s, "\x00\x00\xfe\xff"):
		return "", errors.New("is UTF-32: convert it, for example with iconv -f UTF-32 -t UTF-8")
	}
	if order := textgrid.UTF16Order([]byte(s[:min(2, len(s))])); order != nil {
		text, err := textgrid.DecodeUTF16([]byte(s), order)
		if err != nil {
			return "", err
		}
		s = string(text)
	}
	if what := textgrid.StandIn([]byte(s[:min(200, len(s))])); what != "" {
		return "", errors.New("is " + what)
	}
	return strings.TrimPrefix(s, "\ufeff"), nil
}

// eachLine calls f with every line of text and its number from 1. Lines end in LF, CRLF or CR.
func eachLine(text string, f func(line int, s string)) {
	for n := 1; text != ""; n++ {
		s := text
		if i := strings.IndexAny(text, "\r\n"); i < 0 {
			text = ""
		} else {
			s = text[:i]
			if strings.HasPrefix(text[i:], "\r\n") {
				i++
			}
			text = text[i+1:]
		}
		f(n, s)
	}
}

// cutField splits s into its first field and the rest, both without surrounding blanks.
func cutField(s string) (field, rest string) {
	s = strings.TrimSpace(s)
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

// checkUTF8 returns a finding at the first byte of s that is not UTF-8, or is NUL, or nil.
func checkUTF8(file string, line int, s string) *Finding {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return nil
	}
	col := 1
	for i := 0; i < len(s); col++ {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 || r == 0 {
			break
		}
		i += n
	}
	return &Finding{Kind: KindEncoding, Severity: SeverityError, File: file, Line: max(line, 1), Col: col,
		Message: "text is not UTF-8: " + encodingAdvice(s)}
}

// oneText joins the lines of a transcript file to one line.
func oneText(s string) string { return strings.Join(strings.Fields(s), " ") }
