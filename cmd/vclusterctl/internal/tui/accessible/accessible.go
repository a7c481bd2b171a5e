package accessible

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/input"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
)

// talk is one conversation.
type talk struct {
	tui.Config

	// whole is of the whole conversation, ctx of what is being done.
	whole, ctx context.Context //nolint:containedctx // commands are functions of what was said alone
	interrupt  interrupt
	in         io.Reader
	out        io.Writer
	namespace  string
	clusters   []*v1alpha1.VirtualCluster
}

// errQuit ends the conversation.
var errQuit = errors.New("quit")

// Run asks and answers until somebody quits, or the input or the context ends.
// An interrupt stops what is being done; where something is asked, it ends the
// conversation.
func Run(ctx context.Context, c tui.Config, in io.Reader, out io.Writer, interrupts <-chan os.Signal) error {
	whole, cancel := context.WithCancel(ctx)
	defer cancel()
	t := &talk{Config: c, whole: whole, in: in, out: out, namespace: c.Session.Namespace}
	t.interrupt.stop = cancel
	go t.interrupt.take(whole, interrupts)
	t.sayf("Virtual clusters, as plain text. Say \"help\" for what can be done, \"quit\" to end.")
	err := t.do(func() error { return t.list("") })
	for err == nil {
		var line string
		if line, err = t.ask("What next?"); err == nil {
			err = t.do(func() error { return t.obey(line) })
		}
	}
	if errors.Is(err, errQuit) {
		return nil
	}
	return err
}

// do does one thing, and reports how it failed. Its own error ends the
// conversation.
func (t *talk) do(one func() error) error {
	ctx, cancel := context.WithCancel(t.whole)
	defer cancel()
	defer t.interrupt.means(cancel)()
	t.ctx = ctx
	err := one()
	switch {
	case errors.Is(err, errQuit), t.whole.Err() != nil:
		return errQuit
	case err != nil && ctx.Err() != nil:
		t.sayf("Stopped. Say \"list\" for how things are.")
	default:
		t.report(err)
	}
	return nil
}

// sayf writes a line. Nothing from elsewhere gets to the terminal as it is.
func (t *talk) sayf(format string, args ...any) {
	for _, line := range strings.Split(fmt.Sprintf(format, args...), "\n") {
		fmt.Fprintln(t.out, t.Clean(line))
	}
}

// ask reads the answer to a question. There is none where the input ends, or
// somebody interrupts in place of answering.
func (t *talk) ask(question string) (string, error) {
	ctx, cancel := context.WithCancel(t.whole)
	defer cancel()
	defer t.interrupt.means(cancel)()
	fmt.Fprint(t.out, t.Clean(question)+" ")
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // nothing ends the reading from a terminal
		line, err := input.ReadLine(t.in)
		answers <- answer{line, err}
	}()
	select {
	case a := <-answers:
		switch {
		case a.err == nil:
			return strings.TrimSpace(a.line), nil
		case !errors.Is(a.err, io.EOF):
			return "", fmt.Errorf("read a line: %w", a.err)
		}
	case <-ctx.Done():
	}
	fmt.Fprintln(t.out)
	return "", errQuit
}

func (t *talk) report(err error) {
	if err == nil {
		return
	}
	line, remedy := t.Explain(err)
	t.sayf("Error: %s", line)
	if remedy != "" {
		t.sayf("What to do: %s", remedy)
	}
}

// command is something that can be said.
type command struct {
	names []string
	// argument is what goes with it, for the help.
	argument, help string
	do             func(argument string) error
}

func (t *talk) commands() []command {
	return []command{
		{[]string{"list", "ls"}, "", "say again what there is", t.list},
		{[]string{"describe", "show"}, "CLUSTER", "everything about one cluster", t.on(t.describe)},
		{[]string{"follow"}, "CLUSTER", "say how it comes up, until it is ready or cannot be", t.on(t.follow)},
		{[]string{"create", "new"}, "", "make a cluster, field by field", t.create},
		{[]string{"attach"}, "CLUSTER", "a shell with kubectl at the cluster", t.on(t.attach)},
		{[]string{"shell"}, "CLUSTER/NODE", "a shell inside a node", t.shell},
		{[]string{"logs"}, "CLUSTER/NODE", "the last lines that a node has logged", t.logs},
		{[]string{"kubeconfig"}, "CLUSTER", "write its kubeconfig to a file", t.on(t.kubeconfig)},
		{[]string{"pause"}, "CLUSTER", "stop its nodes, after asking", t.on(t.pause)},
		{[]string{"resume"}, "CLUSTER", "start its nodes again, after asking", t.on(t.resume)},
		{[]string{"delete", "rm"}, "CLUSTER", "delete it, after asking", t.on(t.delete)},
		{[]string{"namespace"}, "NAME", "look at one namespace", t.useNamespace},
		{[]string{"all"}, "", "look at all namespaces", func(string) error { return t.useNamespace("") }},
		{[]string{"context"}, "NAME", "change to another kubeconfig context; without a name, say which there are", t.useContext},
		{[]string{"help"}, "", "say this", t.help},
		{[]string{"quit", "exit"}, "", "end", func(string) error { return errQuit }},
	}
}

func (t *talk) obey(line string) error {
	name, argument, _ := strings.Cut(line, " ")
	if name == "" {
		return nil
	}
	for _, c := range t.commands() {
		if slices.Contains(c.names, strings.ToLower(name)) {
			return c.do(strings.TrimSpace(argument))
		}
	}
	t.sayf("%q is nothing that can be done here. Say \"help\" for what can.", name)
	return nil
}

func (t *talk) help(string) error {
	t.sayf("A CLUSTER is said by its number in the list or by its name. Without a NODE, the first server is meant.")
	for _, c := range t.commands() {
		t.sayf("%s: %s.", strings.TrimSpace(c.names[0]+" "+c.argument), c.help)
	}
	return nil
}

// list reads and says what there is.
func (t *talk) list(string) error {
	list, err := source.List(t.ctx, t.Session.Watcher, t.namespace)
	if err != nil {
		return err
	}
	t.clusters = nil
	for i := range list.Items {
		t.clusters = append(t.clusters, &list.Items[i])
	}
	slices.SortFunc(t.clusters, func(a, b *v1alpha1.VirtualCluster) int {
		ra, rb := row.Of(a), row.Of(b)
		return row.Compare(row.ByName, &ra, &rb)
	})
	switch n := len(t.clusters); n {
	case 0:
		t.sayf("There are no virtual clusters %s.", t.where())
	case 1:
		t.sayf("There is 1 virtual cluster %s.", t.where())
	default:
		t.sayf("There are %d virtual clusters %s.", n, t.where())
	}
	for i, vc := range t.clusters {
		t.sayf("%d. %s", i+1, t.sentence(vc))
	}
	return nil
}

func (t *talk) where() string {
	if t.namespace == "" {
		return "in all namespaces"
	}
	return "in namespace " + t.namespace
}

// sentence is a cluster in words.
func (t *talk) sentence(vc *v1alpha1.VirtualCluster) string {
	r := row.Of(vc)
	name := r.Key.Name
	if t.namespace == "" {
		name += " in namespace " + r.Key.Namespace
	}
	parts := []string{r.Status}
	if r.State == row.Booting || r.State == row.Trouble {
		parts = append(parts, fmt.Sprintf("step %d of %d", min(r.Passed+1, r.Steps), r.Steps))
	}
	if r.Version != "" {
		parts = append(parts, "version "+r.Version)
	}
	parts = append(parts, fmt.Sprintf("%d of %d nodes ready", r.Nodes, r.Wanted), r.Age(t.Now())+" old")
	if left := r.Left(t.Now()); left != "" {
		parts = append(parts, "deleted in "+left)
	}
	text := name + ": " + strings.Join(parts, ", ") + "."
	if r.Detail != "" && r.State != row.Ready {
		text += " " + strings.TrimRight(r.Detail, ".") + "."
	}
	return text
}

// find is the cluster that is meant, as it is now.
func (t *talk) find(said string) (*v1alpha1.VirtualCluster, error) {
	then, err := t.said(said)
	if err != nil {
		return nil, err
	}
	list, err := source.List(t.ctx, t.Session.Watcher, then.Namespace)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list.Items, func(vc v1alpha1.VirtualCluster) bool { return vc.Name == then.Name })
	switch {
	case i < 0:
		return nil, fmt.Errorf("%s is deleted: say \"list\" for what there is", then.Name)
	case list.Items[i].UID != then.UID:
		return nil, fmt.Errorf("%s was deleted, and another cluster has its name: say \"list\" for what there is", then.Name)
	}
	return &list.Items[i], nil
}

// said is the cluster of the list that was said last. Since then it may have
// changed, or gone.
func (t *talk) said(said string) (*v1alpha1.VirtualCluster, error) {
	if n, err := strconv.Atoi(said); err == nil {
		if n < 1 || n > len(t.clusters) {
			return nil, fmt.Errorf("there is no number %d in the list", n)
		}
		return t.clusters[n-1], nil
	}
	var found *v1alpha1.VirtualCluster
	for _, vc := range t.clusters {
		if vc.Name != said {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("there is more than one cluster called %q: say its number", said)
		}
		found = vc
	}
	switch {
	case said == "":
		return nil, errors.New("say which cluster: its number or its name goes behind")
	case found == nil:
		return nil, fmt.Errorf("there is no cluster called %q: say \"list\" for those that there are", said)
	}
	return found, nil
}

// on makes a command of what is done with a cluster.
func (t *talk) on(do func(*v1alpha1.VirtualCluster) error) func(string) error {
	return func(said string) error {
		vc, err := t.find(said)
		if err != nil {
			return err
		}
		return do(vc)
	}
}

func target(vc *v1alpha1.VirtualCluster) act.Target {
	r := row.Of(vc)
	return act.Target{NamespacedName: r.Key, UID: r.UID}
}

func (t *talk) useNamespace(namespace string) error {
	t.namespace = namespace
	return t.list("")
}

func (t *talk) useContext(name string) error {
	if name == "" {
		names, err := t.Contexts(t.ctx)
		if err != nil {
			return err
		}
		t.sayf("You are in context %s. There are: %s.", t.Session.Context, strings.Join(names, ", "))
		return nil
	}
	session, err := t.Connect(t.ctx, name)
	if err != nil {
		return err
	}
	t.Session, t.namespace = session, session.Namespace
	return t.list("")
}
