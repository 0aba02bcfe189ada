//go:build race

package metrics

// simulations is the number of simulated sets: fewer under the race detector,
// which makes arithmetic ten times slower and finds nothing in it.
func simulations(_, underRace int) int { return underRace }
