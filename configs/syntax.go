package configs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	variableStart = regexp.MustCompile("^" + variable.String())

	yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

	// unfinished are the messages of yaml.v3's parser, which counts lines from 0 and gives that on which the unfinished mapping or
	// list begins, where it is not the first. Those of its scanner count from 1 and give the line of the mistake.
	unfinished = regexp.MustCompile(`^did not find expected (',' or|key|'-' indicator|node content|<document start>)`)
)

// syntaxError says where data is not YAML.
func syntaxError(err error, data []byte, file string) *Error {
	if line, col, name := bareVariable(string(data)); line > 0 {
		return &Error{File: file, Line: line, Col: col, Msg: fmt.Sprintf("not valid YAML: inside {...} and [...] a value with a variable must be in quotes: \"${%s}...\"", name)}
	}
	line, msg := 1, err.Error()
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		if m[1] != "" {
			line, _ = strconv.Atoi(m[1])
		}
		msg = m[2]
		if m[1] != "" && unfinished.MatchString(msg) {
			line = min(line+1, strings.Count(strings.TrimSuffix(string(data), "\n"), "\n")+1)
		}
	}
	if unfinished.MatchString(msg) {
		msg += " here, or in the mapping or list that begins here"
	}
	return &Error{File: file, Line: line, Col: 1, Msg: "not valid YAML: " + msg}
}

// bareVariable finds the first ${NAME} that stands without quotes inside {...} or [...], where its braces are YAML's own. Line
// and column count from 1; the line is 0 where there is none.
func bareVariable(text string) (line, col int, name string) {
	depth := 0
	var quote byte // in which the text stands, 0 outside
	for i, s := range strings.Split(text, "\n") {
		last := byte(':') // that is no blank: what a value begins after
		for at := 0; at < len(s); at++ {
			c := s[at]
			begins := strings.IndexByte(":,[{-", last) >= 0
			if c != ' ' && c != '\t' {
				last = c
			}
			switch {
			case quote == '"' && c == '\\':
				at++
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '#' && (at == 0 || s[at-1] == ' ' || s[at-1] == '\t'):
				at = len(s) // a comment
			case variableStart.MatchString(s[at:]):
				m := variableStart.FindStringSubmatch(s[at:])
				if depth > 0 {
					return i + 1, at + 1, m[1]
				}
				at += len(m[0]) - 1
			case (c == '"' || c == '\'') && begins:
				quote = c
			case (c == '{' || c == '[') && (begins || depth > 0):
				depth++
			case (c == '}' || c == ']') && depth > 0:
				depth--
			}
		}
	}
	return 0, 0, ""
}
