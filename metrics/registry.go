package metrics

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Cost is the order of the work that one cell takes once the moments are
// there, for layers of d units. It says where an interval can be had for
// little: delete-a-group jackknives repeat that work for each group.
type Cost int

const (
	// Quadratic cells cost O(d²): reading the blocks.
	Quadratic Cost = iota
	// Cubic cells cost O(d³): a factorisation of each layer (once) and one of each pair.
	Cubic
	// Rowwise metrics go back to the rows, and cost O(n d) or more.
	Rowwise
)

func (c Cost) String() string { return [...]string{"quadratic", "cubic", "rowwise"}[c] }

// Source says what a metric is computed from.
type Source int

const (
	// FromMoments is for metrics of Moments, given to Compute.
	FromMoments Source = iota
	// FromGroups is for metrics of the moments of several groups of rows.
	FromGroups
	// FromAttention is for metrics of attention maps, utterance by utterance.
	FromAttention
	// FromProjections is for metrics of Moments of rows that Projections have projected.
	FromProjections
	// FromRows is for metrics that need the stored rows of both layers.
	FromRows
)

// Info describes a metric: what a program needs to know to plan it.
type Info struct {
	Name     string
	Title    string    // for axes and tables
	Variants []Variant // the first is the default
	Cost     Cost
}

// Variant is one of the definitions that a metric's name stands for.
type Variant struct {
	Name     string
	Directed bool // the value for (x, y) differs from that for (y, x)
	Source   Source
	Self     bool // needs each layer's block with itself: no CrossOnly
	Norms    bool // needs SquaredNorms
	About    string
}

// Default is the variant meant when none is named.
func (i Info) Default() Variant { return i.Variants[0] }

// Variant finds a variant; the empty name means the default.
func (i Info) Variant(name string) (Variant, error) {
	if name == "" {
		return i.Default(), nil
	}
	var names []string
	for _, v := range i.Variants {
		if v.Name == name {
			return v, nil
		}
		names = append(names, v.Name)
	}
	return Variant{}, &UnknownError{What: "variant of " + i.Name, Name: name, Known: names, Nearest: nearest(name, names)}
}

// UnknownError says that no metric or variant has a name.
type UnknownError struct {
	What, Name string
	Nearest    string // the known name that is most like it, or ""
	Known      []string
}

func (e *UnknownError) Error() string {
	hint := ""
	if e.Nearest != "" {
		hint = fmt.Sprintf("; did you mean %q?", e.Nearest)
	}
	return fmt.Sprintf("unknown %s %q%s (known: %s)", e.What, e.Name, hint, strings.Join(e.Known, ", "))
}

// Lookup finds a metric by name. An unknown one is an UnknownError with the
// nearest right name.
func Lookup(name string) (Info, error) {
	for _, info := range registry {
		if info.Name == name {
			return info, nil
		}
	}
	return Info{}, &UnknownError{What: "metric", Name: name, Known: Names(), Nearest: nearest(name, Names())}
}

// Names lists the metrics.
func Names() []string {
	var names []string
	for _, info := range registry {
		names = append(names, info.Name)
	}
	return names
}

// variantOf resolves a variant's name, "" to the default.
func variantOf(metric, variant string) (string, error) {
	info, err := Lookup(metric)
	if err != nil {
		return "", err
	}
	v, err := info.Variant(variant)
	return v.Name, err
}

// Compute is the value of a metric of moments, by name, for layers i and j.
func Compute(m *Moments, metric, variant string, i, j int) (Value, error) {
	info, err := Lookup(metric)
	if err != nil {
		return Value{}, err
	}
	v, err := info.Variant(variant)
	if err != nil {
		return Value{}, err
	}
	f, ok := ofMoments[metric]
	if !ok || v.Source != FromMoments && v.Source != FromProjections {
		return Value{}, undefined(metric, v.Name, "it is not a function of moments")
	}
	return f(m, i, j, v.Name)
}

// ComputeGroups computes a metric of the moments of groups, by name, for the cells (i, j) of pairs. sizes are the rows of each group,
// and group returns its moments, which are done with when the next is asked for.
func ComputeGroups(ctx context.Context, metric string, whole *Moments, sizes []int, group func(g int) (*Moments, error), pairs [][2]int) (*OfGroups, error) {
	switch metric {
	case "cka":
		return CKAGrouped(ctx, whole, InTurn(sizes, group), pairs)
	case "neuron_layer":
		values, err := NeuronLayerHeldOut(ctx, whole, Folds(sizes, group), pairs)
		return &OfGroups{Cells: values}, err
	}
	return nil, fmt.Errorf("%s is no metric of groups", metric)
}

// nearest returns the candidate that the fewest edits lead to, if that is at
// most half of its length.
func nearest(name string, candidates []string) string {
	best, least := "", 0
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(name, c); 2*d <= len(c) && (best == "" || d < least) {
			best, least = c, d
		}
	}
	return best
}

// Needs returns the options that the moments must have for a set of metrics
// and variants.
func Needs(variants ...Variant) Options {
	o := Options{CrossOnly: true}
	for _, v := range variants {
		o.CrossOnly = o.CrossOnly && !v.Self && !v.Norms
		o.SquaredNorms = o.SquaredNorms || v.Norms
	}
	return o
}

// All returns a copy of the registry.
func All() []Info { return slices.Clone(registry) }
