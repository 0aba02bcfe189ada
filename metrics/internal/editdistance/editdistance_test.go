package editdistance

import (
	"math/rand/v2"
	"testing"
)

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

// TestWord: the two ways agree on lists of all lengths, also of more numbers than a machine word has bits.
func TestWord(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var w Word
	for range 20000 {
		lists := [2][]int{}
		longest := []int{4, 12, 80}[r.IntN(3)]
		alphabet := 1 + r.IntN(6)
		for i := range lists {
			for range r.IntN(longest) {
				lists[i] = append(lists[i], r.IntN(alphabet))
			}
		}
		want, _ := In(lists[0], lists[1], nil)
		w.Set(lists[0], alphabet)
		if got := w.To(lists[1]); got != want {
			t.Fatalf("%v to %v: %d, want %d", lists[0], lists[1], got, want)
		}
	}
}
