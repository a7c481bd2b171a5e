package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// usage is what a tree of processes has.
type usage struct {
	// pss is memory in bytes, each shared page counted in parts.
	pss float64
	// cpu is the time used since the start by all of them, also by those that
	// have ended, in seconds.
	cpu float64
	// processes is their number.
	processes int
}

// usageBelow adds up a process and all that descend from it; without the first
// one's own use where it belongs to the benchmark.
func usageBelow(root int, withRoot bool) (usage, error) {
	tree, err := descendants(root)
	if err != nil {
		return usage{}, err
	}
	var sum usage
	for _, pid := range tree {
		own := pid != root || withRoot
		stat, err := readStat(pid)
		if err != nil {
			continue // it has ended meanwhile
		}
		sum.cpu += stat.children
		if !own {
			continue
		}
		sum.cpu += stat.self
		sum.pss += pss(pid)
		sum.processes++
	}
	return sum, nil
}

// descendants of a process, itself first. What loses its parent is given to
// PID 1 of its namespace, so none gets lost.
func descendants(root int) ([]int, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if stat, err := readStat(pid); err == nil {
			children[stat.parent] = append(children[stat.parent], pid)
		}
	}
	tree := []int{root}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i]]...)
	}
	return tree, nil
}

// stat is what proc(5) says of a process; times in seconds.
type stat struct {
	parent         int
	self, children float64
}

func readStat(pid int) (stat, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(data))
}

// parseStat reads fields 4 and 14 to 17. The second, the name, may hold
// anything.
func parseStat(line string) (stat, error) {
	fields := strings.Fields(line[strings.LastIndex(line, ")")+1:])
	if len(fields) < 15 {
		return stat{}, fmt.Errorf("unexpected stat %q", line)
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return stat{}, err
	}
	var ticks [4]float64
	for i := range ticks {
		if ticks[i], err = strconv.ParseFloat(fields[11+i], 64); err != nil {
			return stat{}, err
		}
	}
	const perSecond = 100 // USER_HZ, fixed in the kernel's interface
	return stat{parent: parent, self: (ticks[0] + ticks[1]) / perSecond, children: (ticks[2] + ticks[3]) / perSecond}, nil
}

// pss is 0 for a process that has ended, or has no memory of its own.
func pss(pid int) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "Pss:" {
			kib, err := strconv.ParseFloat(fields[1], 64)
			if err != nil {
				return 0
			}
			return kib * 1024
		}
	}
	return 0
}
