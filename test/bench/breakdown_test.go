package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProgramOf(t *testing.T) {
	for name, want := range map[string]string{
		"kube-controller":             "controller manager",
		"containerd-shim":             "containerd, its shims and runc",
		"children of containerd-shim": "containerd, its shims and runc",
		"children of kube-router":     "kube-proxy, kube-router, flannel, with nft and iptables",
		"k3s-server":                  "k3s",
		"kubelet":                     "kubelet",
		"systemd-journal":             "systemd, journald, dbus",
		shortCommands:                 shortCommands,
		"children of sh":              everythingElse,
	} {
		if got := programOf(name); got != want {
			t.Errorf("programOf(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestProgramRows(t *testing.T) {
	of := func(times ...map[string]float64) []boot {
		var out []boot
		for _, used := range times {
			out = append(out, boot{busy: usage{time: used}})
		}
		return out
	}
	f := boots{
		ours: of(
			map[string]float64{"etcd": 1, "guest": 0.5, "containerd": 0.25, "children of containerd": 0.25, "kubelet": 0},
			map[string]float64{"etcd": 2, "sleep": 1},
		),
		bare: of(map[string]float64{"etcd": 4}),
	}
	want := []row{
		{name: "etcd", unit: seconds, ours: series{1, 2}, bare: series{4}},
		{name: "containerd, its shims and runc", unit: seconds, ours: series{0.5, 0}},
		{name: "guest", unit: seconds, ours: series{0.5, 0}},
		{name: everythingElse, unit: seconds, ours: series{0, 1}},
		{name: everything, unit: seconds, ours: series{2, 3}, bare: series{4}},
	}
	got := programRows(f, seconds, func(b boot) map[string]float64 { return b.busy.time })
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{}, unit{}, target{})); diff != "" {
		t.Errorf("programRows(): -want, +got:\n%s", diff)
	}
}

// TestStepRows: the steps of a start add up to the whole of it.
func TestStepRows(t *testing.T) {
	start := func(names ...string) boot {
		b := boot{marks: map[string]time.Duration{}}
		for i, name := range names {
			b.marks[name] = time.Duration(i*i+1) * time.Second
		}
		return b
	}
	f := boots{
		ours: []boot{start(markPod, markScheduled, markInit, markPrepared, markInside, markNode, markCanRun, markRunning)},
		bare: []boot{start(markAPI, markNode, markCanRun, markRunning)},
	}
	var ours, bare float64
	for _, r := range stepRows(f) {
		if len(r.ours) != 1 {
			t.Errorf("step %q has the figures %v, want one", r.name, r.ours)
			continue
		}
		ours += r.ours[0]
		if len(r.bare) == 1 {
			bare += r.bare[0]
		}
	}
	if ours != f.ours[0].marks[markRunning].Seconds() || bare != f.bare[0].marks[markRunning].Seconds() {
		t.Errorf("the steps sum up to %g and %g", ours, bare)
	}
}
