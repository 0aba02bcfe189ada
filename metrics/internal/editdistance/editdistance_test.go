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

// TestDistances: the two ways agree on words of all lengths, none and one among them and more than a machine word has bits.
func TestDistances(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		alphabet := 1 + r.IntN(6)
		lists := make([][]int, 1+r.IntN(40))
		for w := range lists {
			length := r.IntN([]int{2, 5, 12, 31, 80}[r.IntN(5)])
			if r.IntN(10) == 0 {
				length = 31 + r.IntN(3) // around the number of bits
			}
			for range length {
				lists[w] = append(lists[w], r.IntN(alphabet))
			}
		}
		words := NewWords(lists, alphabet)
		for i := range lists {
			from := r.IntN(len(lists) + 1)
			room := make([]int32, len(lists)-from+1)
			room[len(lists)-from] = -1
			out := room[:len(lists)-from]
			words.Distances(i, from, out)
			for k, got := range out {
				if want, _ := In(lists[i], lists[from+k], nil); int(got) != want {
					t.Fatalf("%v to %v: %d, want %d", lists[i], lists[from+k], got, want)
				}
			}
			if room[len(out)] != -1 {
				t.Fatal("written beyond the end")
			}
		}
	}
}
