package models

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ChoiceError says that a choice of layers or attention maps is none of the model's: a fault of who chose, not of the file.
type ChoiceError struct{ reason string }

func (e *ChoiceError) Error() string { return e.reason }

// selectOutputs picks outputs by name, from the input to the output of the model and each once.
// A choice is a name ("7", "cnn.1", "24.prenorm"), a range of numbers ("0-6",
// "cnn.1-7"), a group ("cnn", "prenorm"), "last", "numbered" or "all". No list
// at all (nil) means the numbered ones; an empty list means none.
func selectOutputs(what string, from []LayerOutput, choices []string) ([]LayerOutput, error) {
	if choices == nil {
		choices = []string{"numbered"}
		if !slices.ContainsFunc(from, LayerOutput.numbered) {
			choices = []string{"all"}
		}
		if len(from) == 0 {
			return nil, nil
		}
	}
	wanted := make([]bool, len(from))
	for _, choice := range choices {
		names, err := expand(choice)
		if err != nil {
			return nil, &ChoiceError{fmt.Sprintf("%s: %v", what, err)}
		}
		for _, name := range names {
			found := false
			for i, l := range from {
				if l.matches(name, from) {
					wanted[i], found = true, true
				}
			}
			if !found {
				return nil, &ChoiceError{fmt.Sprintf("%s: there is no %q in this model; it has %s", what, name, listNames(from))}
			}
		}
	}
	var out []LayerOutput
	for i, l := range from {
		if wanted[i] {
			out = append(out, l)
		}
	}
	return inDepth(out), nil
}

// Choose picks layers by name as [Options] does, and gives their places. No choice means the numbered ones, or all where none is.
func Choose(names, choices []string) ([]int, error) {
	from := make([]LayerOutput, len(names))
	for i, name := range names {
		from[i].Name = name
	}
	chosen, err := selectOutputs("layers", from, choices)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, l := range chosen {
		out = append(out, slices.Index(names, l.Name))
	}
	return out, nil
}

// inDepth orders layers as the signal passes them: the convolutions, then the blocks, what is before the end of the last one (N.prenorm, N.branch)
// first. Where a name is none of these, the order of the card stays.
func inDepth(layers []LayerOutput) []LayerOutput {
	depth := map[string][3]int{}
	for _, l := range layers {
		name, isCNN := strings.CutPrefix(l.Name, "cnn.")
		number, inside, isInside := strings.Cut(name, ".")
		n, err := strconv.Atoi(number)
		if isInside && inside != "prenorm" && inside != "branch" {
			return layers
		}
		if err != nil {
			return layers
		}
		d := [3]int{1, n, 1}
		if isCNN {
			d[0] = 0
		}
		if isInside {
			d[2] = 0
		}
		depth[l.Name] = d
	}
	slices.SortStableFunc(layers, func(a, b LayerOutput) int {
		x, y := depth[a.Name], depth[b.Name]
		return slices.Compare(x[:], y[:])
	})
	return layers
}

func (l LayerOutput) numbered() bool {
	_, err := strconv.Atoi(l.Name)
	return err == nil
}

// matches reports whether a choice (a name or a group) means this layer.
func (l LayerOutput) matches(choice string, all []LayerOutput) bool {
	switch choice {
	case "all":
		return true
	case "numbered":
		return l.numbered()
	case "cnn":
		return strings.HasPrefix(l.Name, "cnn.")
	case "prenorm":
		return strings.HasSuffix(l.Name, ".prenorm")
	case "last":
		return l.numbered() && l.Name == lastNumbered(all)
	}
	return l.Name == choice
}

func lastNumbered(all []LayerOutput) string {
	last, name := -1, ""
	for _, l := range all {
		if n, err := strconv.Atoi(l.Name); err == nil && n > last {
			last, name = n, l.Name
		}
	}
	return name
}

// maxRange bounds what a mistyped range can cost; no model has as many layers.
const maxRange = 10000

// expand turns "0-6" into "0" ... "6" and "cnn.1-7" (or "cnn.1-cnn.7") into
// "cnn.1" ... "cnn.7". Anything else is a name.
func expand(choice string) ([]string, error) {
	choice = strings.TrimSpace(choice)
	if choice == "" {
		return nil, fmt.Errorf("a name is empty")
	}
	left, right, ok := strings.Cut(choice, "-")
	if !ok {
		return []string{choice}, nil
	}
	prefix := left[:strings.LastIndexByte(left, '.')+1]
	from, err1 := strconv.Atoi(left[len(prefix):])
	to, err2 := strconv.Atoi(strings.TrimPrefix(right, prefix))
	if err1 != nil || err2 != nil {
		return []string{choice}, nil
	}
	if to < from || to-from > maxRange {
		return nil, fmt.Errorf("%q is not a range: it should run upwards, as 0-%d", choice, max(from, to))
	}
	var names []string
	for i := from; i <= to; i++ {
		names = append(names, prefix+strconv.Itoa(i))
	}
	return names, nil
}

// listNames shortens runs: "0-12, cnn.1-7".
func listNames(list []LayerOutput) string {
	if len(list) == 0 {
		return "none"
	}
	type run struct {
		prefix   string
		from, to int
		number   bool
	}
	var runs []run
	for _, l := range list {
		prefix := l.Name[:strings.LastIndexByte(l.Name, '.')+1]
		n, err := strconv.Atoi(l.Name[len(prefix):])
		if err != nil {
			runs = append(runs, run{prefix: l.Name})
			continue
		}
		if k := len(runs) - 1; k >= 0 && runs[k].number && runs[k].prefix == prefix && runs[k].to+1 == n {
			runs[k].to = n
			continue
		}
		runs = append(runs, run{prefix: prefix, from: n, to: n, number: true})
	}
	var words []string
	for _, r := range runs {
		switch {
		case !r.number:
			words = append(words, r.prefix)
		case r.from == r.to:
			words = append(words, r.prefix+strconv.Itoa(r.from))
		default:
			words = append(words, fmt.Sprintf("%s%d-%d", r.prefix, r.from, r.to))
		}
	}
	return strings.Join(words, ", ")
}
