package canvas

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// niceStep returns the smallest of 1, 2, 5 x 10^k that is at least v.
func niceStep(v float64) float64 {
	if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// Limits returns the range of an axis or colour bar: its ends low and high
// where they are fixed, else those of the data rounded outward. A diverging
// range with no fixed end has the same distance on both sides of 0.
func Limits(low, high *float64, diverging bool, values []float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		lo, hi = min(lo, v), max(hi, v)
	}
	if len(values) == 0 {
		lo, hi = 0, 1
	}
	if diverging && low == nil && high == nil {
		hi = max(math.Abs(lo), math.Abs(hi))
		lo = -hi
	}
	if hi-lo < 1e-9*max(math.Abs(lo), math.Abs(hi), 1e-6) { // all the same: some room around it
		room := max(math.Abs(hi)*0.05, 1e-9)
		lo, hi = lo-room, hi+room
	}
	step := niceStep((hi - lo) / 20)
	lo, hi = math.Floor(lo/step+1e-6)*step, math.Ceil(hi/step-1e-6)*step
	if low != nil {
		lo = *low
	}
	if high != nil {
		hi = *high
	}
	if lo >= hi { // one end is fixed beyond all data
		if high != nil {
			lo = hi - 1
		} else {
			hi = lo + 1
		}
	}
	return lo, hi
}

// Tick is a labelled place on an axis.
type Tick struct {
	Value float64
	Label string
}

// Ticks returns some four to eight round values within [lo, hi].
func Ticks(lo, hi float64) []Tick {
	step := niceStep((hi - lo) / 7)
	var list []Tick
	for k := math.Ceil(lo/step - 1e-6); k*step <= hi+1e-6*step; k++ {
		v := k * step
		if math.Abs(v) < 1e-9*step {
			v = 0
		}
		list = append(list, Tick{v, tickLabel(v, step)})
	}
	return list
}

// BarTicks returns ticks with both ends labelled, unless another tick is near.
// All labels have the same number of decimals.
func BarTicks(lo, hi float64) []Tick {
	list := Ticks(lo, hi)
	step := niceStep((hi - lo) / 7)
	near := 0.6 * step
	ends := false
	if len(list) == 0 || list[0].Value-lo > near {
		list = slices.Insert(list, 0, Tick{Value: lo})
		ends = true
	}
	if last := list[len(list)-1].Value; hi-last > near {
		list = append(list, Tick{Value: hi})
		ends = true
	}
	if ends {
		for i := range list {
			list[i].Label = tickLabel(list[i].Value, step/10)
		}
	}
	return list
}

// tickLabel writes a value with the decimals that its step needs.
func tickLabel(v, step float64) string {
	decimals := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	if decimals > 6 || math.Abs(v) >= 1e6 {
		return Minus(strconv.FormatFloat(v, 'g', 4, 64))
	}
	return Minus(strconv.FormatFloat(v, 'f', decimals, 64))
}

// Minus writes a minus sign where there is a hyphen.
func Minus(s string) string {
	return strings.Replace(s, "-", "\u2212", 1)
}
