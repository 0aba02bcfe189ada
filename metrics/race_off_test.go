//go:build !race

package metrics

// simulations is the number of simulated sets.
func simulations(full, _ int) int { return full }
