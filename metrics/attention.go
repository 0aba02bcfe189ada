package metrics

// Attention compares attention layers from the moments of their heads: a
// layer's units are its heads, its rows all cells (query, key) of all
// utterances' maps. Add each utterance's map as a ColMajor Matrix of
// [queries*keys, heads]; the moments need the cross blocks only (CrossOnly).
//
//	pearson:  mean over x's heads of max over y's heads of r(a, b)
//
// with r the correlation over all cells, signed: a head that looks where the
// other does not is unlike it. Directed; Match names the head found for each
// head of x. A head with itself is 1.
//
// The variants elkheir2024, js and frobenius are averages over rows or
// utterances, not functions of these moments: AttentionRows computes them.
func Attention(m *Moments, i, j int, variant string) (Value, error) {
	variant, err := variantOf("attention", variant)
	if err != nil {
		return Value{}, err
	}
	if variant != "pearson" {
		return Value{}, undefined("attention", variant, "it is not a function of the heads' moments")
	}
	return bestMatches(m, i, j, "attention", variant, false)
}
