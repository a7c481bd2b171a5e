package accessible

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen/create"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
)

// lastLines is how many lines of a log are said.
const lastLines = 40

func (t *talk) describe(vc *v1alpha1.VirtualCluster) error {
	in, err := t.Session.Details(t.ctx, target(vc))
	if err != nil {
		return err
	}
	in.Cluster, in.Now = vc, t.Now()
	var text bytes.Buffer
	if err := describe.Write(&text, in); err != nil {
		return err
	}
	t.sayf("%s", strings.TrimRight(text.String(), "\n"))
	return nil
}

// follow says every change of a cluster until nothing more is to be expected.
func (t *talk) follow(vc *v1alpha1.VirtualCluster) error {
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	src := source.New(1, t.Session.Watcher, vc.Namespace, t.Clock)
	go src.Run(ctx)
	key, last := row.Of(vc).Key, ""
	for {
		u, ok := src.Next(ctx)
		if !ok {
			return ctx.Err()
		}
		if u.Status.State == source.Lost {
			t.report(u.Status.Err)
			t.sayf("Trying again.")
		}
		now, told := u.Of(key)
		switch {
		case !told:
			continue
		case now == nil || now.UID != vc.UID:
			t.sayf("%s is deleted.", key.Name)
			return nil
		}
		if said := t.sentence(now); said != last {
			last = said
			t.sayf("%s", said)
		}
		if s := row.Of(now).State; s == row.Ready || s == row.Failed || s == row.Paused {
			return nil
		}
	}
}

// nodeOf takes CLUSTER/NODE apart.
func (t *talk) nodeOf(said string) (vc *v1alpha1.VirtualCluster, node string, err error) {
	name, node, _ := strings.Cut(said, "/")
	if vc, err = t.find(name); err != nil {
		return nil, "", err
	}
	nodes := row.NodesOf(vc)
	if node == "" {
		node = nodes[0]
	}
	if !slices.Contains(nodes, node) {
		return nil, "", fmt.Errorf("%s has no node %q; it has %s", vc.Name, node, strings.Join(nodes, ", "))
	}
	return vc, node, nil
}

func (t *talk) logs(said string) error {
	vc, node, err := t.nodeOf(said)
	if err != nil {
		return err
	}
	request := act.LogRequest{Target: target(vc), Node: node, Tail: lastLines}
	return t.Session.Logs(t.ctx, request, func(line string) error {
		t.sayf("%s", line)
		return nil
	})
}

func (t *talk) attach(vc *v1alpha1.VirtualCluster) error {
	return t.handOver(t.Session.Attach(target(vc)))
}

func (t *talk) shell(said string) error {
	vc, node, err := t.nodeOf(said)
	if err != nil {
		return err
	}
	return t.handOver(t.Session.Shell(target(vc), node))
}

// handOver gives the terminal away. What is interrupted there is not ours.
func (t *talk) handOver(c tea.ExecCommand) error {
	defer t.interrupt.means(func() {})()
	c.SetStdin(t.in)
	c.SetStdout(t.out)
	c.SetStderr(os.Stderr)
	if err := c.Run(); err != nil {
		return err
	}
	t.sayf("You are back.")
	return nil
}

func (t *talk) kubeconfig(vc *v1alpha1.VirtualCluster) error {
	path, err := t.Session.SaveKubeconfig(t.ctx, target(vc))
	if err != nil {
		return err
	}
	t.sayf("The kubeconfig of %s is in the file %s", vc.Name, path)
	return nil
}

func (t *talk) pause(vc *v1alpha1.VirtualCluster) error  { return t.confirm(screen.Pause, vc) }
func (t *talk) resume(vc *v1alpha1.VirtualCluster) error { return t.confirm(screen.Resume, vc) }
func (t *talk) delete(vc *v1alpha1.VirtualCluster) error { return t.confirm(screen.Delete, vc) }

// confirm asks the question that the TUI asks, and takes the word "yes" only.
func (t *talk) confirm(verb screen.Verb, vc *v1alpha1.VirtualCluster) error {
	r := row.Of(vc)
	if so := tui.AlreadySo(verb, &r); so != "" {
		t.sayf("%s %s", vc.Name, so)
		return nil
	}
	q := tui.Ask(t.Session.Actions, verb, &r)
	for _, text := range q.Texts {
		t.sayf("%s", text)
	}
	if q.Find != nil {
		found, err := q.Find(t.ctx)
		if err != nil {
			line, _ := t.Explain(err)
			found = []string{"what that takes along cannot be found out: " + line}
		}
		for _, one := range found {
			t.sayf("- %s", one)
		}
	}
	answer, err := t.ask(q.Title + " Say yes or no.")
	if err != nil {
		return err
	}
	if !strings.EqualFold(answer, "yes") {
		t.sayf("Nothing was done.")
		return nil
	}
	if err := q.Do(t.ctx); err != nil {
		return err
	}
	t.sayf("%s.", q.Doing)
	return nil
}

// errLeft ends a form that somebody has left.
var errLeft = errors.New("left")

// create asks for field after field. The API server looks at each.
func (t *talk) create(string) error {
	namespace := t.namespace
	if namespace == "" {
		namespace = "default"
	}
	fields := create.Fields(t.Theme, create.Defaults{Namespace: namespace})
	t.sayf("Field by field. An empty answer takes what is offered; \"cancel\" leaves everything as it is.")
	u, err := t.fill(fields)
	if errors.Is(err, errLeft) {
		t.sayf("Nothing was done.")
		return nil
	}
	if err != nil {
		return err
	}
	answer, err := t.ask(fmt.Sprintf("Create %s in namespace %s? Say yes or no.", u.GetName(), u.GetNamespace()))
	if err != nil || !strings.EqualFold(answer, "yes") {
		t.sayf("Nothing was done.")
		return err
	}
	if err := t.Session.Create(t.ctx, u); err != nil {
		return err
	}
	t.sayf("%s was created. Say \"follow %s\" to hear how it comes up.", u.GetName(), u.GetName())
	return t.list("")
}

// fill asks for field after field, and then again for those that the API server
// would not take: one may be wrong only because of another that came later. It
// gives the object that they make.
func (t *talk) fill(fields []*create.Field) (*unstructured.Unstructured, error) {
	for _, f := range fields {
		if err := t.field(fields, f); err != nil {
			return nil, err
		}
	}
	for {
		u, err := create.Build(fields)
		if err != nil {
			return nil, err
		}
		problems, err := t.Session.Try(t.ctx, u)
		if err != nil || len(problems) == 0 {
			return u, err
		}
		wrong := t.tellProblems(fields, problems)
		if wrong == nil {
			return nil, errLeft
		}
		if err := t.field(fields, wrong); err != nil {
			return nil, err
		}
	}
}

// tellProblems says what is wrong, and gives the first field that it is with,
// nil if it is with none.
func (t *talk) tellProblems(fields []*create.Field, problems []act.Problem) (first *create.Field) {
	for _, p := range problems {
		what := cmp.Or(p.Field, "That")
		if f := create.FieldOf(fields, p.Field); f != nil {
			what, first = f.Label, cmp.Or(first, f)
		}
		t.sayf("%s is not right: %s.", what, strings.TrimRight(p.Message, "."))
	}
	return first
}

// field asks until the answer is right.
func (t *talk) field(fields []*create.Field, f *create.Field) error {
	for {
		answer, err := t.ask(prompt(f))
		switch {
		case err != nil:
			return err
		case strings.EqualFold(answer, "cancel"):
			return errLeft
		}
		if answer != "" {
			if err := f.Set(answer); err != nil {
				t.sayf("That is not right: %v.", err)
				continue
			}
		}
		problem, err := t.problem(fields, f)
		if err != nil {
			return err
		}
		if problem == "" {
			return nil
		}
		t.sayf("That is not right: %s.", strings.TrimRight(problem, "."))
	}
}

func prompt(f *create.Field) string {
	text := f.Label + ". " + f.Help
	if f.Choices != nil {
		text += " One of " + strings.Join(f.Choices, ", ") + "."
	}
	if f.Shown() != "" {
		text += " Offered: " + f.Shown() + "."
	}
	return text
}

// problem is what is wrong with a field, as far as anybody can tell now.
func (t *talk) problem(fields []*create.Field, f *create.Field) (string, error) {
	if wrong := f.Examine(); wrong != "" {
		return wrong, nil
	}
	for _, other := range fields {
		if other.Examine() != "" {
			return "", nil // the API server would speak of that
		}
	}
	u, err := create.Build(fields)
	if err != nil {
		return "", err
	}
	problems, err := t.Session.Try(t.ctx, u)
	if err != nil {
		return "", err
	}
	for _, p := range problems {
		if create.FieldOf(fields, p.Field) == f {
			return p.Message, nil
		}
	}
	return "", nil
}
