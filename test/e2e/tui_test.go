package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/test/e2e/harness"
	"github.com/vclusterctl/vclusterctl/test/terminal"
)

// person is a user at a terminal, in which the program runs.
type person struct {
	user
	*terminal.Terminal
}

// sit opens the TUI in the user's namespace.
func (u user) sit() person {
	u.Helper()
	m, err := u.host.Sit(u.kubeconfig, filepath.Dir(u.kubectl()), "--context", "vclusterctl-"+hostName, "-n", u.namespace)
	u.must(err)
	u.Cleanup(m.Close)
	return person{u, m}
}

func (p person) press(keys string) {
	p.Helper()
	p.must(p.Press(keys))
}

func (p person) shows(texts ...string) {
	p.Helper()
	p.showsIn(stepTimeout, texts...)
}

func (p person) showsIn(d time.Duration, texts ...string) {
	p.Helper()
	for _, text := range texts {
		p.must(p.Await(p.within(d), text))
	}
}

// Keys that are not letters.
const (
	keyEnter = "\r"
	keyRight = "\x1b[C"
	keyCtrlD = "\x04"
	keyCtrlS = "\x13"
)

// A cluster's life at a terminal, by nothing but keys.
func testTUI(t *testing.T, d harness.Distro) {
	p := begin(t, d).user().sit()
	p.shows("No virtual clusters in namespace", "● live")
	p.checkForm()
	p.shows("Starting API")
	p.showsIn(bootTimeout, "● Ready")
	p.checkAttach()
	p.checkNodeLogs()
	p.checkNodeShell()
	p.checkQuestion()
	p.press("q")
	code, err := p.End(p.within(stepTimeout))
	p.must(err)
	if code != 0 {
		p.Errorf("exit code %d; the screen is\n%s", code, p.Screen())
	}
}

// checkForm creates the cluster.
func (p person) checkForm() {
	p.Helper()
	p.press("n")
	p.shows("Name dev", "would take it")
	p.press("\t\t")
	p.shows("< chosen for you >")
	p.press(strings.Repeat(keyRight, 1+slices.Index(v1alpha1.Distros(), p.distro.Name)))
	p.shows("< "+string(p.distro.Name)+" >", "distro: "+string(p.distro.Name))
	p.press(keyCtrlS)
	p.shows("Created dev.")
}

// checkAttach leaves the screen for a shell outside, which talks to the cluster.
func (p person) checkAttach() {
	p.Helper()
	p.press("a")
	p.shows("This shell talks to virtual cluster", "("+p.namespace+"/dev)")
	p.press("kubectl get pods -A && kubectl get nodes -o name; echo code=$?" + keyEnter)
	p.shows("node/server-0", "code=0")
	p.press("exit" + keyEnter)
	p.shows("Back from attach dev.", "● Ready")
}

func (p person) checkNodeLogs() {
	p.Helper()
	p.press("l")
	p.shows("live · ", "lines · following")
	p.must(p.AwaitGone(p.within(stepTimeout), "live · 0 lines"))
	p.press("s")
	p.shows("held still")
	p.press("q")
	p.shows("● Ready")
}

// checkNodeShell leaves it for a shell inside the node, which knows the terminal.
func (p person) checkNodeShell() {
	p.Helper()
	p.press("s")
	p.shows("#")
	p.press(`echo "pid1=$(cat /proc/1/comm)" "size=$(stty size)"` + keyEnter)
	p.shows("pid1=systemd size=24 80")
	p.press("exit" + keyEnter)
	p.shows("Back from shell in dev/server-0.", "● Ready")
}

// checkQuestion deletes the cluster, but not by Enter alone.
func (p person) checkQuestion() {
	p.Helper()
	p.press(keyCtrlD)
	p.shows("Delete dev in namespace "+p.namespace+"?", "its credentials")
	p.press(keyEnter)
	p.must(p.AwaitGone(p.within(stepTimeout), "its credentials"))
	p.press(keyCtrlD)
	p.shows("its credentials")
	p.press("y")
	p.shows("No virtual clusters in namespace")
	p.must(p.host.AwaitNothing(p.within(stepTimeout), p.namespace, "dev"))
}
