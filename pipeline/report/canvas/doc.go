// Package canvas draws on SVG, PDF and PNG.
//
// A [Drawing] says how large it is and draws itself with a [Pen]; [WriteSVG],
// [WritePDF] and [WritePNG] give it the pen of their format. The package also
// holds what every drawing needs and no figure decides: fonts and how wide
// text is, the colour maps and line colours, the pixel grid, and round limits
// and ticks for axes.
//
// It knows nothing of cells: [speechsim/pipeline/report/figures] lays figures
// out and draws them with it. The same drawing gives the same bytes, for every
// format.
package canvas
