package progress

// AfterFirst reports one unit after each call of f but the first. A jackknife computes a statistic of the data as they are before those
// without a group, and only the latter are units of its stage.
func AfterFirst[D, V any](r Reporter, f func(D) (V, error)) func(D) (V, error) {
	first := true
	return func(data D) (V, error) {
		if !first {
			defer r.Add(1)
		}
		first = false
		return f(data)
	}
}
