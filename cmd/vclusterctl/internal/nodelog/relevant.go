package nodelog

import (
	"regexp"
	"slices"
)

// complaints are how the programs of a node mark what went wrong: klog,
// logrus, zap and slog each in their way.
var complaints = regexp.MustCompile(`^[EF]\d{4} |level=(error|fatal|panic)|"level":"(error|fatal|panic|dpanic)"|level=ERROR|^(panic|fatal error): `)

// errorPriority is the least urgent priority of syslog that is an error.
const errorPriority = 3

// Relevant chooses, of what a node logged, the last n entries that tell of
// something that went wrong, or the last n where none does. Of one that comes
// again and again the last is enough.
func Relevant(entries []Entry, n int) []Entry {
	bad := slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return !wrong(e) })
	if len(bad) == 0 {
		bad = slices.Clone(entries)
	}
	var chosen []Entry
	seen := map[string]bool{}
	for _, e := range slices.Backward(bad) {
		key := e.Name + shape(e.Message)
		if seen[key] {
			continue
		}
		seen[key] = true
		if chosen = append(chosen, e); len(chosen) == n {
			break
		}
	}
	slices.Reverse(chosen)
	return chosen
}

func wrong(e Entry) bool { return e.Priority <= errorPriority || complaints.MatchString(e.Message) }

var (
	digits = regexp.MustCompile(`\d+`)
	// place is the line of source that klog names, which tells complaints apart
	// better than their words.
	place = regexp.MustCompile(`^[EF]\d{4} \S+ +\d+ (\S+:\d+)\]`)
)

// shape is a message without what differs each time.
func shape(message string) string {
	if at := place.FindStringSubmatch(message); at != nil {
		return at[1]
	}
	return digits.ReplaceAllString(message, "0")
}
