package metrics

import "fmt"

// NonFiniteError says where rows held a NaN or an infinity. Nothing of the
// block was added.
type NonFiniteError struct {
	Layer, Row, Unit int // indices into the arguments of the call
	Value            float64
}

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("layer %d, row %d, unit %d: the value is %v; every value must be finite", e.Layer, e.Row, e.Unit, e.Value)
}

// RangeError says that values were too large for their products. Nothing of
// the block was added.
type RangeError struct {
	Layer        int // index into the arguments of the call
	Value, Limit float64
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("layer %d: a value of magnitude %.3g is beyond the limit of %.3g for products in this precision; scale the layer, or use float64 products",
		e.Layer, e.Value, e.Limit)
}

// UndefinedError says that a metric has no value on these data, and why. It is
// returned in place of a number that would mean nothing.
type UndefinedError struct {
	Metric, Variant string
	Reason          string
	Precision       bool // products in double precision would give a value
}

func (e *UndefinedError) Error() string {
	return fmt.Sprintf("%s %s is undefined: %s", e.Metric, e.Variant, e.Reason)
}

// undefined builds an UndefinedError.
func undefined(metric, variant, format string, args ...any) error {
	return &UndefinedError{Metric: metric, Variant: variant, Reason: fmt.Sprintf(format, args...)}
}

// imprecise builds an UndefinedError that products in double precision mend.
func imprecise(metric, variant, format string, args ...any) error {
	return &UndefinedError{Metric: metric, Variant: variant, Reason: fmt.Sprintf(format, args...), Precision: true}
}
