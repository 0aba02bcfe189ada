// Package npy reads matrices of floating point numbers that numpy wrote: .npy
// files, and the arrays in .npz archives. Files are mapped into memory and read
// block by block, so that one may be larger than memory.
//
//	a, err := npy.Open("layers.npz:hubert.7") // or "layer.npy", or an archive of one array
//	if err != nil { ... }
//	defer a.Close()
//	block := make([]float32, 2048*a.Cols)
//	for from := 0; from < a.Rows; from += 2048 {
//		n := min(2048, a.Rows-from)
//		err = npy.Read(a, block[:n*a.Cols], from, n) // [n, a.Cols], by rows
//	}
//
// What is read: headers of versions 1 to 3; float16, float32 and float64 of
// either byte order; C and Fortran order; two dimensions. Everything else is
// refused by an [Error] that says how to write the file again.
package npy
