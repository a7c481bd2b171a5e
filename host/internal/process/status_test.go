//go:build linux

package process

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseStatus(t *testing.T) {
	cases := map[string]struct {
		reason string
		text   string
		depth  int
		first  bool
		hears  bool
	}{
		"Ours":     {reason: "A process of our namespace has one number.", text: "Name:\tx\nNSpid:\t4711\n"},
		"Node":     {reason: "The first process of a namespace below ours.", text: "NSpid:\t4711\t1\n", depth: 1, first: true},
		"Inside":   {reason: "Another process two levels down.", text: "NSpid:\t4711\t12\t7\n", depth: 2},
		"Old":      {reason: "A kernel that does not say leaves the process alone.", text: "Name:\tx\n"},
		"Catches":  {reason: "A handler hears.", text: "SigBlk:\t0000000000000000\nSigCgt:\t0000000000004000\n", hears: true},
		"Collects": {reason: "systemd blocks its signals and reads them from a descriptor.", text: "SigBlk:\t7be3c0fe28014a03\n", hears: true},
		"Deaf":     {reason: "Other signals do not count.", text: "SigBlk:\t0000000000002000\nSigCgt:\t0000000000008000\n"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := parseStatus(tc.text)
			if got.Depth != tc.depth || got.First != tc.first || got.Hears(unix.SIGTERM) != tc.hears {
				t.Errorf("\n%s\nparseStatus(...): got %+v", tc.reason, got)
			}
		})
	}
}
