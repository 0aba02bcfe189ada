package canvas

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// matrix is an affine transform of points: x' = m0 x + m2 y + m4,
// y' = m1 x + m3 y + m5.
type matrix [6]float64

func (m matrix) apply(p vg.Point) (x, y float64) {
	px, py := p.X.Points(), p.Y.Points()
	return m[0]*px + m[2]*py + m[4], m[1]*px + m[3]*py + m[5]
}

func (m matrix) rotate(rad float64) matrix {
	sin, cos := math.Sincos(rad)
	return matrix{m[0]*cos + m[2]*sin, m[1]*cos + m[3]*sin, m[2]*cos - m[0]*sin, m[3]*cos - m[1]*sin, m[4], m[5]}
}

func (m matrix) translate(p vg.Point) matrix {
	m[4], m[5] = m.apply(p)
	return m
}

func (m matrix) scale(x, y float64) matrix {
	return matrix{m[0] * x, m[1] * x, m[2] * y, m[3] * y, m[4], m[5]}
}

// size is the factor by which lengths grow; figures scale x and y alike.
func (m matrix) size() float64 { return math.Hypot(m[0], m[1]) }

// degrees is the direction of the x axis in a system whose y goes down.
func (m matrix) degrees() float64 { return math.Atan2(m[1], m[0]) * 180 / math.Pi }
