package asif

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"speechsim/metrics"
	"speechsim/metrics/internal/mt19937"

	gocmp "github.com/google/go-cmp/cmp"
)

type golden struct {
	AudioAnchors [][]float64 `json:"audio_anchors"`
	TextAnchors  [][]float64 `json:"text_anchors"`
	AudioTest    [][]float64 `json:"audio_test"`
	K            int         `json:"k"`
	P            int         `json:"p"`
	Raw          retrieved   `json:"raw_dot_product_as_in_layer_analysis"`
	Cosine       retrieved   `json:"cosine_as_in_paper"`
}

type retrieved struct {
	Rows   [][]int     `json:"top5_idx"`
	Scores [][]float64 `json:"top5_val"`
}

func TestGolden(t *testing.T) {
	var g golden
	text, err := os.ReadFile("testdata/asif.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	x := fromRows(slices.Concat(g.AudioAnchors, g.AudioTest))
	y := fromRows(slices.Concat(g.TextAnchors, g.TextAnchors[:len(g.AudioTest)])) // the queries' own y is never looked at
	types, test := make([]int, x.Rows), []int{}
	for r := range types {
		types[r] = r
	}
	for q := range g.AudioTest {
		test = append(test, len(g.AudioAnchors)+q)
	}
	eachBackend(t, func(t *testing.T, b metrics.Backend) {
		for variant, want := range map[string]retrieved{"bolanos2024": g.Raw, "cosine": g.Cosine} {
			got, err := Retrieve(context.Background(), b, x, y, types, test, Options{Variant: variant, P: g.P, K: g.K})
			if err != nil {
				t.Fatal(err)
			}
			for q, r := range got.Retrieved {
				if !slices.Equal(r.Rows, want.Rows[q]) {
					t.Errorf("%s query %d: rows %v, want %v", variant, q, r.Rows, want.Rows[q])
				}
				for k, s := range r.Scores {
					near(t, fmt.Sprintf("%s query %d", variant, q), s/want.Scores[q][k], 1, 2e-6)
				}
			}
		}
	})
}

func TestSplit(t *testing.T) {
	test := Split(46906)
	if !slices.Equal(test[:5], []int{20230, 29345, 2385, 16208, 42720}) || len(test) != 7035 {
		t.Error(len(test), test[:5])
	}
	var ids []string
	for _, r := range test {
		ids = append(ids, fmt.Sprint(r))
	}
	sum := sha256.Sum256([]byte(strings.Join(ids, ",")))
	if got := hex.EncodeToString(sum[:]); got != "3d1df9bc99f36c2493e4619e61efc62ba38c0f1682cff29d1b5c7c56dd0fd3a5" {
		t.Error(got)
	}
}

// TestPowers: what overflows in float32 must not matter, and the result by
// type is what the definition gives.
func TestPowers(t *testing.T) {
	r := random(90)
	const n, words = 300, 30
	// Static vectors by word, with a token's noise on one side.
	x, y, types := gaussian(r, n, 8), metrics.Matrix{Rows: n, Cols: 6}, make([]int, n)
	vectors, sounds := gaussian(r, words, 6), gaussian(r, words, 8)
	for row := range n {
		types[row] = r.IntN(words)
		y.Data64 = append(y.Data64, vectors.Data64[types[row]*6:][:6]...)
		for c := range 8 {
			x.Data64[row*8+c] = .1*x.Data64[row*8+c] + sounds.Data64[types[row]*8+c]
		}
	}
	test := mt19937.New(1).Permutation(n)[:40]
	var first *Result
	for _, scale := range []float64{1, 1e6} {
		big := x
		big.Data64 = slices.Clone(x.Data64)
		for k := range big.Data64 {
			big.Data64[k] *= scale
		}
		for _, workers := range []int{1, 4} {
			got, err := Retrieve(context.Background(), metrics.PureGo(), big, y, types, test, Options{P: 40, K: 20, Workers: workers, Variant: "bolanos2024"})
			if err != nil {
				t.Fatal(err)
			}
			if got.Queries != 40 || got.Anchors != 260 || got.Top1 > got.TopRows || got.TopRows > got.TopTypes || got.Top1 > got.Ceiling {
				t.Errorf("%+v", got)
			}
			near(t, "in vocabulary", got.InVocabulary*got.Ceiling, got.Top1, 1e-12)
			if first == nil {
				first = got
			}
			for q := range got.Retrieved {
				if !slices.Equal(got.Retrieved[q].Types, first.Retrieved[q].Types) || !slices.Equal(got.Retrieved[q].Rows, first.Retrieved[q].Rows) {
					t.Errorf("scale %g, %d workers: query %d retrieves other rows", scale, workers, q)
				}
			}
		}
	}
	// One task serves all settings: each gives what it gives by itself.
	task, err := NewTask("bolanos2024", types, test, 60)
	if err != nil {
		t.Fatal(err)
	}
	queries, err := task.Queries(context.Background(), metrics.PureGo(), x, 1)
	if err != nil {
		t.Fatal(err)
	}
	candidates, err := task.Candidates(context.Background(), metrics.PureGo(), y, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{P: 1, K: 5}, {P: 2, K: 20}, {P: 7, K: 59}, {P: 2, K: 60}} {
		got, err := task.Retrieve(context.Background(), queries, candidates, o)
		if err != nil {
			t.Fatal(err)
		}
		o.Variant = "bolanos2024"
		alone, err := Retrieve(context.Background(), metrics.PureGo(), x, y, types, test, o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(alone, got); diff != "" {
			t.Errorf("p %d, k %d differ from the same alone:\n%s", o.P, o.K, diff)
		}
		for _, q := range got.Retrieved {
			if s := q.Similarities; s[0] > 1+1e-6 || !slices.IsSortedFunc(s, func(a, b float64) int { return cmp.Compare(b, a) }) {
				t.Errorf("similarities %v", s)
			}
		}
	}
	good, err := Retrieve(context.Background(), metrics.PureGo(), x, y, types, test, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if good.InVocabulary < .9 {
		t.Errorf("words are recognised in %.2f of the queries only", good.InVocabulary)
	}
	var e *metrics.UndefinedError
	if _, err := Retrieve(context.Background(), metrics.PureGo(), x, y, types, test, Options{K: 261}); !errors.As(err, &e) {
		t.Error(err)
	}
}
