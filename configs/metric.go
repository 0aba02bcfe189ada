package configs

// validate checks the parameters of a metric.
func (m *Metric) validate(bad func(Pos, string, ...any)) {
	if (len(m.P) > 0 || len(m.K) > 0) && m.Name != "asif" {
		bad(m.Pos, "metric %s has no p and k; asif does", m.Name)
	}
	grid := func(key string, list []int, most int) {
		seen := map[int]bool{}
		for _, v := range list {
			if v < 1 || v > most {
				bad(m.Pos, "metric %s: %s is %d; it must be from 1 to %d", m.Name, key, v, most)
			}
			if seen[v] {
				bad(m.Pos, "metric %s: %s has %d twice", m.Name, key, v)
			}
			seen[v] = true
		}
	}
	grid("p", m.P, 64)
	grid("k", m.K, 100_000)
}
