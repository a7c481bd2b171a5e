package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	// memory and time are the same by name of the program; time of those that
	// have ended is that of whoever waited for them.
	memory, time map[string]float64
}

// String lists the programs.
func (u usage) String() string {
	return fmt.Sprintf("%d processes; memory: %s; processor time: %s", u.processes, largest(u.memory, mebi), largest(u.time, seconds))
}

// largest lists what is not negligible, the largest first.
func largest(values map[string]float64, in unit) string {
	names := slices.SortedFunc(maps.Keys(values), func(a, b string) int { return cmp.Compare(values[b], values[a]) })
	var sum float64
	for _, v := range values {
		sum += v
	}
	var words []string
	for _, name := range names {
		if values[name] > sum/200 {
			words = append(words, name+" "+in.number(values[name]))
		}
	}
	return strings.Join(words, ", ")
}

// usageBelow adds up a process and all that descend from it; without the first
// one's own use where it belongs to the benchmark.
func usageBelow(root int, withRoot bool) (usage, error) {
	tree, err := descendants(root)
	if err != nil {
		return usage{}, err
	}
	sum := usage{memory: map[string]float64{}, time: map[string]float64{}}
	for _, pid := range tree {
		own := pid != root || withRoot
		stat, err := readStat(pid)
		if err != nil {
			continue // it has ended meanwhile
		}
		sum.cpu += stat.children
		if pid == root {
			sum.time[shortCommands] += stat.children
		} else {
			sum.time[childrenOf+stat.name] += stat.children
		}
		if !own {
			continue
		}
		sum.cpu += stat.self
		sum.time[stat.name] += stat.self
		memory := pss(pid)
		sum.pss += memory
		sum.memory[stat.name] += memory
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
	name           string
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
	begin, end := strings.Index(line, "("), strings.LastIndex(line, ")")
	fields := strings.Fields(line[end+1:])
	if begin < 0 || end < begin || len(fields) < 15 {
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
	return stat{name: line[begin+1 : end], parent: parent, self: (ticks[0] + ticks[1]) / perSecond, children: (ticks[2] + ticks[3]) / perSecond}, nil
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
