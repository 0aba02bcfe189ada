package editdistance

import "testing"

func TestIn(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"abcd", "abcd", 0}, {"flaw", "lawn", 2}, {"saturday", "sunday", 3}} {
		if got, _ := In([]byte(c.a), []byte(c.b), nil); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
