package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/keys"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// proof shows that a key does what the help says of it.
type proof struct {
	// before are pressed to get where it works, once ready is seen; what begins
	// with ~ is waited for. after are pressed behind the key.
	before, after []string
	ready         string
	// shows is seen afterwards, and not before; hides is the reverse. done is
	// what was done.
	shows, hides, done string
	quit               bool
}

// proofs are by what the help says.
var proofs = map[string]proof{
	"up":                             {before: []string{"down"}, ready: "▌ dev-01", shows: "▌ dev-00"},
	"down":                           {ready: "▌ dev-00", shows: "▌ dev-01"},
	"a page up":                      {before: []string{"G"}, ready: "▌ pooled", shows: "▌ dev-22"},
	"a page down":                    {ready: "▌ dev-00", shows: "▌ dev-18"},
	"to the top":                     {before: []string{"G"}, ready: "▌ pooled", shows: "▌ dev-00"},
	"to the bottom":                  {ready: "▌ dev-00", shows: "▌ pooled"},
	"to the left":                    {before: []string{"l", "~a very long line", "right"}, ready: "ng line of a log", shows: "a very long line"},
	"to the right":                   {before: []string{"l"}, ready: "a very long line", hides: "a very long line"},
	"describe":                       {shows: "Conditions"},
	"YAML":                           {shows: "apiVersion: vclusterctl.dev"},
	"logs, of a node":                {shows: "a very long line"},
	"new, a cluster":                 {shows: "This is applied:"},
	"delete, after asking":           {shows: "Delete dev-00 in namespace default?"},
	"pause, after asking":            {shows: "Pause dev-00 in namespace default?"},
	"resume, after asking":           {before: []string{"G", "up"}, ready: "▌ dev-39", shows: "Resume dev-39 in namespace default?"},
	"kubeconfig to the clipboard":    {shows: "sent to the clipboard", done: "kubeconfig dev-00"},
	"kubeconfig to a file":           {shows: "/home/me/dev-00.kubeconfig", done: "save dev-00"},
	"filter":                         {shows: "enter choose"},
	"clear the filter":               {before: []string{"/", "3", "9", "enter"}, ready: "1 of 40", hides: "1 of 40"},
	"order by the next column":       {ready: "NAME ↑", shows: "STATUS ↑"},
	"turn the order around":          {ready: "NAME ↑", shows: "NAME ↓"},
	"all namespaces, or back to one": {ready: "namespace default", shows: "all namespaces · 41"},
	"choose a namespace":             {shows: "Which namespace?"},
	"choose a kubeconfig context":    {shows: "Which kubeconfig context?"},
	"read anew, or try again now":    {}, // TestLostConnection
	"attach, a shell with kubectl at the cluster": {}, // TestAttach
	"shell, inside a node":                        {}, // TestAttach
	"search":                                      {before: []string{"y"}, ready: "apiVersion", after: []string{"z", "z"}, shows: "/zz"},
	"next match":                                  {before: []string{"y", "~apiVersion", "/", "u", "i", "d", "enter"}, ready: "kind: VirtualCluster", hides: "kind: VirtualCluster"},
	"previous match":                              {before: []string{"y", "~apiVersion", "/", "u", "i", "d", "enter"}, ready: "kind: VirtualCluster", hides: "kind: VirtualCluster"},
	"wrap, or cut long lines":                     {before: []string{"l"}, ready: "a very long line", shows: "which no screen"},
	"follow, or hold still":                       {before: []string{"l"}, ready: "following", shows: "held still"},
	"next node":                                   {before: []string{"G", "l", "~Logs of which", "enter"}, ready: "server-0 says", shows: "work-0 says"},
	"next field":                                  {before: []string{"n"}, ready: "▌ Name", shows: "▌ Namespace"},
	"previous field":                              {before: []string{"n", "tab"}, ready: "▌ Namespace", shows: "▌ Name "},
	"previous value of a choice":                  {before: []string{"n", "tab", "tab"}, ready: "< chosen for you >", shows: "< k3s >"},
	"next value of a choice":                      {before: []string{"n", "tab", "tab"}, ready: "< chosen for you >", shows: "< k8s >"},
	"create":                                      {before: []string{"n"}, ready: "would take it", shows: "Created dev", done: "create default/dev"},
	"do it":                                       {before: []string{"p"}, ready: "Kept", shows: "Pausing dev-00", done: "paused=true dev-00 uid-dev-00"},
	"leave it":                                    {before: []string{"p"}, ready: "Kept", hides: "Kept"},
	"choose":                                      {before: []string{"N", "~team-a", "down", "down"}, ready: "team-a", shows: "namespace team-a"},
	"help":                                        {shows: "in the list and in a description"},
	"back":                                        {before: []string{"y"}, ready: "apiVersion", hides: "apiVersion"},
	"quit":                                        {quit: true},
	"suspend, until fg in the shell":              {}, // TestSuspend
	"quit at once":                                {before: []string{"n"}, ready: "would take it", quit: true},
}

// many are 40 clusters, the last one paused, and one elsewhere with a pool.
func many() []*v1alpha1.VirtualCluster {
	var all []*v1alpha1.VirtualCluster
	for i := range 40 {
		state := tuitest.Option(tuitest.Ready)
		if i == 39 {
			state = tuitest.Paused
		}
		all = append(all, tuitest.Cluster(fmt.Sprintf("dev-%02d", i), state))
	}
	all[20] = tuitest.Cluster("pooled", tuitest.Ready, tuitest.Pool("work", 1))
	return append(all, tuitest.Cluster("far", tuitest.In("team-a")))
}

// TestEveryKey: every key on the help screen does what it says, each of those
// that a line names.
func TestEveryKey(t *testing.T) {
	for _, g := range keys.Default().Groups() {
		for _, b := range g.Keys {
			does := b.Help().Desc
			p, ok := proofs[does]
			if !ok {
				t.Errorf("nothing proves that %s does %q", b.Help().Key, does)
				continue
			}
			for _, k := range b.Keys() {
				if p.shows+p.hides == "" && !p.quit {
					continue // proven elsewhere
				}
				t.Run(g.Title+"/"+k, func(t *testing.T) { p.prove(t, k) })
			}
		}
	}
}

func (p proof) prove(t *testing.T, k string) {
	w := begin(t, nil, many()...)
	w.actions.log = "a very long line of a log " + strings.Repeat("that goes on and on ", 5) + "which no screen shows at once"
	w.untilShows("live")
	for _, before := range p.before {
		if text, waits := strings.CutPrefix(before, "~"); waits {
			w.untilShows(text)
			continue
		}
		w.Press(before)
	}
	if p.ready != "" {
		w.untilShows(p.ready)
	}
	if p.shows != "" && w.shows(p.shows) {
		t.Fatalf("%q is there before the key is pressed:\n%s", p.shows, w.View())
	}
	w.Press(k)
	w.Press(p.after...)
	if p.quit {
		w.UntilQuit()
		return
	}
	if p.shows != "" {
		w.untilShows(p.shows)
	}
	if p.hides != "" {
		w.Until("the end of "+p.hides, func(view string) bool { return !strings.Contains(ansi.Strip(view), p.hides) })
	}
	if p.done != "" && !slices.Contains(w.actions.done, p.done) {
		t.Errorf("done was %v, want %s", w.actions.done, p.done)
	}
}
