package report

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Limits of what is kept of a report. It goes into status, events and
// terminals.
const (
	maxItems  = 256
	maxString = 512
	maxName   = 63
)

// sanitise returns a copy of a report that is safe to show and to store.
func sanitise(r guestapi.Report) guestapi.Report {
	r.Boot = clean(r.Boot, maxName)
	r.NodeName = clean(r.NodeName, maxName)
	r.MachineID = word(r.MachineID)
	r.Role = guestapi.Role(clean(string(r.Role), maxName))
	r.Distro = clean(r.Distro, maxName)
	r.Version = clean(r.Version, maxName)
	r.StateID = word(r.StateID)
	r.Facts = sanitiseFacts(r.Facts)
	r.Timeline = each(slices.DeleteFunc(r.Timeline, unstorable), func(m guestapi.Milestone) guestapi.Milestone {
		return guestapi.Milestone{Name: clean(m.Name, maxName), Time: m.Time}
	})
	r.Nodes = each(r.Nodes, func(n guestapi.NodeState) guestapi.NodeState {
		n.Name, n.Version = clean(n.Name, maxName), clean(n.Version, maxName)
		n.Message, n.Group = clean(n.Message, maxString), clean(n.Group, maxName)
		n.MachineID = word(n.MachineID)
		return n
	})
	r.Problems = each(r.Problems, sanitiseProblem)
	r.Degraded = each(r.Degraded, sanitiseProblem)
	return r
}

// unstorable is true for times that have no form in JSON, or are none.
func unstorable(m guestapi.Milestone) bool {
	return m.Time.Unix() <= 0 || m.Time.Year() > 9999
}

func sanitiseFacts(f guestapi.Facts) guestapi.Facts {
	short := func(s string) string { return clean(s, maxName) }
	f.UIDMap = each(f.UIDMap, short)
	f.GIDMap = each(f.GIDMap, short)
	f.Capabilities = each(f.Capabilities, short)
	f.CgroupControllers = each(f.CgroupControllers, short)
	f.SeccompMode = short(f.SeccompMode)
	f.Snapshotter = short(f.Snapshotter)
	f.Kernel = short(f.Kernel)
	return f
}

func sanitiseProblem(p guestapi.Problem) guestapi.Problem {
	return guestapi.Problem{Reason: word(p.Reason), Message: clean(p.Message, maxString)}
}

// each copies at most maxItems, cleaned.
func each[T any](in []T, f func(T) T) []T {
	out := make([]T, 0, min(len(in), maxItems))
	for _, v := range in[:min(len(in), maxItems)] {
		out = append(out, f(v))
	}
	return out
}

// clean replaces what could change the look of a terminal or of a log by
// spaces, and cuts at limit bytes without breaking a character.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) <= limit {
		return s
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// word keeps the letters and digits of a reason: it is used as one.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return r
	}, s)
	return clean(s, maxName)
}
