package pipeline

import (
	"speechsim/pipeline/report"
	"speechsim/pipeline/results"
)

func (p *Plan) page(figures []report.Figure, cells []results.Cell, o *Outcome) report.Page {
	return report.Page{}
}
