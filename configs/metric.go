package configs

// validate checks the parameters of a metric.
func (m *Metric) validate(bad func(Pos, string, ...any)) {
	if (len(m.P) > 0 || len(m.K) > 0) && m.Name != "asif" {
		bad(m.Pos.Of("p", "k"), "metric %s has no p and k; asif does", m.Name)
	}
	if len(m.Thresholds) > 0 && m.Name != "word_distance" {
		bad(m.Pos.Of("thresholds"), "metric %s has no thresholds; word_distance does", m.Name)
	}
	for i, t := range m.Thresholds {
		if !(t > 0 && t <= 2) {
			bad(m.Pos.Of("thresholds"), "metric %s: thresholds has %g; a distance is more than 0 and at most 2", m.Name, t)
		}
		if i > 0 && t <= m.Thresholds[i-1] {
			bad(m.Pos.Of("thresholds"), "metric %s: thresholds must ascend, and %g follows %g", m.Name, t, m.Thresholds[i-1])
		}
	}
	grid := func(key string, list []int, most int) {
		seen := map[int]bool{}
		for _, v := range list {
			if v < 1 || v > most {
				bad(m.Pos.Of(key), "metric %s: %s is %d; it must be from 1 to %d", m.Name, key, v, most)
			}
			if seen[v] {
				bad(m.Pos.Of(key), "metric %s: %s has %d twice", m.Name, key, v)
			}
			seen[v] = true
		}
	}
	grid("p", m.P, 64)
	grid("k", m.K, 100_000)
}
