package textgrid

import "bytes"

// StandIn says what a text is that lies in the place of a file which was not fetched: a Git LFS pointer, or the page with which a server
// answered. It is "" for any other text. The first 100 bytes are enough.
func StandIn(text []byte) string {
	text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")), " \t\r\n")
	if bytes.HasPrefix(text, []byte("version https://git-lfs.github.com/spec/")) {
		return "a Git LFS pointer, not the file that it stands for; fetch it with `git lfs pull`"
	}
	head := bytes.ToLower(text[:min(len(text), 20)])
	for _, tag := range []string{"<!doctype html", "<html>", "<html ", "<?xml "} {
		if bytes.HasPrefix(head, []byte(tag)) {
			return "an HTML or XML page, probably the answer to a download that failed; download the file again"
		}
	}
	return ""
}
