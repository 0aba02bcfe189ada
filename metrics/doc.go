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
// back; [MemoryOf] says what they need. [Products] can make them on a GPU.
//
// # Metrics and variants
//
// [Lookup] describes a metric by name and [Compute] is its value. Every value
// belongs to a metric and a variant, because the literature's names hide several
// definitions; each function's comment gives its formula, its source, what the
// conventions of published code are, and its chance level.
//
//   - functions of moments: [CKA], [CCA], [SVCCA], [PWCCA], [NeuronNeuron],
//     [NeuronLayer], [Procrustes], and [Attention] by correlation over all cells
//   - of the moments of groups of rows: [NeuronLayerHeldOut]
//   - of attention maps, utterance by utterance: [AttentionRows]
//   - of the rows themselves: [MutualKNN], [WordDistance], and retrieval in package
//     asif below this one
//
// What has no value on the data at hand (too few rows, a constant layer) is an
// [UndefinedError] that says why, never a number. Constant units are left out and
// counted, and a sample that is small for its dimensions is warned of in the value.
//
// # Trust in a number
//
// In small samples most of these measures are large on noise. [Jackknife] leaves
// out speakers in turn for an interval, and for paired differences of layers.
// [NullOf] and [NullCKA] give what the layers score when their rows are paired
// by a [Shuffle] that breaks the relation and keeps the dependence among rows.
// [TypeSums] gives the same comparison with every word counted once.
//
// # Precision and order
//
// Products are float32 about a centre near the mean, and sums float64: metrics
// differ by some 1e-8 from those of float64 products (1e-6 at worst; the option
// Float64 is for layers whose units nearly depend on each other). Work is cut
// into tiles that depend on the dimensions alone, so the number of workers changes
// no bit; another library, or blocks cut otherwise, changes the last digits.
//
// The package knows nothing of utterances, files or models.
package metrics
