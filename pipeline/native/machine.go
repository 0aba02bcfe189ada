package native

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// FreeDisk is what there is room for in a folder; 0 where the system does not tell.
func FreeDisk(dir string) int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0
	}
	return int64(s.Bavail) * s.Bsize
}

// FreeMemory is what a process may still take, on Linux: what the system has to give, or the control group's limit; 0 where
// that is not known.
func FreeMemory() int64 { return systemMemory("MemAvailable:") }

// TotalMemory is what there is at all, likewise.
func TotalMemory() int64 { return systemMemory("MemTotal:") }

func systemMemory(field string) int64 {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	var free int64
	for line := range strings.Lines(string(info)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			free = n << 10
		}
	}
	if limit, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(limit)), 10, 64); err == nil { // else "max"
			free = min(free, n)
		}
	}
	return free
}
