// Package clock measures what benchmarks report: time and memory of the process.
package clock

import (
	"syscall"
	"time"
)

// Clock adds up wall time and the processor time of the whole process. The
// second means something on a machine that others use too.
type Clock struct {
	Wall, CPU         time.Duration
	wallFrom, cpuFrom time.Duration
}

// Start starts the clock.
func (c *Clock) Start() { c.wallFrom, c.cpuFrom = now() }

// Stop adds what has passed since Start.
func (c *Clock) Stop() {
	wall, cpu := now()
	c.Wall, c.CPU = c.Wall+wall-c.wallFrom, c.CPU+cpu-c.cpuFrom
}

var began = time.Now()

func now() (wall, cpu time.Duration) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Since(began), time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// PeakMB is the most memory that the process has held so far: of one benchmark
// only where it runs alone.
func PeakMB() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Maxrss) / 1000 // Linux counts in kB
}
