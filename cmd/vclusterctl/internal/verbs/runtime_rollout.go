package verbs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeinstall"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/rollout"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
)

// rollOut goes from node to node and stops at the first that fails. Every node is
// in the reports, those that it did not get to, too.
func (o *RuntimeSetupOptions) rollOut(ctx context.Context, c client.WithWatch, p rollout.Params, nodes []string) (reports []nodeinstall.Report, err error) {
	o.sweep(ctx, c)
	r, err := rollout.Open(ctx, c, p)
	if err != nil {
		return nil, err
	}
	defer func() {
		// What is on a node at this moment puts it back before it ends.
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Timeout)
		defer cancel()
		if left := r.Close(closing); left != nil {
			o.Hintf("Namespace %q is left behind, remove it: %s", r.Namespace(), cli.OneLine(left.Error()))
			err = errors.Join(err, left)
		}
	}()
	for i, node := range nodes {
		o.Hintf("%s (%d of %d)", node, i+1, len(nodes))
		report, err := o.oneNode(ctx, c, r, node)
		reports = append(reports, report)
		o.changed = o.changed || report.Outcome != nodeinstall.Unchanged
		if report.Error == "" {
			o.tell([]nodeinstall.Report{report})
		}
		if err != nil {
			return append(reports, o.leftAlone(ctx, report, nodes[i+1:])...), err
		}
	}
	return reports, nil
}

// leftAlone are the nodes behind one with which it ended.
func (o *RuntimeSetupOptions) leftAlone(ctx context.Context, last nodeinstall.Report, nodes []string) []nodeinstall.Report {
	why := fmt.Sprintf("left alone, because node %q failed before", last.Node)
	if ctx.Err() != nil {
		why = "left alone, because of an interruption"
		if last.Error != "" { // what is printed at the end says nothing of it
			o.Hintf("node %q: %s", last.Node, last.Error)
		}
	}
	var reports []nodeinstall.Report
	for _, n := range nodes {
		reports = append(reports, nodeinstall.Report{Node: n, Outcome: nodeinstall.Unchanged, Error: why})
	}
	if len(nodes) > 0 {
		o.Hintf("Left alone: %s", doctor.NameNodes(nodes))
	}
	return reports
}

// sweep says what it took away of runs that were killed. What it could not is no
// reason to leave the nodes as they are.
func (o *RuntimeSetupOptions) sweep(ctx context.Context, c client.Client) {
	gone, err := rollout.Sweep(ctx, c, o.Now())
	for _, name := range gone {
		o.Hintf("Namespace %q is removed, which a run that was cut off has left.", name)
	}
	if err != nil {
		o.Hintf("What runs that were cut off have left may still be there: %s", cli.OneLine(err.Error()))
	}
}

// oneNode changes one node and waits until it shows. The report says how the node is
// left, also where somebody gave up meanwhile.
func (o *RuntimeSetupOptions) oneNode(ctx context.Context, c client.WithWatch, r *rollout.Rollout, node string) (nodeinstall.Report, error) {
	limited, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	report := nodeinstall.Report{}
	said, err := r.Run(limited, node, o.nodeArgs(rollout.Root, rollout.Result))
	if said != "" {
		err = errors.Join(err, o.understand(node, said, &report))
	}
	report.Node = node
	o.last = report
	if done := said != "" && report.Error == "" && report.Outcome != ""; done {
		if err == nil {
			err = o.awaitHandler(limited, c, node)
		}
		// A node that is set up is labelled, too, whoever has given up.
		err = errors.Join(err, o.label(context.WithoutCancel(ctx), c, node, report.Labels))
		if ctx.Err() != nil {
			return report, err
		}
	}
	if errors.Is(err, rollout.ErrImage) {
		err = cli.Fail("Name one that nodes can have with --image, or give the controller what it is pulled with, which is used here, too: imagePullSecrets of the chart.", "%w", err)
	}
	if err != nil && report.Error == "" {
		report.Error = cli.OneLine(err.Error())
	}
	return report, err
}

// understand reads what the program on a node has said, which may be that it
// failed.
func (o *RuntimeSetupOptions) understand(node, said string, report *nodeinstall.Report) error {
	if err := json.Unmarshal([]byte(said), report); err != nil {
		*report = nodeinstall.Report{}
		return fmt.Errorf("node %q: what the program there says is not understood, is its image of this version? %s", node, said)
	}
	switch {
	case report.Error != "" && report.Refused && !o.changed:
		return cli.Refused("", "node %q: %s", node, report.Error)
	case report.Error != "":
		return fmt.Errorf("node %q: %s", node, report.Error)
	}
	return nil
}

// awaitHandler waits until the kubelet says what its container runtime has said
// already.
func (o *RuntimeSetupOptions) awaitHandler(ctx context.Context, c client.WithWatch, name string) error {
	handler := o.profile.Knowledge().Handler
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	err := wait.Until(ctx, c, node, &corev1.NodeList{}, func(n *corev1.Node, exists bool) (bool, error) {
		if !exists {
			return false, fmt.Errorf("node %q is gone", name)
		}
		return o.offers(n) != o.Remove && nodeReady(n), nil
	})
	if err != nil {
		return fmt.Errorf("wait until the kubelet of node %q knows of handler %q what its container runtime says: %w", name, handler, err)
	}
	return nil
}

// labelTimeout bounds what is asked of an API server that was away.
const labelTimeout = 30 * time.Second
