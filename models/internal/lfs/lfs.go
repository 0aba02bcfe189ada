// Package lfs knows the text that Git LFS puts in the place of a file which it has not fetched: a common find where weights should be.
package lfs

import (
	"bytes"
	"fmt"
)

// Start is how the text begins.
const Start = "version https://git-lfs"

// IsPointer says whether a file that begins so is such a text.
func IsPointer(head []byte) bool { return bytes.HasPrefix(head, []byte(Start)) }

// InPlaceOf says what such a text is, and what to do.
func InPlaceOf(what string) string {
	return fmt.Sprintf("a Git LFS pointer in place of the %s: fetch the file itself with `git lfs pull`", what)
}
