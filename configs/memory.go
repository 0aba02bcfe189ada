package configs

import (
	"math"
	"regexp"
	"strconv"
)

// memorySize is a number with an optional unit: 6GiB, 1.5 GB, 512MiB, 8589934592.
var memorySize = regexp.MustCompile(`^\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?B|B|)\s*$`)

var memoryUnits = map[string]float64{"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}

// MemoryBytes is the memory that a run may take, in bytes; 0 where the config says nothing.
func (c *Config) MemoryBytes() int64 {
	m := memorySize.FindStringSubmatch(c.Memory)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0
	}
	return int64(math.Min(n*memoryUnits[m[2]], 1<<60))
}

// leastMemory is less than the program takes before it has opened anything.
const leastMemory = 64 << 20

func (c *Config) validateMemory(bad func(Pos, string, ...any)) {
	switch n := c.MemoryBytes(); {
	case c.Memory == "":
	case n == 0:
		bad(c.Pos.Of("memory"), "memory is %q; it must be a size such as 6GiB, 512MiB or 8GB", c.Memory)
	case n < leastMemory:
		bad(c.Pos.Of("memory"), "memory is %q; it must be at least 64MiB", c.Memory)
	}
}
