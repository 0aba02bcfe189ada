package textgrid

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	const head = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n0 2 <exists> "
	replace := func(old, new string) string {
		if !strings.Contains(long, old) {
			t.Fatalf("%q is not in the sample", old)
		}
		return strings.Replace(long, old, new, 1)
	}
	binaryForm := string(mustWrite(t, sample(), Binary))
	const binaryHead = binaryMagic + "\x08TextGrid" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x3f\xf0\x00\x00\x00\x00\x00\x00" + "\x01"
	for _, c := range []struct{ name, data, want string }{
		{"empty file", "", `x:1:1: the file is empty; expected a Praat TextGrid`},
		{"only spaces", " \n", `x:1:1: expected a Praat TextGrid, which begins with File type = "ooTextFile" (text) or ooBinaryFile (binary); found " "`},
		{"other format", "RIFF1234WAVE", `x:1:1: expected a Praat TextGrid, which begins with File type = "ooTextFile" (text) or ooBinaryFile (binary); found "RIFF1234WAVE"`},
		{"long other format", strings.Repeat("0123456789", 100), `x:1:1: expected a Praat TextGrid, which begins with File type = "ooTextFile" (text) or ooBinaryFile (binary); found "012345678901234567890123456789..."`},
		{"Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "x:1:1: expected a Praat TextGrid, found a Git LFS pointer, not the file that it stands for; fetch it with `git lfs pull`"},
		{"web page", "\xEF\xBB\xBF\r\n <!DOCTYPE html>\n<html>" + strings.Repeat(" ", 2*headerBytes), "x:1:1: expected a Praat TextGrid, found an HTML or XML page, probably the answer to a download that failed; download the file again"},
		{"web page in UTF-16", "\xFF\xFE<\x00h\x00t\x00m\x00l\x00>\x00", "x:1:1: expected a Praat TextGrid, found an HTML or XML page, probably the answer to a download that failed; download the file again"},
		{"number before the header", "1 ooTextFile", `x:1:1: expected a Praat TextGrid, which begins with File type = "ooTextFile" (text) or ooBinaryFile (binary); found "1 ooTextFile"`},
		{"chronological form", "\"Praat chronological TextGrid text file\"\n0 1\n", `x:1:1: found Praat's chronological form; open the file in Praat and choose Save as text file`},
		{"only the first line", "File type = \"ooTextFile\"\n", `x:2:1: expected the class of the object, "TextGrid"; found the end of the file, which is cut short`},
		{"other class", "File type = \"ooTextFile\"\nObject class = \"Pitch 1\"\n", `x:2:16: expected an object of class "TextGrid", found class "Pitch"; save the TextGrid by itself from Praat`},
		{"number for a class", "File type = \"ooTextFile\"\n0\n", `x:2:1: expected the class of the object, "TextGrid"; found "0"; look for a missing or an extra line above`},
		{"no flag", replace("<exists>", ""), `x:7:8: expected the flag of the tiers, <exists> or <absent>; found "2"; look for a missing or an extra line above`},
		{"unknown flag", replace("<exists>", "<perhaps>"), `x:6:8: expected the flag <exists> or <absent>, found the flag "<perhaps>"`},
		{"open flag", replace("<exists>", "<exists"), `x:6:8: expected a flag such as <exists>, found "<exists"`},
		{"flag that goes on", replace("<exists>", "<exists>."), `x:6:8: expected a flag such as <exists>, found "<exists>."`},
		{"missing start of the TextGrid", "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n<exists>", `x:3:1: expected the start of the TextGrid, a number; found the flag "<exists>"; look for a missing or an extra line above`},
		{"unknown class of a tier", replace(`"TextTier"`, `"PitchTier"`), `x:25:17: expected the class of tier 2, "IntervalTier" or "TextTier"; found "PitchTier"`},
		{"class of a tier in other letters", replace(`"IntervalTier"`, `"intervaltier"`), `x:10:17: expected the class of tier 1, "IntervalTier" or "TextTier"; found "intervaltier"`},
		{"no name", replace(`name = "words"`, ``), `x:12:16: expected the name of tier 1, a string in quotes; found "0"; look for a missing or an extra line above`},
		{"no end of an interval", replace("            xmax = 0.5 \n", ""), `x:17:20: expected the end of interval 1 of tier 1 "words", a number; found the string "a \"\"b\"\" c"; look for a missing or an extra line above`},
		{"number for a label", replace(`text = "a ""b"" c"`, "text = 5"), `x:18:20: expected the label of interval 1 of tier 1 "words", a string in quotes; found "5"; look for a missing or an extra line above`},
		{"no mark", replace(`mark = "H*"`, ""), `x:33:1: expected the label of point 1 of tier 2 "tones", a string in quotes; found the end of the file, which is cut short`},
		{"no time of a point", replace(`number = 0.75`, ""), `x:29:24: tier 2 "tones" declares 1 points, but 0 follow; the file is cut short, or the number should be 0`},
		{"quote not doubled", replace(`"a ""b"" c"`, `"a "b" c"`), `x:18:24: expected a space or a new line after the string "a ", found "b\""; a quote inside a string is written twice`},
		{"string not closed", replace(`"H*"`, `"H*`), `x:32:20: the string that begins here has no closing quote; the file is cut short, or a quote is missing`},
		{"column counts characters", replace("dé\ne\"", "日é\"e"), `x:22:24: expected a space or a new line after the string "日é", found "e"; a quote inside a string is written twice`},
		{"undefined", replace("xmax = 0.5", "xmax = --undefined--"), `x:17:20: expected the end of interval 1 of tier 1 "words", a number; found "--undefined--"; look for a missing or an extra line above`},
		{"hexadecimal", replace("xmax = 0.5", "xmax = 0x1p-1"), `x:17:20: expected the end of interval 1 of tier 1 "words", a number; found "0x1p-1"; look for a missing or an extra line above`},
		{"decimal comma", replace("xmax = 0.5", "xmax = 0,5"), `x:17:20: expected the end of interval 1 of tier 1 "words", a number; found "0,5"; look for a missing or an extra line above`},
		{"number out of range", replace("xmax = 0.5", "xmax = 1e999"), `x:17:20: expected the end of interval 1 of tier 1 "words", a number; found "1e999"; look for a missing or an extra line above`},
		{"two signs", replace("xmax = 0.5", "xmax = --5"), `x:17:20: expected the end of interval 1 of tier 1 "words", a number; found "--5"; look for a missing or an extra line above`},
		{"long number", replace("xmax = 0.5", "xmax = "+strings.Repeat("1", 400)), `x:17:20: expected the end of interval 1 of tier 1 "words", a number; found "111111111111111111111111111111..."; look for a missing or an extra line above`},
		{"too few intervals", replace("intervals: size = 2", "intervals: size = 71"), `x:14:27: tier 1 "words" declares 71 intervals, but 2 follow; the file is cut short, or the number should be 2`},
		{"a billion intervals", replace("intervals: size = 2", "intervals: size = 1000000000"), `x:14:27: tier 1 "words" declares 1000000000 intervals, but 2 follow; the file is cut short, or the number should be 2`},
		{"too few tiers", replace("size = 2", "size = 3"), `x:7:8: the TextGrid declares 3 tiers, but 2 follow; the file is cut short, or the number should be 2`},
		{"negative count", replace("intervals: size = 2", "intervals: size = -2"), `x:14:27: expected the number of intervals of tier 1 "words", a whole number that is not negative; found "-2"`},
		{"broken count", replace("size = 2", "size = 2.5"), `x:7:8: expected the number of tiers, a whole number that is not negative; found "2.5"`},
		{"number for a tier", head + "0 5", `x:4:16: expected a tier or the end of the file, found "5"`},
		{"flag for an interval", head + "1 \"IntervalTier\" \"w\" 0 2 0 <exists>", `x:4:41: expected a tier or the end of the file, found the flag "<exists>"`},
		{"NUL", replace("words", "wo\x00rds"), `x:11:19: found a NUL byte in a text file; the file is damaged`},
		{"Latin-1", replace("dé", "d\xe9"), `x:22:22: byte 0xE9 is not UTF-8; open the file in Praat and save it as UTF-8, or convert it with iconv`},
		{"Latin-1 after CRLF", strings.ReplaceAll(replace("dé", "d\xe9"), "\n", "\r\n"), `x:22:22: byte 0xE9 is not UTF-8; open the file in Praat and save it as UTF-8, or convert it with iconv`},
		{"half a character of UTF-16", toUTF16("\ufeff"+long, binary.LittleEndian) + "a", `x:33:1: UTF-16 text ends with half a character; the file is cut short or damaged`},
		{"half a pair of UTF-16", strings.Replace(toUTF16("\ufeff"+long, binary.BigEndian), "\x00H\x00*", "\xd8\x3d\x00*", 1), `x:32:21: UTF-16 unit 0xD83D is half of a surrogate pair without the other half; the file is damaged`},
		{"half a pair at the end of UTF-16", toUTF16("\ufeff"+long, binary.BigEndian) + "\xd8\x3d", `x:33:1: UTF-16 unit 0xD83D is half of a surrogate pair without the other half; the file is damaged`},

		{"binary: only the mark", binaryMagic, `x: byte 12: expected the name of a class, 1 bytes; 0 are left; the file is cut short or damaged`},
		{"binary: other class", binaryMagic + "\x05Pitch", `x: byte 12: expected an object of class "TextGrid", found class "Pitch"; save the TextGrid by itself from Praat`},
		{"binary: no flag", binaryHead[:len(binaryHead)-1], `x: byte 37: expected the flag of the tiers, 1 bytes; 0 are left; the file is cut short or damaged`},
		{"binary: bad flag", binaryHead[:len(binaryHead)-1] + "\x02", `x: byte 37: expected the flag of the tiers, 0 or 1; found 2; the file is damaged`},
		{"binary: a billion tiers", binaryHead + "\x3b\x9a\xca\x00", `x: byte 38: found 1000000000 as the number of tiers of the TextGrid, but the 0 bytes that are left hold at most 0; the file is cut short or damaged`},
		{"binary: negative count", binaryHead + "\xff\xff\xff\xff", `x: byte 38: found -1 as the number of tiers of the TextGrid, but the 0 bytes that are left hold at most 0; the file is cut short or damaged`},
		{"binary: class of a tier", binaryHead + "\x00\x00\x00\x01\x05Pitch" + strings.Repeat("\x00", 40), `x: byte 42: expected the class of tier 1, "IntervalTier" or "TextTier"; found "Pitch"`},
		{"binary: cut short", binaryForm[:len(binaryForm)-1], `x: byte 181: expected the label of a point, 2 bytes; 1 are left; the file is cut short or damaged`},
		{"binary: cut shorter", binaryForm[:100], `x: byte 78: found 2 as the number of intervals of tier "words", but the 18 bytes that are left hold at most 1; the file is cut short or damaged`},
		{"binary: not a number", strings.Replace(binaryForm, "\x3f\xe8\x00\x00", "\x7f\xf8\x00\x00", 1), `x: byte 171: expected the time of a point, a number; found NaN; the file is damaged`},
		{"binary: half a pair", strings.Replace(binaryForm, "\x00d\x00\xe9\x00\n\x00e", "\xd8\x3d\x00\xe9\x00\n\x00e", 1), `x: byte 127: UTF-16 unit 0xD83D in the label of an interval is half of a surrogate pair without the other half; the file is damaged`},
		{"binary: NUL", strings.Replace(binaryForm, "tones", "to\x00es", 1), `x: byte 144: found a NUL character in the name of a tier; the file is damaged`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(c.data), "x")
			if err == nil {
				t.Fatalf("no error, want\n%s", c.want)
			}
			if err.Error() != c.want {
				t.Errorf("got\n%s\nwant\n%s", err, c.want)
			}
			var e *Error
			if !errors.As(err, &e) || e.File != "x" || (e.Line == 0) != (e.Col == 0) {
				t.Errorf("%#v is not an Error with a place", err)
			}
		})
	}
}

func TestErrorIsShort(t *testing.T) {
	// A label of 200 kB must not come back in a message.
	data := strings.Replace(short, "0.75", "\""+strings.Repeat("長\n", 50000)+"\"x", 1)
	_, err := Read(strings.NewReader(data), "x")
	if err == nil || len(err.Error()) > 400 || strings.Contains(err.Error(), "\n") {
		t.Errorf("message of %d bytes: %.500v", len(err.Error()), err)
	}
}
