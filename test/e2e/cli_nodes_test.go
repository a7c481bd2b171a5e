package e2e

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
)

// distroUnit is the systemd unit that is the distro.
func (u user) distroUnit() string {
	if u.distro.Name == v1alpha1.DistroK3s {
		return "k3s"
	}
	return "kube-apiserver"
}

// checkLogs reads the journal of the one node of the cluster.
func (u user) checkLogs() {
	u.Helper()
	unit := u.distroUnit()
	if r := u.do(0, "logs", "dev"); !strings.Contains(r.Stdout, "systemd") || !strings.Contains(r.Stdout, unit) || r.Stderr != "" {
		u.Errorf("the whole journal has not what systemd and %s say: %s", unit, head(r))
	}
	r := u.do(0, "logs", "dev/server-0", "--unit", unit, "--tail", "3", "-o", "json")
	lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
	if len(lines) != 3 {
		u.Errorf("the last three lines: %s", r)
	}
	for _, line := range lines {
		var entry struct {
			Node string `json:"node"`
			Unit string `json:"unit"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Node != "server-0" || entry.Unit != unit+".service" {
			u.Errorf("a line of %s (%v): %s", unit, err, line)
		}
	}
	if r := u.do(0, "logs", "dev", "--unit", unit, "--since", "1ms"); strings.Count(r.Stdout, "\n") > strings.Count(u.do(0, "logs", "dev", "--unit", unit).Stdout, "\n")/2 {
		u.Errorf("what was logged in the last millisecond is not less than all: %s", head(r))
	}
	if r := u.do(0, "logs", "dev", "--all-nodes", "--tail", "1"); !strings.HasPrefix(r.Stdout, "[server-0] ") {
		u.Errorf("lines of all nodes have no names before them: %s", r)
	}
	if r := u.do(3, "logs", "dev/work-0"); !strings.Contains(r.Stderr, "it has server-0") {
		u.Errorf("the log of a node that there is not: %s", r)
	}
}

// head is what a message needs of a long output.
func head(r harness.Result) string {
	text := r.String()
	return text[:min(len(text), 2000)]
}

// checkPause pauses and resumes the cluster. Who follows its log and who
// watches it sees both.
func (u user) checkPause() {
	u.Helper()
	logs := u.start("logs", "dev", "-f", "--unit", "vcluster-guest")
	table := u.start("list", "-w")
	objects := u.start("get", "dev", "-w", "-o", "json")
	u.must(logs.Await(u.within(stepTimeout), "vcluster-guest"))
	u.must(table.Await(u.within(stepTimeout), "True"))
	u.must(objects.Await(u.within(stepTimeout), `"name": "dev"`))

	u.wantOut(u.do(0, "pause", "dev"), "virtualcluster.vclusterctl.dev/dev paused\n")
	u.wantOut(u.do(0, "pause", "dev"), "virtualcluster.vclusterctl.dev/dev unchanged\n")
	u.must(table.Await(u.within(stepTimeout), "False"))
	u.must(objects.Await(u.within(stepTimeout), `"reason": "Paused"`))
	if r := u.do(1, "create", "dev", u.distroFlag()); !strings.Contains(r.Stderr, "vclusterctl resume dev") {
		u.Errorf("create of a paused cluster does not say how to resume it: %s", r)
	}
	if r := u.do(3, "logs", "dev"); !strings.Contains(r.Stderr, "has no nodes now") {
		u.Errorf("the log of a paused cluster: %s", r)
	}
	resumed := time.Now().UTC().Format("2006-01-02T15:04:05")
	u.wantOut(u.do(0, "resume", "dev"), "virtualcluster.vclusterctl.dev/dev resumed\n")
	u.wantOut(u.do(0, "resume", "dev"), "virtualcluster.vclusterctl.dev/dev unchanged\n")

	u.must(logs.AwaitThat(u.within(stepTimeout), "anything of the node that came back", func(out string) bool {
		lines := strings.Split(strings.TrimSpace(out), "\n")
		return lines[len(lines)-1] >= resumed
	}))
	for name, b := range map[string]*harness.Background{"logs -f": logs, "list -w": table, "get -w": objects} {
		r := b.Interrupt()
		u.wantCode(r, 0)
		if name == "logs -f" && !strings.Contains(r.Stderr, `Waiting for node "server-0" to run.`) {
			u.Errorf("who follows is not told what is waited for: %s", head(r))
		}
	}
}

// start runs the program in the user's namespace beside the test.
func (u user) start(args ...string) *harness.Background {
	u.Helper()
	b, err := u.host.Start(u.kubeconfig, append(args, "--context", "vclusterctl-"+hostName, "-n", u.namespace)...)
	u.must(err)
	u.Cleanup(func() { b.Interrupt() })
	return b
}
