package vectors

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"
)

// binaryVectors are words, each with its numbers, in word2vec's binary form; end is written behind each.
func binaryVectors(end string, content ...any) string {
	var body []byte
	words, numbers := 0, 0
	for i, c := range content {
		switch c := c.(type) {
		case string:
			if i > 0 {
				body = append(body, end...)
			}
			body = append(append(body, c...), ' ')
			words++
		case int:
			body = binary.LittleEndian.AppendUint32(body, math.Float32bits(float32(c)))
			numbers++
		case float64:
			body = binary.LittleEndian.AppendUint32(body, math.Float32bits(float32(c)))
			numbers++
		}
	}
	return fmt.Sprintf("%d %d\n%s%s", words, numbers/words, body, end)
}

// The binary form gives what the text gives, with line ends (the original program) and without (gensim), also packed, and
// for some of the words.
func TestBinaryVectors(t *testing.T) {
	content := []any{"the", .418, .24968, -.41242, "The", 1, 2, 3, "of", .5, -1, 2e-3, "in", math.Copysign(0, -1), 1, 0, "the", 9, 9, 9}
	for name, text := range map[string]string{"gensim": binaryVectors("", content...), "word2vec": binaryVectors("\n", content...)} {
		for how, file := range map[string][]byte{"plain": []byte(text), "gz": gzipped(t, text), "zip": zipped(t, "v.bin", text)} {
			for _, words := range []map[string]bool{nil, asked("the", "of", "in", "on")} {
				v, err := vectorsOf(file, words)
				if err != nil {
					t.Errorf("%s, %s: %v", name, how, err)
					continue
				}
				wantVector(t, v, "the", .418, .24968, -.41242)
				wantVector(t, v, "of", .5, -1, 2e-3)
				if v.Dim() != 3 || v.lines != 5 || v.duplicates != 1 {
					t.Errorf("%s, %s: dimension %d, %d vectors, %d duplicates", name, how, v.Dim(), v.lines, v.duplicates)
				}
				if _, ok := v.Vector("on"); ok {
					t.Errorf("%s, %s: a vector for a word that is not there", name, how)
				}
			}
		}
	}
}
