// Package models runs speech and text models: it opens ONNX Runtime, loads a
// model with its [Card] (how to feed it, what comes out), and turns one
// utterance into the activations of the layers that were asked for. Word
// vectors are read by its package vectors. No other package knows ONNX Runtime.
//
//	rt, err := models.OpenRuntime([]string{"lib"})
//	m, err := rt.Load("hubert-base.onnx", models.Options{Layers: []string{"0-6"}})
//	a, err := m.Run(ctx, models.Input{Samples: samples})
//	defer a.Close()
//	for _, layer := range a.Layers {
//		fmt.Println(layer.Name, layer.Shape) // 7 [49 768]
//	}
//
// A file needs no preparation. What [Runtime.Load] must know it takes from the
// sidecar NAME.card.yaml, else from the file's metadata, else from the graph
// itself, in which the layers of a plain export are found by name and exposed
// (see [Inspect] for what was found where). What cannot be found is an error
// that lists the candidates.
//
// # Names
//
// Layers are named as Hugging Face numbers them: "0" is the input of the first
// transformer block, "7" the output of block 7. "cnn.1" to "cnn.7" are the
// convolutional layers, "24.prenorm" the last block of a pre-norm model before
// the final LayerNorm. Attention "0" is the map inside block 1.
package models
