package report

import (
	"io"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// dpi of the PNG files.
const dpi = 300

// drawing is something laid out and ready to be drawn on any canvas.
type drawing interface {
	Size() (width, height vg.Length)
	Draw(p *pen)
}

// writeSVG writes a drawing as SVG; title and description are for readers who
// hear it.
func writeSVG(w io.Writer, d drawing, title, desc string) error {
	width, height := d.Size()
	c := newSVG(width, height, title, desc)
	d.Draw(&pen{Canvas: c})
	_, err := c.WriteTo(w)
	return err
}

// writePDF writes a drawing as PDF, with its title and description as the
// document's.
func writePDF(w io.Writer, d drawing, title, desc string) error {
	width, height := d.Size()
	c := newPDF(width, height, title, desc)
	d.Draw(&pen{Canvas: c, overlap: true})
	_, err := c.WriteTo(w)
	return err
}

// writePNG writes a drawing as PNG of 300 dpi.
func writePNG(w io.Writer, d drawing) error {
	width, height := d.Size()
	c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))
	d.Draw(&pen{Canvas: c})
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}
