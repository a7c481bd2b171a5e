package main

import (
	"fmt"
	"strings"
	"time"
)

// stepRows tell one milestone from the next. Bare processes begin where the node
// has been prepared.
func stepRows(f boots) []row {
	rows := []row{
		{name: "the controller makes identity, Secrets and pod", ours: marked(f.ours, "", markPod)},
		{name: "the pod is scheduled; a new volume is made first", ours: marked(f.ours, markPod, markScheduled)},
		{name: "volumes, sandbox, network, container: PID 1 starts", ours: marked(f.ours, markScheduled, markInit)},
		{name: "systemd and the guest prepare the node", ours: marked(f.ours, markInit, markPrepared)},
		{name: "until the API serves", ours: marked(f.ours, markPrepared, markInside), bare: marked(f.bare, "", markAPI)},
		{name: "until the node is Ready", ours: marked(f.ours, markInside, markNode), bare: marked(f.bare, markAPI, markNode)},
		{name: "until a pod can start", ours: marked(f.ours, markNode, markCanRun), bare: marked(f.bare, markNode, markCanRun)},
		{name: "until the pod runs", ours: marked(f.ours, markCanRun, markRunning), bare: marked(f.bare, markCanRun, markRunning)},
	}
	for i := range rows {
		rows[i].unit = seconds
	}
	return rows
}

// programs are what the processes of a node are summed up to, by how their names
// begin: the first that fits counts. The kernel keeps 15 letters of a name.
var programs = []struct {
	title  string
	prefix []string
}{
	{"kube-apiserver", []string{"kube-apiserver"}},
	{"k3s", []string{"k3s"}},
	{"etcd", []string{"etcd"}},
	{"containerd, its shims and runc", []string{"containerd", "runc"}},
	{"kubelet", []string{"kubelet"}},
	{"controller manager", []string{"kube-controller"}},
	{"scheduler", []string{"kube-scheduler"}},
	{"kube-proxy, kube-router, flannel, with nft and iptables", []string{"kube-proxy", "kube-router", "flannel", "nft", "iptables", "xtables"}},
	{"CoreDNS, local-path-provisioner", []string{"coredns", "local-path"}},
	{"guest", []string{"guest"}},
	{"systemd, journald, dbus", []string{"systemd", "(sd-", "dbus"}},
	{shortCommands, []string{shortCommands}},
}

const (
	// shortCommands have ended, and PID 1 was the one to wait for them.
	shortCommands  = "short commands: image import, kubeadm, kubectl, guest"
	everythingElse = "everything else"
	everything     = "**all**"
	// childrenOf stands before the name of the program that waited for what ended.
	childrenOf = "children of "
)

func programOf(name string) string {
	name = strings.TrimPrefix(name, childrenOf)
	for _, p := range programs {
		for _, prefix := range p.prefix {
			if strings.HasPrefix(name, prefix) {
				return p.title
			}
		}
	}
	return everythingElse
}

// programRows sum up what a node's programs use, the same for both columns.
func programRows(f boots, u unit, of func(boot) map[string]float64) []row {
	ours, bare := byProgram(f.ours, of), byProgram(f.bare, of)
	var rows []row
	for _, p := range programs {
		rows = append(rows, row{name: p.title, unit: u, ours: ours[p.title], bare: bare[p.title]})
	}
	for _, title := range []string{everythingElse, everything} {
		rows = append(rows, row{name: title, unit: u, ours: ours[title], bare: bare[title]})
	}
	var found []row
	for _, r := range rows {
		if len(r.ours)+len(r.bare) > 0 {
			found = append(found, r)
		}
	}
	return found
}

// byProgram leaves out what no start of them has.
func byProgram(from []boot, of func(boot) map[string]float64) map[string]series {
	out := map[string]series{}
	for i, b := range from {
		add := func(title string, value float64) {
			if out[title] == nil {
				out[title] = make(series, len(from))
			}
			out[title][i] += value
		}
		for name, value := range of(b) {
			if value > 0 {
				add(programOf(name), value)
				add(everything, value)
			}
		}
	}
	return out
}

// breakdowns say where the figures of a start come from.
func breakdowns(of string, f boots) []section {
	return []section{
		{title: "Where the time goes: " + of, column: "step", rows: stepRows(f)},
		{
			title: "Processor time until a pod runs: " + of, column: "program",
			rows: programRows(f, seconds, func(b boot) map[string]float64 { return b.busy.time }),
		},
		{
			title: fmt.Sprintf("Memory (PSS) %s later: %s", settling.Round(time.Second), of), column: "program",
			rows: programRows(f, mebi, func(b boot) map[string]float64 { return b.settled.memory }),
		},
	}
}
