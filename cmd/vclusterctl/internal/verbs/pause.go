package verbs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
)

// PauseOptions are the flags of pause and of resume.
type PauseOptions struct {
	*cli.Factory
	Name    string
	Wait    bool
	Timeout time.Duration
	DryRun  string

	// pause is false for resume.
	pause bool
}

const pauseLong = `Stop the nodes of a virtual cluster and keep everything else: what it has
stored, its credentials, its addresses and your kubeconfig context. It costs
nothing then but its volumes. "resume" starts the nodes again.

What runs inside is stopped like on a machine that is shut down. A cluster whose
servers have ephemeral storage cannot be paused: it would lose its state.`

// NewCmdPause is "pause". Tests pass a runF of their own.
func NewCmdPause(f *cli.Factory, runF func(context.Context, *PauseOptions) error) *cobra.Command {
	o := &PauseOptions{Factory: f, pause: true}
	return o.command(runF, &cobra.Command{Use: "pause NAME", Short: "Stop the nodes of a virtual cluster and keep its state", Long: pauseLong},
		"wait until no node runs any more", 5*time.Minute)
}

// command fills in what pause and resume have in common.
func (o *PauseOptions) command(runF func(context.Context, *PauseOptions) error, cmd *cobra.Command, wait string, timeout time.Duration) *cobra.Command {
	cmd.Args, cmd.ValidArgsFunction = oneName, completeName(o.Factory)
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		o.Name = given[0]
		if err := checkDryRun(o.DryRun); err != nil {
			return usage(cmd, err)
		}
		if runF != nil {
			return runF(cmd.Context(), o)
		}
		return o.Run(cmd.Context())
	}
	takesOutput(cmd, cli.ObjectOutputs...)
	cmd.Flags().BoolVar(&o.Wait, "wait", true, wait)
	cmd.Flags().DurationVar(&o.Timeout, "timeout", timeout, "how long to wait, 0 for ever")
	addDryRun(cmd.Flags(), &o.DryRun)
	offer(cmd, "dry-run", dryRuns...)
	return cmd
}

// Run pauses or resumes the cluster.
func (o *PauseOptions) Run(ctx context.Context) error {
	t, err := find(o.Factory, o.Name)
	if err != nil {
		return err
	}
	u, err := t.whole(ctx)
	if err != nil {
		return err
	}
	if u.GetDeletionTimestamp() != nil {
		return cli.Fail("Wait for that with: "+t.command("delete"), "virtual cluster %q in namespace %q is being deleted", t.name, t.namespace)
	}
	done := unchanged
	if wantsPause(u) != o.pause {
		done = o.outcome()
		if err := o.change(ctx, t, u); err != nil {
			return err
		}
	}
	if o.Wait && o.DryRun == dryRunNone {
		if err := o.await(ctx, t); err != nil {
			return err
		}
		if o.Output != "" {
			if u, err = t.whole(ctx); err != nil {
				return err
			}
		}
	}
	return printCluster(o.Factory, u, done, o.DryRun)
}

// wantsPause says what the spec says.
func wantsPause(u *unstructured.Unstructured) bool {
	paused, _, _ := unstructured.NestedBool(u.Object, pausedField...) // the API server refuses what is no bool
	return paused
}

var pausedField = []string{"spec", "lifecycle", "paused"}

// change asks for it, and leaves in u what comes of that.
func (o *PauseOptions) change(ctx context.Context, t *target, u *unstructured.Unstructured) error {
	switch {
	case o.DryRun != dryRunClient:
		return o.patch(ctx, t, u)
	case o.pause:
		return unstructured.SetNestedField(u.Object, true, pausedField...)
	}
	unstructured.RemoveNestedField(u.Object, pausedField...)
	return nil
}

func (o *PauseOptions) outcome() outcome {
	if o.pause {
		return "paused"
	}
	return "resumed"
}

// patch changes the one field, whoever set the others: an apply would take away
// what this program applied before. The UID makes sure that it is the cluster
// that was looked at.
func (o *PauseOptions) patch(ctx context.Context, t *target, vc client.Object) error {
	var paused *bool
	if o.pause {
		paused = ptr.To(true)
	}
	data, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": vc.GetUID()},
		"spec":     map[string]any{"lifecycle": map[string]any{"paused": paused}},
	})
	if err != nil {
		return err
	}
	opts := []client.PatchOption{client.FieldOwner(cli.FieldManager)}
	if o.DryRun == dryRunServer {
		opts = append(opts, client.DryRunAll)
	}
	if err := t.client.Patch(ctx, vc, client.RawPatch(types.MergePatchType, data), opts...); err != nil {
		return fmt.Errorf("change virtual cluster %q in namespace %q: %w", t.name, t.namespace, err)
	}
	return nil
}

func (o *PauseOptions) await(ctx context.Context, t *target) error {
	if !o.pause {
		_, err := (&CreateOptions{Factory: o.Factory, Timeout: o.Timeout}).await(ctx, t)
		return err
	}
	o.Hintf("Virtual cluster %q in namespace %q stops its nodes; its volumes and credentials are kept.", t.name, t.namespace)
	ctx, cancel := withTimeout(ctx, o.Timeout)
	defer cancel()
	err := wait.Until(ctx, t.client, t.empty(), &v1alpha1.VirtualClusterList{}, func(vc *v1alpha1.VirtualCluster, exists bool) (bool, error) {
		switch {
		case !exists:
			return false, t.deletedMeanwhile()
		case !vc.Spec.Lifecycle.IsPaused():
			return false, cli.Fail("", "virtual cluster %q in namespace %q was resumed while it was waited for", t.name, t.namespace)
		}
		return isPaused(vc), nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return cli.TimedOut("It goes on by itself. Say the same again to keep waiting.\nSee more with: "+t.command("describe"),
			"virtual cluster %q in namespace %q still has nodes that run after %s", t.name, t.namespace, o.Timeout)
	}
	if errors.Is(err, context.Canceled) {
		return cli.Interrupted("It goes on by itself. Say the same again to keep waiting.")
	}
	return err
}

// isPaused says whether no node of the cluster runs because nobody wants it to.
func isPaused(vc *v1alpha1.VirtualCluster) bool {
	ready := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionReady)
	return vc.Spec.Lifecycle.IsPaused() && vc.Status.ObservedGeneration >= vc.Generation && ready != nil && ready.Reason == v1alpha1.ReasonPaused
}
