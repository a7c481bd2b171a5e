package verbs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeinstall"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// runNodes changes nodes of the host, one after the other.
func (o *RuntimeSetupOptions) runNodes(ctx context.Context) error {
	c, err := o.NewClient()
	if err != nil {
		return err
	}
	seen, err := lookAt(ctx, c)
	if err != nil {
		return err
	}
	nodes, err := o.choose(seen)
	if err != nil {
		return err
	}
	if err := o.checkClass(seen); err != nil {
		return err
	}
	o.tell(o.untouched)
	if o.DryRun != dryRunNone {
		return o.pretend(nodes)
	}
	params, err := o.programForNodes(ctx, c)
	if err != nil {
		return err
	}
	o.warn(ctx, c, nodes)
	var reports []nodeinstall.Report
	if len(nodes) > 0 {
		reports, err = o.rollOut(ctx, c, params, nodes)
	}
	if err == nil {
		err = o.conclude(ctx, c, nodes)
	}
	return errors.Join(o.explain(ctx, err), o.print(append(o.untouched, reports...)))
}

// pretend says which nodes would be changed. Whether there is something to change
// on them only they can tell.
func (o *RuntimeSetupOptions) pretend(nodes []string) error {
	reports := make([]nodeinstall.Report, 0, len(nodes))
	for _, n := range nodes {
		reports = append(reports, nodeinstall.Report{Node: n, Outcome: nodeinstall.Changed})
	}
	o.tell(reports)
	return o.print(append(o.untouched, reports...))
}

// tell prints for people what was done.
func (o *RuntimeSetupOptions) tell(reports []nodeinstall.Report) {
	if o.Output != "" {
		return
	}
	for _, r := range reports {
		fmt.Fprintf(o.Out, "node/%s %s%s\n", r.Node, o.words(r), dryRunSuffix(o.DryRun))
	}
}

// choose is which nodes are to be changed.
func (o *RuntimeSetupOptions) choose(seen *seenHost) ([]string, error) {
	q, err := seen.question(o.profile.Knowledge().ClassName)
	if err != nil && !o.Remove {
		return nil, cli.Refused("Correct it, and do this again.", "%w", err)
	}
	if err := o.checkNames(seen); err != nil {
		return nil, err
	}
	var chosen, refused []string
	for i := range seen.nodes {
		n := &seen.nodes[i]
		if !o.meant(n) {
			continue
		}
		if why := o.unfit(n, q); why != "" {
			refused = append(refused, fmt.Sprintf("node %q %s", n.Name, why))
			continue
		}
		chosen = append(chosen, n.Name)
	}
	if len(o.untouched) > 0 && len(refused) == 0 {
		return chosen, nil
	}
	if len(chosen) == 0 || len(o.Nodes) > 0 && len(refused) > 0 {
		return nil, cli.Refused("", "%s", orDefault(strings.Join(refused, "; "), "the host has no nodes"))
	}
	for _, why := range refused {
		o.Hintf("Left out: %s", why)
	}
	return chosen, nil
}

// meant says whether a node is to be changed, if it can be: those that were named,
// and without names all that may have to be.
func (o *RuntimeSetupOptions) meant(n *corev1.Node) bool {
	if len(o.Nodes) > 0 {
		return slices.Contains(o.Nodes, n.Name)
	}
	if o.Remove && !o.has(n) {
		o.untouched = append(o.untouched, nodeinstall.Report{Node: n.Name, Outcome: nodeinstall.Unchanged})
		return false
	}
	return true
}

// checkNames refuses names that no node has.
func (o *RuntimeSetupOptions) checkNames(seen *seenHost) error {
	for _, name := range o.Nodes {
		if !slices.ContainsFunc(seen.nodes, func(n corev1.Node) bool { return n.Name == name }) {
			return cli.NotFound("See which there are with: "+o.Kubectl("get", "nodes"), "the host has no node %q", name)
		}
	}
	return nil
}

// lasting are the problems that a handler does not solve.
var lasting = []string{
	profile.ReasonNotLinux, profile.ReasonKubeletTooOld, profile.ReasonKernelTooOld,
	profile.ReasonContainerdTooOld, profile.ReasonOtherRuntime,
}

// unfit is why a node is not changed, empty if it is. What it can be depends on the
// RuntimeClass, where there is one.
func (o *RuntimeSetupOptions) unfit(n *corev1.Node, q profile.Question) string {
	if !nodeReady(n) {
		return fmt.Sprintf("is not ready: bring it back first; if a run was cut off there in the middle, \"vclusterctl runtime %s %s --local\" on that node, as root, puts back what was there", o.verb(), o.Runtime)
	}
	if o.Remove {
		if system := n.Status.NodeInfo.OperatingSystem; system != "" && system != "linux" {
			return fmt.Sprintf("runs %s, where no runtime was put", system)
		}
		return ""
	}
	var found []string
	q.Nodes = []corev1.Node{*n}
	for _, p := range o.profile.Ask(q).Nodes[0].Problems {
		if slices.Contains(lasting, p.Reason) {
			found = append(found, p.Message)
		}
	}
	return strings.Join(found, ", and ")
}

// has says whether a node has something of the runtime as far as the API server
// knows: a pod on one that has nothing could only fail, and keep others waiting.
func (o *RuntimeSetupOptions) has(n *corev1.Node) bool {
	return n.Annotations[labelledBy+o.Runtime] != "" || o.offers(n)
}

func nodeReady(n *corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// warn says what a runtime is taken away from.
func (o *RuntimeSetupOptions) warn(ctx context.Context, c client.Reader, nodes []string) {
	if !o.Remove {
		return
	}
	var pods corev1.PodList
	if err := c.List(ctx, &pods); err != nil {
		o.Hintf("Whether pods use the runtime is not known: %s", cli.OneLine(err.Error()))
		return
	}
	class, count := o.profile.Knowledge().ClassName, 0
	for i := range pods.Items {
		spec := &pods.Items[i].Spec
		if spec.RuntimeClassName != nil && *spec.RuntimeClassName == class && slices.Contains(nodes, spec.NodeName) {
			count++
		}
	}
	if count > 0 {
		o.Hintf("%d node pods of virtual clusters go on running there, and cannot start again once they end.", count)
	}
}

// explain says what a failure means for the nodes.
func (o *RuntimeSetupOptions) explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return cli.Interrupted(o.kept())
	case errors.Is(err, context.DeadlineExceeded):
		return cli.TimedOut("Say the same again: a node that was cut off is put back first. Or give it longer with --timeout", "%w", err)
	}
	return err
}

// kept says how an interruption leaves the nodes. Of the one in the middle of it
// only its own report tells.
func (o *RuntimeSetupOptions) kept() string {
	switch said := o.last; {
	case said.Node == "", said.Error == "" && said.Outcome != "":
		return "What was done is kept. Say the same again to go on."
	case said.AsBefore:
		return fmt.Sprintf("What was done is kept, and node %q is as it was before. Say the same again to go on.", said.Node)
	default:
		return fmt.Sprintf("What was done is kept; the state of node %q is not known. Say the same again: what was begun there is put back first, and then done.", said.Node)
	}
}
