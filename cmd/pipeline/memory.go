package main

import (
	"fmt"
	"os"
	"runtime"
)

// residentBytes is the memory of the process, models included. Where the system does not report it, it is the memory that Go
// knows of.
func residentBytes() int64 {
	var size, resident int64
	if data, err := os.ReadFile("/proc/self/statm"); err == nil {
		if _, err := fmt.Sscan(string(data), &size, &resident); err == nil {
			return resident * int64(os.Getpagesize())
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
