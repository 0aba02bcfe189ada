package results

import (
	"io"
	"slices"
	"strconv"

	"speechsim/pipeline/internal/files"
)

// Retrieval holds the counts and shares that put the top-1 accuracy of a word
// retrieval into context. Shares are of the queries.
type Retrieval struct {
	Queries      int     `json:"queries"`
	Anchors      int     `json:"anchors"`
	TopTypes     float64 `json:"top_types"`     // the word is among the five best words
	TopRows      float64 `json:"top_rows"`      // the word is among the five best rows, which repeat words
	InVocabulary float64 `json:"in_vocabulary"` // top-1 of the queries whose word has an anchor
	Ceiling      float64 `json:"ceiling"`       // queries whose word has an anchor: the most that top-1 can be
	Majority     float64 `json:"majority"`      // what the most frequent word of the anchors alone gives
}

var retrievalColumns = []string{"queries", "anchors", "top_types", "top_rows", "in_vocabulary", "ceiling", "majority"}

// columns are those of results.csv, empty for a cell that is no retrieval.
func (r *Retrieval) columns() []string {
	if r == nil {
		return make([]string, len(retrievalColumns))
	}
	return []string{strconv.Itoa(r.Queries), strconv.Itoa(r.Anchors), number(&r.TopTypes), number(&r.TopRows), number(&r.InVocabulary), number(&r.Ceiling), number(&r.Majority)}
}

// Retrieved is one word that was retrieved for a query word, counted over all
// queries of that word.
type Retrieved struct {
	Comparison, Metric, Variant string
	Params                      Params
	X, Y                        Layer

	Word    string
	Anchors int // rows of the word that can be found
	Queries int // rows of the word that were asked for
	Right   int // of these, those whose best candidate was the word

	Rank       int // from 1
	Found      string
	Count      int     // queries with Found among their five best words
	Similarity float64 // mean, over these, of the cosine of the relative representations
}

var retrievedHeader = slices.Concat([]string{"comparison", "metric", "variant", "x_model", "x_layer", "y_model", "y_layer"}, paramColumns,
	[]string{"word", "anchors", "queries", "right", "rank", "found", "count", "similarity"})

// WriteRetrieved writes retrieval.csv: a header, and a row a rank.
func WriteRetrieved(w io.Writer, list []Retrieved) error {
	return writeTable(w, retrievedHeader, func(write func([]string) error) error {
		for _, r := range list {
			row := append([]string{r.Comparison, r.Metric, r.Variant, r.X.Model, r.X.Layer, r.Y.Model, r.Y.Layer}, r.Params.columns()...)
			row = append(row, r.Word, strconv.Itoa(r.Anchors), strconv.Itoa(r.Queries), strconv.Itoa(r.Right),
				strconv.Itoa(r.Rank), r.Found, strconv.Itoa(r.Count), number(&r.Similarity))
			if err := write(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteRetrievedFile writes retrieval.csv as [WriteFile] writes results.jsonl.
func WriteRetrievedFile(path string, list []Retrieved) error {
	return files.Write(path, func(w io.Writer) error { return WriteRetrieved(w, list) })
}

// ReadRetrievedFile reads retrieval.csv.
func ReadRetrievedFile(path string) ([]Retrieved, error) {
	var list []Retrieved
	err := readTable(path, retrievedHeader, func(r *tableRow) {
		list = append(list, Retrieved{Comparison: r.text(), Metric: r.text(), Variant: r.text(), X: r.layer(), Y: r.layer(), Params: r.params(),
			Word: r.text(), Anchors: r.integer(0), Queries: r.integer(0), Right: r.integer(0),
			Rank: r.integer(0), Found: r.text(), Count: r.integer(0), Similarity: r.number()})
	})
	return list, err
}
