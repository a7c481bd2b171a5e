package tuitest

import (
	"fmt"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Proof shows that a key does what the help says of it, in the world of
// ProofWorld. Texts are looked for with one space between their words.
type Proof struct {
	// Before are pressed to get where it works, once Ready is seen; what begins
	// with ~ is waited for. After are pressed behind the key.
	Before, After []string
	Ready         string
	// Shows is seen afterwards, and not before; Hides is the reverse. Done is
	// what was done.
	Shows, Hides, Done string
	Quit               bool
	// Terminal says that it takes one, Elsewhere that it takes a test of its own.
	Terminal, Elsewhere bool
}

// Proofs are by what the help says.
var Proofs = map[string]Proof{
	"up":                             {Before: []string{"down"}, Ready: "▌ dev-01", Shows: "▌ dev-00"},
	"down":                           {Ready: "▌ dev-00", Shows: "▌ dev-01"},
	"a page up":                      {Before: []string{"G"}, Ready: "▌ pooled", Shows: "▌ dev-22"},
	"a page down":                    {Ready: "▌ dev-00", Shows: "▌ dev-18"},
	"to the top":                     {Before: []string{"G"}, Ready: "▌ pooled", Shows: "▌ dev-00"},
	"to the bottom":                  {Ready: "▌ dev-00", Shows: "▌ pooled"},
	"to the left":                    {Before: []string{"l", "~a very long line", "right"}, Ready: "ng line of a log", Shows: "a very long line"},
	"to the right":                   {Before: []string{"l"}, Ready: "a very long line", Hides: "a very long line"},
	"describe":                       {Shows: "Conditions"},
	"YAML":                           {Shows: "apiVersion: vclusterctl.dev"},
	"logs, of a node":                {Shows: "a very long line"},
	"new, a cluster":                 {Shows: "This is applied:"},
	"delete, after asking":           {Shows: "Delete dev-00 in namespace default?"},
	"pause, after asking":            {Shows: "Pause dev-00 in namespace default?"},
	"resume, after asking":           {Before: []string{"G", "up"}, Ready: "▌ dev-39", Shows: "Resume dev-39 in namespace default?"},
	"kubeconfig to the clipboard":    {Shows: "sent to the clipboard", Done: "kubeconfig dev-00"},
	"kubeconfig to a file":           {Shows: "/home/me/dev-00.kubeconfig", Done: "save dev-00"},
	"filter":                         {Shows: "enter choose"},
	"clear the filter":               {Before: []string{"/", "3", "9", "enter"}, Ready: "1 of 40", Hides: "1 of 40"},
	"order by the next column":       {Ready: "NAME ↑", Shows: "STATUS ↑"},
	"turn the order around":          {Ready: "NAME ↑", Shows: "NAME ↓"},
	"all namespaces, or back to one": {Ready: "namespace default", Shows: "all namespaces · 42"},
	"choose a namespace":             {Shows: "Which namespace?"},
	"choose a kubeconfig context":    {Shows: "Which kubeconfig context?"},
	"read anew, or try again now":    {Ready: "default · 40", Shows: "default · 41"},
	"attach, a shell with kubectl at the cluster": {Shows: "This is attach dev-00.", Terminal: true},
	"shell, inside a node":                        {Shows: "This is shell dev-00/server-0.", Terminal: true},
	"search":                                      {Before: []string{"y"}, Ready: "apiVersion", After: []string{"z", "z"}, Shows: "/zz"},
	"next match":                                  {Before: []string{"y", "~apiVersion", "/", "u", "i", "d", "enter"}, Ready: "kind: VirtualCluster", Hides: "kind: VirtualCluster"},
	"previous match":                              {Before: []string{"y", "~apiVersion", "/", "u", "i", "d", "enter"}, Ready: "kind: VirtualCluster", Hides: "kind: VirtualCluster"},
	"wrap, or cut long lines":                     {Before: []string{"l"}, Ready: "a very long line", Shows: "which no screen"},
	"follow, or hold still":                       {Before: []string{"l"}, Ready: "following", Shows: "held still"},
	"next node":                                   {Before: []string{"G", "l", "~Logs of which", "enter"}, Ready: "server-0 says", Shows: "work-0 says"},
	"next field":                                  {Before: []string{"n"}, Ready: "▌ Name", Shows: "▌ Namespace"},
	"previous field":                              {Before: []string{"n", "tab"}, Ready: "▌ Namespace", Shows: "▌ Name dev"},
	"previous value of a choice":                  {Before: []string{"n", "tab", "tab"}, Ready: "< chosen for you >", Shows: "< k3s >"},
	"next value of a choice":                      {Before: []string{"n", "tab", "tab"}, Ready: "< chosen for you >", Shows: "< k8s >"},
	"create":                                      {Before: []string{"n"}, Ready: "would take it", Shows: "Created dev", Done: "create default/dev"},
	"do it":                                       {Before: []string{"p"}, Ready: "Kept", Shows: "Pausing dev-00", Done: "paused=true dev-00 uid-dev-00"},
	"leave it":                                    {Before: []string{"p"}, Ready: "Kept", Hides: "Kept"},
	"choose":                                      {Before: []string{"N", "~team-a", "down", "down"}, Ready: "team-a", Shows: "namespace team-a"},
	"help, but not where something is typed or asked": {Shows: "in the list and in a description"},
	"back":                           {Before: []string{"y"}, Ready: "apiVersion", Hides: "apiVersion"},
	"quit":                           {Quit: true},
	"suspend, until fg in the shell": {Elsewhere: true}, // ptytest.TestSuspend
	"the other answer":               {Before: []string{"p"}, Ready: "Kept", Shows: "› Pause"},
	"the one above, of several":      {Before: []string{"N", "~team-a", "down"}, Ready: "▌ kube-system", Shows: "▌ default"},
	"the one below, of several":      {Before: []string{"N"}, Ready: "▌ default", Shows: "▌ kube-system"},
	"read the log again":             {Before: []string{"l"}, Ready: "reading 1", Shows: "reading 2"},
	"quit at once":                   {Before: []string{"n"}, Ready: "would take it", Quit: true},
}

// ProofWorld are a server with 40 clusters, one of them paused and one with a
// pool, and one more elsewhere; yet another one is not heard of before all are
// read anew. It has actions to go with it.
func ProofWorld() (*Watcher, *Actions) {
	var all []*v1alpha1.VirtualCluster
	for i := range 40 {
		state := Option(Ready)
		if i == 39 {
			state = Paused
		}
		all = append(all, Cluster(fmt.Sprintf("dev-%02d", i), state))
	}
	all[20] = Cluster("pooled", Ready, Pool("work", 1))
	w := NewWatcher(append(all, Cluster("far", In("team-a")))...)
	w.unheard = Cluster("late", Ready)
	log := "a very long line of a log " + strings.Repeat("that goes on and on ", 5) + "which no screen shows at once\nreading #"
	return w, &Actions{Log: log}
}
