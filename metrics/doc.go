// Package metrics measures how alike the layers of two models are. It is pure
// mathematics on matrices of numbers: [rows, units], where row r of every
// layer belongs to the same frame, word, phone or attention cell.
//
// Almost every measure is a function of second moments, so rows are added once,
// block by block, and forgotten:
//
//	b, err := metrics.OpenBLAS([]string{"lib"})
//	if err != nil {
//		b = metrics.PureGo() // slower, the same numbers
//	}
//	m, err := metrics.NewMoments(b, []int{768, 768, 300}, metrics.Options{SquaredNorms: true})
//	for block := range blocks { // one Matrix a layer
//		err = m.Add(ctx, block)
//	}
//	v, err := metrics.CKA(m, 0, 2, "debiased")
//	fmt.Println(v.Value, v.N, v.Warnings)
//
// Moments of parts (speakers, machines) are merged exactly, written and read
// back. [Lookup] describes a metric by name; [Compute] is its value.
//
// Every value belongs to a metric and a variant, because the literature's names
// hide several definitions. What has no value on the data at hand (too few rows,
// a constant layer) is an [UndefinedError] that says why, never a number.
//
// The package knows nothing of utterances, files or models.
package metrics
