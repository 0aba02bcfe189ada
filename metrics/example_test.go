package metrics_test

import (
	"context"
	"fmt"

	"speechsim/metrics"
)

// Four frames of a layer with two units, and of one that is the first turned by
// a right angle and shifted.
func Example() {
	x := metrics.Matrix{Rows: 4, Cols: 2, Data: []float32{1, 2, 3, 5, 4, 4, 0, 1}}
	y := metrics.Matrix{Rows: 4, Cols: 2, Data: []float32{7, 1, 4, 3, 5, 4, 8, 0}}
	m, err := metrics.NewMoments(metrics.PureGo(), []int{2, 2}, metrics.Options{})
	if err != nil {
		panic(err)
	}
	if err := m.Add(context.Background(), []metrics.Matrix{x, y}); err != nil {
		panic(err)
	}
	cka, err := metrics.Compute(m, "cka", "biased", 0, 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("cka %.3f of %d rows\n", cka.Value, cka.N)
	units, err := metrics.NeuronNeuron(m, 0, 1, "absolute")
	if err != nil {
		panic(err)
	}
	for _, match := range units.Match {
		fmt.Printf("unit %d is most like unit %d: r = %.3f\n", match.X, match.Y, match.Value)
	}
	_, err = metrics.Lookup("pwca")
	fmt.Println(err)
	// Output:
	// cka 1.000 of 4 rows
	// unit 0 is most like unit 1: r = 1.000
	// unit 1 is most like unit 0: r = -1.000
	// unknown metric "pwca"; did you mean "pwcca"? (known: cka, cca, svcca, pwcca, neuron_neuron, neuron_layer, procrustes, attention, knn, asif, word_distance)
}
