package checkpoint

import (
	"strconv"

	"speechsim/models"
)

// blockOutputs are the states and maps of so many blocks on a card, states 0 to the last.
func blockOutputs(blocks, units, heads int) (states, maps []models.LayerOutput) {
	for i := range blocks + 1 {
		name := strconv.Itoa(i)
		states = append(states, models.LayerOutput{Name: name, Tensor: "hidden_states." + name, Units: units})
		if i < blocks {
			maps = append(maps, models.LayerOutput{Name: name, Tensor: "attentions." + name, Heads: heads})
		}
	}
	return states, maps
}
