package models

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"speechsim/models/internal/npz"
)

// reference compares with the original's arrays "K.input", "K.hidden_states.7",
// "K.attentions.0", ...: K counts inputs, the rest is a tensor of the card or,
// for files without names, a layer's.
func (v *verifier) reference(path string) (Result, string, error) {
	if path == "" {
		return Skipped, "no reference was given", nil
	}
	arrays, err := npz.Read(path)
	if err != nil {
		return Failed, "", err
	}
	var d difference
	inputs, compared := 0, 0
	worst := ""
	for ; ; inputs++ {
		prefix := strconv.Itoa(inputs) + "."
		in, ok := arrays[prefix+"input"]
		if !ok {
			break
		}
		a, err := v.model.Run(v.ctx, Input{Samples: in.Floats, IDs: in.Ints})
		if err != nil {
			return Failed, "", err
		}
		compare := func(kind string, list []LayerOutput, tensors []Tensor) error {
			for i, t := range tensors {
				want, ok := arrays[prefix+list[i].Tensor]
				if !ok {
					want, ok = arrays[prefix+kind+t.Name]
				}
				if !ok {
					continue
				}
				if !slices.Equal(want.Shape, t.Shape) {
					return fmt.Errorf("%s%s of input %d has shape %v, the original %v", kind, t.Name, inputs, t.Shape, want.Shape)
				}
				before := d.share
				d.add(t.Data, want.Floats)
				if compared++; d.share > before {
					worst = kind + t.Name
				}
			}
			return nil
		}
		err = cmp.Or(compare("hidden_states.", v.model.layers, a.Layers), compare("attentions.", v.model.attentions, a.Attentions))
		a.Close()
		if err != nil {
			return Failed, "", err
		}
	}
	if compared == 0 {
		return Failed, "", fmt.Errorf("%s has no array of this model: arrays are named 0.input, 0.hidden_states.7, 0.attentions.0", path)
	}
	return v.judge(&d), fmt.Sprintf("%d arrays of %d inputs, largest difference %.1e (%s), %.2g of the tolerance",
		compared, inputs, d.largest, worst, d.share), nil
}
