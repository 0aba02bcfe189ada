package report

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"speechsim/pipeline/report/canvas"
	"speechsim/pipeline/report/figures"
	"speechsim/pipeline/report/heads"
	"speechsim/pipeline/results"
)

// packed is the page's numbers: JSON, compressed, as base64. A 74 x 74 run with
// eight metrics has 44 000 cells and must stay a page that can be mailed.
func (p *Page) packed(pictures []figures.Picture) (string, error) {
	data := p.data()
	for i := range pictures {
		data.Pictures = append(data.Pictures, &pictures[i].Targets)
	}
	text, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	return pack(text)
}

// pack compresses text into letters that need no escaping.
func pack(text []byte) (string, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := z.Write(text); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// pageData is what the page's script reads. Cells are stored by group as
// columns: entry k of a column belongs to x layer k / len(Y) and y layer
// k % len(Y) of the group.
type pageData struct {
	Layers  []results.Layer   `json:"layers"`
	Texts   []string          `json:"texts"` // warnings and errors
	Groups  []dataGroup       `json:"groups"`
	Tables  []dataTable       `json:"tables"` // the kinds of details
	Details []dataDetail      `json:"details"`
	Maps    map[string]string `json:"maps"`
	Between bool              `json:"between,omitempty"` // its values are differences of two runs

	Looks    map[string]look    `json:"looks"`    // of models that are called otherwise, or have a colour or one layer
	Pictures []*figures.Targets `json:"pictures"` // in the order of the figures
	Speech   []dataSpeech       `json:"speech"`

	Heads map[string]*heads.Model `json:"heads"`
}

type look struct {
	Label  string `json:"label,omitempty"`
	Colour string `json:"colour,omitempty"`
	Single bool   `json:"single,omitempty"` // it has one layer, which goes by the model's name
}

type dataGroup struct {
	Comparison string `json:"comparison"`
	Metric     string `json:"metric"`
	Variant    string `json:"variant"`
	Params     string `json:"params"`
	Label      string `json:"label"`
	Quantity   string `json:"quantity"`
	Directed   bool   `json:"directed"`
	Rows       string `json:"rows"`
	X          []int  `json:"x"` // layers
	Y          []int  `json:"y"`

	Correct string `json:"correct"` // which p decides, as in results.Null
	Draws   int    `json:"draws"`   // of the permutation null

	Value column `json:"value"`
	Lo    column `json:"lo"`
	Hi    column `json:"hi"`
	SE    column `json:"se"` // of approximation
	P     column `json:"p"`
	PMax  column `json:"pmax"`
	PFDR  column `json:"pfdr"`
	N     column `json:"n"`
	DX    column `json:"dx"`
	DY    column `json:"dy"`
	Mean  column `json:"mean"`
	Q95   column `json:"q95"`

	Paired *dataPaired `json:"paired,omitempty"`

	Warnings map[int][]int `json:"warnings"` // of cell k: texts
	Errors   map[int]int   `json:"errors"`
	There    *[]int        `json:"there,omitempty"` // cells that are among the results; absent: all
}

// dataPaired are differences of layers of x of the same name in two models, against a layer of y.
type dataPaired struct {
	X     []int  `json:"x"`
	Than  []int  `json:"than"`
	Y     []int  `json:"y"`
	Value column `json:"value"`
	Lo    column `json:"lo"`
	Hi    column `json:"hi"`
	P     column `json:"p"`
}

// MostPaired is how many of them a page holds, so that it stays one that can be mailed.
const MostPaired = 20000

type dataTable struct {
	Title   string   `json:"title"`
	Columns []string `json:"columns"`
}

type dataDetail struct {
	X     int        `json:"x"`
	Y     int        `json:"y"`
	Table int        `json:"table"`
	Rows  [][]string `json:"rows"`
}

// column is a number a cell; NaN stands for none. A column without any is
// written as null, one that is the same everywhere as one number.
type column []float64

func newColumn(n int) column {
	c := make(column, n)
	for i := range c {
		c[i] = math.NaN()
	}
	return c
}

// MarshalJSON writes six significant digits.
func (c column) MarshalJSON() ([]byte, error) {
	same := true
	for _, v := range c {
		same = same && (v == c[0] || math.IsNaN(v) && math.IsNaN(c[0]))
	}
	if len(c) > 0 && same {
		return appendNumber(nil, c[0]), nil
	}
	b := []byte{'['}
	for i, v := range c {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, v)
	}
	return append(b, ']'), nil
}

func appendNumber(b []byte, v float64) []byte {
	if math.IsNaN(v) {
		return append(b, "null"...)
	}
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 { // counts, with all digits
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', 6, 64)
}

// interner gives each of its things a number.
type interner[T comparable] struct {
	list []T
	at   map[T]int
}

func (in *interner[T]) id(t T) int {
	i, ok := in.at[t]
	if !ok {
		if in.at == nil {
			in.at = map[T]int{}
		}
		i = len(in.list)
		in.at[t] = i
		in.list = append(in.list, t)
	}
	return i
}

func (p *Page) data() *pageData {
	layers, texts := interner[results.Layer]{list: []results.Layer{}}, interner[string]{list: []string{}} // a page of no cells has none, and no null
	var tables interner[string]
	diverging, _ := canvas.MapNamed("diverging")
	d := &pageData{Groups: []dataGroup{}, Tables: []dataTable{}, Details: []dataDetail{}, Between: p.Changes != nil,
		Maps: map[string]string{"viridis": canvas.Viridis, "cividis": canvas.Cividis, "diverging": diverging.Table()}}
	for _, g := range groupCells(p.Cells) {
		packed := packGroup(g, &layers, &texts)
		if p.Changes != nil {
			packed.Label = "difference of " + packed.Label
		}
		d.Groups = append(d.Groups, packed)
	}
	for _, t := range p.Details {
		kind := tables.id(t.Title + "\x00" + strings.Join(t.Columns, "\x00"))
		if kind == len(d.Tables) {
			d.Tables = append(d.Tables, dataTable{t.Title, t.Columns})
		}
		d.Details = append(d.Details, dataDetail{layers.id(t.X), layers.id(t.Y), kind, t.Rows})
	}
	d.pair(p.Paired, &layers)
	d.Speech = p.speech(d.places(), &layers)
	d.Heads = heads.Pack(p.Positions, p.FrameSeconds, layers.id)
	d.Layers, d.Texts = layers.list, texts.list
	d.Looks = map[string]look{}
	for _, f := range p.Figures {
		for _, m := range slices.Concat(f.XModels, f.YModels) {
			if l := (look{m.Label, m.Colour, m.Single}); l != (look{}) {
				d.Looks[m.Name] = l
			}
		}
	}
	return d
}

// groupKey names the cells of a comparison and measure.
type groupKey struct{ comparison, metric, variant, params string }

// places are the groups by their names.
func (d *pageData) places() map[groupKey]int {
	at := map[groupKey]int{}
	for i, g := range d.Groups {
		at[groupKey{g.Comparison, g.Metric, g.Variant, g.Params}] = i
	}
	return at
}

// pair puts paired differences beside the cells that they are of.
func (d *pageData) pair(list []results.Difference, layers *interner[results.Layer]) {
	at := d.places()
	for _, p := range list {
		i, known := at[groupKey{p.Comparison, p.Metric, p.Variant, p.Params.String()}]
		if !known {
			continue
		}
		g := &d.Groups[i]
		if g.Paired == nil {
			g.Paired = &dataPaired{}
		}
		g.Paired.X, g.Paired.Than, g.Paired.Y = append(g.Paired.X, layers.id(p.X)), append(g.Paired.Than, layers.id(p.Than)), append(g.Paired.Y, layers.id(p.Y))
		g.Paired.Value, g.Paired.Lo, g.Paired.Hi, g.Paired.P = append(g.Paired.Value, p.Value), append(g.Paired.Lo, p.Lo), append(g.Paired.Hi, p.Hi), append(g.Paired.P, p.P)
	}
}

func packGroup(g *group, layers *interner[results.Layer], texts *interner[string]) dataGroup {
	var xs, ys interner[int]
	for _, c := range g.cells {
		xs.id(layers.id(c.X))
		ys.id(layers.id(c.Y))
	}
	n := len(xs.list) * len(ys.list)
	w := figures.WordsOf(g.measure)
	out := dataGroup{Quantity: w.Quantity, Directed: w.Directed, Comparison: g.comparison, Metric: g.measure.Metric, Variant: g.measure.Variant, Params: g.measure.Params.String(), Label: figures.Label(g.measure),
		Rows: g.cells[0].Rows, X: xs.list, Y: ys.list, Warnings: map[int][]int{}, Errors: map[int]int{}}
	for _, col := range []*column{&out.Value, &out.Lo, &out.Hi, &out.SE, &out.P, &out.PMax, &out.PFDR, &out.N, &out.DX, &out.DY, &out.Mean, &out.Q95} {
		*col = newColumn(n)
	}
	var there []int
	for _, c := range g.cells {
		k := xs.id(layers.id(c.X))*len(ys.list) + ys.id(layers.id(c.Y))
		there = append(there, k)
		out.put(k, c)
		for _, w := range c.Warnings {
			out.Warnings[k] = append(out.Warnings[k], texts.id(w))
		}
		if c.Error != "" {
			out.Errors[k] = texts.id(c.Error)
		}
	}
	if len(there) < n {
		slices.Sort(there)
		out.There = &there
	}
	return out
}

func (g *dataGroup) put(k int, c *results.Cell) {
	for _, f := range []struct {
		to   column
		from *float64
	}{{g.Value, c.Value}, {g.Lo, c.Lo}, {g.Hi, c.Hi}, {g.SE, c.Approximation}, {g.P, c.P}} {
		if f.from != nil {
			f.to[k] = *f.from
		}
	}
	g.N[k], g.DX[k], g.DY[k] = float64(c.N), float64(c.DX), float64(c.DY)
	if c.Null != nil {
		g.Mean[k], g.Q95[k] = c.Null.Mean, c.Null.Q95
		for _, f := range []struct {
			to   column
			from *float64
		}{{g.PMax, c.Null.PMax}, {g.PFDR, c.Null.PFDR}} {
			if f.from != nil {
				f.to[k] = *f.from
			}
		}
		g.Correct, g.Draws = c.Null.Correct, max(g.Draws, c.Null.Draws)
	}
}
