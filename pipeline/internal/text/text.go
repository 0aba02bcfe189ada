// Package text writes sizes, durations and names for people.
package text

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// BytesUp is a size as the memory: key of a config takes it, rounded up.
func BytesUp(n int64) string {
	const unit = 16 << 20
	return fmt.Sprintf("%dMiB", cmp.Or((n+unit-1)/unit, 1)*unit>>20)
}

// Duration is a time in seconds, to the second: "1m30s".
func Duration(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

// Bytes is a size: "1.4 GiB".
func Bytes(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%.0f GiB", float64(n)/(1<<30))
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	default:
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	}
}

// Count is a number of things: Count(1, "input was", "inputs were") is "1 input was".
func Count(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// FileName joins words to the name of a file.
func FileName(words ...string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, strings.Join(words, "-"))
}
