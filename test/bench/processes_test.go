package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStat(t *testing.T) {
	const tail = " S 7 1 1 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 1 0 5 6 7"
	tests := map[string]struct {
		reason, line string
		want         stat
		fails        bool
	}{
		"Plain": {reason: "Ticks are hundredths.", line: "12 (etcd)" + tail, want: stat{name: "etcd", parent: 7, self: 2, children: 0.5}},
		"Odd":   {reason: "A name may hold anything.", line: "12 (a) b (c)" + tail, want: stat{name: "a) b (c", parent: 7, self: 2, children: 0.5}},
		"Short": {reason: "Not what proc(5) promises.", line: "12 (etcd) S 7", fails: true},
		"None":  {reason: "No name at all.", line: "", fails: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat(tc.line)
			if (err != nil) != tc.fails {
				t.Fatalf("%s\nparseStat(): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(stat{})); diff != "" {
				t.Errorf("%s\nparseStat(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestUsageBelow(t *testing.T) {
	with, err := usageBelow(os.Getpid(), true)
	if err != nil {
		t.Fatal(err)
	}
	if with.processes < 1 || with.pss <= 0 {
		t.Errorf("this process uses no memory: %+v", with)
	}
	without, err := usageBelow(os.Getpid(), false)
	if err != nil {
		t.Fatal(err)
	}
	if without.processes >= with.processes {
		t.Errorf("with the first process %d, without it %d", with.processes, without.processes)
	}
}
