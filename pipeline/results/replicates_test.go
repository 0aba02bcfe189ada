package results

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
)

func replicatesOfTwo() []Replicates {
	return []Replicates{
		{Groups: []string{"a", "b"}, Sizes: []int{3, 4}, Cells: []int{0, 2}, Whole: []float64{.5, 1. / 3}, Less: []float32{.25, -.125, 1e-9, float32(math.Inf(1))}},
		{Groups: []string{"a", "b", "c<d>"}, Sizes: []int{1, 2, 3}, Cells: []int{3}, Whole: []float64{-1}, Less: []float32{0, 1, 2}},
	}
}

func TestReplicates(t *testing.T) {
	var b bytes.Buffer
	if err := WriteReplicates(&b, replicatesOfTwo()); err != nil {
		t.Fatal(err)
	}
	back, err := readReplicates(&b, "replicates.jsonl", 4)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, replicatesOfTwo()) {
		t.Errorf("got %+v", back)
	}
	if left := back[0].Left(0); left[0] != .75 || left[1] != .375 {
		t.Errorf("left out: %v", left)
	}
}

// TestReplicatesWithFaults: a mistake names its line.
func TestReplicatesWithFaults(t *testing.T) {
	const head = `{"groups":["a","b"],"sizes":[1,2]}` + "\n"
	for text, want := range map[string]string{
		`{"cell":0,"whole":1,"less":"AAAAAAAAAAA="}`:        "file:1: a cell before the line of its groups",
		`{"groups":["a"],"sizes":[1]}`:                      "file:1: 1 groups and 1 sizes, expected as many of both, at least 2",
		`{"groups":["a","b"],"sizes":[1]}`:                  "file:1: 2 groups and 1 sizes",
		head + `{"cell":0,"whole":1,"less":"AAAA"}`:         `file:2: less: "AAAA", expected 2 numbers of float32 in base64`,
		head + `{"cell":9,"whole":1,"less":"AAAAAAAAAAA="}`: "file:2: cell: 9, and the run has 4 cells",
		head + `{"cell":0`:                                  "file:2: unexpected end of JSON input",
	} {
		if _, err := readReplicates(strings.NewReader(text), "file", 4); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzReplicates: what is read is written and read again as it was.
func FuzzReplicates(f *testing.F) {
	var b bytes.Buffer
	if err := WriteReplicates(&b, replicatesOfTwo()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"groups":["a","b"],"sizes":[1,2]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sets, err := readReplicates(bytes.NewReader(data), "file", 4)
		if err != nil {
			return
		}
		var first, second bytes.Buffer
		if err := WriteReplicates(&first, sets); err != nil {
			t.Fatal(err)
		}
		again, err := readReplicates(bytes.NewReader(first.Bytes()), "file", 4)
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteReplicates(&second, again); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%v\n%s\n%s", err, first.Bytes(), second.Bytes())
		}
	})
}
