package verbs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/runtime/probe"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

const (
	// madeBy marks a RuntimeClass that is ours to remove. An installation of the
	// controller that brings the same class takes the mark off.
	madeBy      = "vclusterctl.dev/made-by"
	madeByValue = "runtime-install"
	// labelledBy is an annotation of a node with the labels that are ours to take
	// off, as KEY=VALUE with commas; the runtime's name follows.
	labelledBy = "vclusterctl.dev/labels-of-"
)

// checkClass refuses where the RuntimeClass leads to another handler.
func (o *RuntimeSetupOptions) checkClass(seen *seenHost) error {
	k := o.profile.Knowledge()
	class := seen.classes[k.ClassName]
	if o.Remove || class == nil || class.Handler == k.Handler {
		return nil
	}
	return cli.Refused("Delete it, and do this again: "+o.Kubectl("delete", "runtimeclass", k.ClassName),
		"RuntimeClass %q leads to handler %q, and runtime %q has %q", k.ClassName, class.Handler, k.Name, k.Handler)
}

// conclude makes or removes what is not of one node.
func (o *RuntimeSetupOptions) conclude(ctx context.Context, c client.WithWatch, nodes []string) error {
	seen, err := lookAt(ctx, c)
	if err != nil {
		return err
	}
	if o.Remove {
		for i := range o.untouched {
			nodes = append(nodes, o.untouched[i].Node)
		}
		return errors.Join(o.forget(ctx, c, seen, nodes), o.removeClass(ctx, c, seen))
	}
	if err := o.makeClass(ctx, c, seen); err != nil {
		return err
	}
	return o.verdict(seen, nodes)
}

// makeClass makes the RuntimeClass where there is none.
func (o *RuntimeSetupOptions) makeClass(ctx context.Context, c client.Client, seen *seenHost) error {
	k := o.profile.Knowledge()
	if seen.classes[k.ClassName] != nil {
		return nil
	}
	class := o.profile.RuntimeClass(profile.ClassOptions{Labels: map[string]string{"app.kubernetes.io/part-of": "vclusterctl"}}).
		WithAnnotations(map[string]string{madeBy: madeByValue})
	if err := c.Apply(ctx, class, client.FieldOwner(cli.FieldManager)); err != nil {
		return fmt.Errorf("make RuntimeClass %q: %w", k.ClassName, err)
	}
	if o.Output == "" {
		fmt.Fprintf(o.Out, "runtimeclass.node.k8s.io/%s created\n", k.ClassName)
	}
	return nil
}

// removeClass removes the RuntimeClass if makeClass has made it and no node is
// left that has the handler.
func (o *RuntimeSetupOptions) removeClass(ctx context.Context, c client.Client, seen *seenHost) error {
	k := o.profile.Knowledge()
	class := seen.classes[k.ClassName]
	if class == nil || class.Annotations[madeBy] != madeByValue || slices.ContainsFunc(seen.nodes, func(n corev1.Node) bool { return o.offers(&n) }) {
		return nil
	}
	gone := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: k.ClassName}}
	if err := client.IgnoreNotFound(c.Delete(ctx, gone, client.Preconditions{UID: &class.UID})); err != nil {
		return fmt.Errorf("remove RuntimeClass %q: %w", k.ClassName, err)
	}
	if o.Output == "" {
		fmt.Fprintf(o.Out, "runtimeclass.node.k8s.io/%s deleted\n", k.ClassName)
	}
	return nil
}

// verdict asks the nodes, through the RuntimeClass, as the controller does.
func (o *RuntimeSetupOptions) verdict(seen *seenHost, nodes []string) error {
	q, err := seen.question(o.profile.Knowledge().ClassName)
	if err != nil {
		return err
	}
	q.Nodes = slices.DeleteFunc(slices.Clone(seen.nodes), func(n corev1.Node) bool { return !slices.Contains(nodes, n.Name) })
	answer := o.profile.Ask(q)
	if len(answer.Capable()) < len(answer.Nodes) {
		return cli.Fail("See more with: "+o.Command("doctor", "--runtime", o.Runtime), "the nodes have the handler, and yet not all of them offer runtime %q: %s", o.Runtime, answer.Message())
	}
	return nil
}

// label puts labels on a node that it has not got, and notes which; or takes off
// those that were noted.
func (o *RuntimeSetupOptions) label(ctx context.Context, c client.Client, name string, labels map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, labelTimeout)
	defer cancel()
	var node corev1.Node
	if err := c.Get(ctx, client.ObjectKey{Name: name}, &node); err != nil {
		return fmt.Errorf("read node %q: %w", name, err)
	}
	key := labelledBy + o.Runtime
	change, note := newLabels(&node, key, labels)
	if o.Remove {
		change, note = oldLabels(&node, key), nil
		o.unprove(&node, change)
	}
	if len(change) == 0 && (!o.Remove || node.Annotations[key] == "") {
		return nil
	}
	patch := map[string]any{"metadata": map[string]any{"labels": change, "annotations": map[string]any{key: note}}}
	data, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("label node %q: %w", name, err)
	}
	if err := c.Patch(ctx, &node, client.RawPatch(types.MergePatchType, data), client.FieldOwner(cli.FieldManager)); err != nil {
		return fmt.Errorf("label node %q: %w", name, err)
	}
	return nil
}

// newLabels are those that a node lacks, and the note of all that are ours; nil
// for nothing to note.
func newLabels(node *corev1.Node, key string, labels map[string]string) (change map[string]any, note any) {
	change = map[string]any{}
	ours := parseLabels(node.Annotations[key])
	for name, value := range labels {
		if node.Labels[name] != value {
			change[name], ours[name] = value, value
		}
	}
	if len(change) == 0 {
		return change, nil
	}
	return change, strings.ReplaceAll(labelArgs(ours), " ", ",")
}

// oldLabels are those that were noted, unless somebody has changed them since.
func oldLabels(node *corev1.Node, key string) map[string]any {
	change := map[string]any{}
	for name, value := range parseLabels(node.Annotations[key]) {
		if node.Labels[name] == value {
			change[name] = nil
		}
	}
	return change
}

// unprove adds the labels that say what a probe has found: the controller takes
// them off, too, but may be gone.
func (o *RuntimeSetupOptions) unprove(node *corev1.Node, change map[string]any) {
	for _, workers := range []bool{true, false} {
		if name := probe.NodeLabel(o.profile.Knowledge().Name, workers); node.Labels[name] != "" {
			change[name] = nil
		}
	}
}

func parseLabels(note string) map[string]string {
	labels := map[string]string{}
	for pair := range strings.SplitSeq(note, ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			labels[name] = value
		}
	}
	return labels
}
