package synthetic

import "speechsim/pipeline/results"

// Head is a head on one utterance of so many frames, whose every query puts weight(d) of its attention on the frame that is d away; what there is no
// frame for is lost.
func Head(layer results.Layer, head, frames int, weight func(d int) float64) (list []results.HeadPosition) {
	for d := 1 - frames; d < frames; d++ {
		pairs := frames - max(d, -d)
		list = append(list, results.HeadPosition{Layer: layer, Head: head, From: d, To: d, Pairs: pairs, Mean: weight(d), Uniform: 1 / float64(frames),
			Share: weight(d) * float64(pairs) / float64(frames)})
	}
	return list
}
