// Package mt19937 is the Mersenne twister (Matsumoto and Nishimura 1998), seeded
// and read as numpy's legacy generator does, so that splits which were drawn with
// numpy.random.seed can be drawn again.
package mt19937

// Source is the generator.
type Source struct {
	state [624]uint32
	next  int
}

// New is init_genrand.
func New(seed uint32) *Source {
	g := &Source{next: 624}
	g.state[0] = seed
	for k := 1; k < len(g.state); k++ {
		before := g.state[k-1]
		g.state[k] = 1812433253*(before^before>>30) + uint32(k)
	}
	return g
}

// Uint32 is genrand_int32.
func (g *Source) Uint32() uint32 {
	if g.next == len(g.state) {
		g.twist()
	}
	y := g.state[g.next]
	g.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (g *Source) twist() {
	const n, m = 624, 397
	for k := range g.state {
		y := g.state[k]&(1<<31) | g.state[(k+1)%n]&(1<<31-1)
		v := g.state[(k+m)%n] ^ y>>1
		if y&1 == 1 {
			v ^= 0x9908b0df
		}
		g.state[k] = v
	}
	g.next = 0
}

// below draws an integer from [0, n), by masked rejection of 32-bit draws.
func (g *Source) below(n int) int {
	most := uint32(n - 1)
	mask := most
	for _, shift := range []int{1, 2, 4, 8, 16} {
		mask |= mask >> shift
	}
	for {
		if v := g.Uint32() & mask; v <= most {
			return int(v)
		}
	}
}

// Permutation is numpy.random.permutation(n): Fisher and Yates from the end.
func (g *Source) Permutation(n int) []int {
	p := make([]int, n)
	for k := range p {
		p[k] = k
	}
	for k := n - 1; k > 0; k-- {
		j := g.below(k + 1)
		p[k], p[j] = p[j], p[k]
	}
	return p
}
