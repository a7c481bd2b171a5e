package report

import "strings"

// SeccompFilter is the seccomp mode of a process that a profile confines.
const SeccompFilter = "filter"

// MapsToRoot says whether an id map gives somebody inside the id 0 of the
// host. A map that cannot be read counts as one that does: it proves nothing.
func MapsToRoot(idMap []string) bool {
	if len(idMap) == 0 {
		return true
	}
	for _, line := range idMap {
		fields := strings.Fields(line)
		if len(fields) != 3 || !positive(fields[1]) || !positive(fields[2]) {
			return true
		}
	}
	return false
}

// positive says whether s is a decimal number above zero. Id ranges are of 32
// bits, and only their first id can be 0.
func positive(s string) bool {
	nonZero := false
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
		nonZero = nonZero || r != '0'
	}
	return nonZero
}
