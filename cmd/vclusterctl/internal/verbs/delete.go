package verbs

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// DeleteOptions are the flags of delete.
type DeleteOptions struct {
	*cli.Factory
	Name           string
	Wait           bool
	Timeout        time.Duration
	Force          bool
	IgnoreNotFound bool
	DryRun         string
}

const deleteLong = `Delete a virtual cluster with everything in it: its nodes, its data and its
credentials. It does not ask. The kubeconfig context of the cluster is removed,
and the one that was current before it is so again.

With --force the node pods are killed without giving them time to stop.`

// NewCmdDelete is "delete". Tests pass a runF of their own.
func NewCmdDelete(f *cli.Factory, runF func(context.Context, *DeleteOptions) error) *cobra.Command {
	o := &DeleteOptions{Factory: f}
	cmd := &cobra.Command{
		Use:               "delete NAME",
		Aliases:           []string{"rm"},
		Short:             "Delete a virtual cluster with everything in it",
		Long:              deleteLong,
		Args:              oneName,
		ValidArgsFunction: completeName(f),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Name = given[0]
			if err := checkDryRun(o.DryRun); err != nil {
				return usage(cmd, err)
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.OutputName)
	cmd.Flags().BoolVar(&o.Wait, "wait", true, "wait until nothing of it is left")
	cmd.Flags().DurationVar(&o.Timeout, "timeout", 5*time.Minute, "how long to wait, 0 for ever")
	cmd.Flags().BoolVar(&o.Force, "force", false, "kill the node pods at once")
	cmd.Flags().BoolVar(&o.IgnoreNotFound, "ignore-not-found", false, "succeed if there is no such cluster")
	addDryRun(cmd.Flags(), &o.DryRun)
	offer(cmd, "dry-run", dryRuns...)
	return cmd
}

// Run deletes the cluster.
func (o *DeleteOptions) Run(ctx context.Context) error {
	t, err := find(o.Factory, o.Name)
	if err != nil {
		return err
	}
	vc, err := t.get(ctx)
	if o.IgnoreNotFound && o.Explain(err).Code == cli.ExitNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	doing := "Deleting"
	if o.DryRun != dryRunNone {
		doing = "Would delete"
	}
	o.Hintf("%s virtual cluster %q in namespace %q: %s.", doing, t.name, t.namespace, t.inventory(ctx))
	var left *remains
	if o.Wait && o.DryRun == dryRunNone {
		left = remainsOf(ctx, t, vc.UID)
	}
	if err := o.delete(ctx, t, vc); err != nil {
		return err
	}
	if o.DryRun != dryRunNone {
		return o.printResult(t)
	}
	if err := disconnect(ctx, t); err != nil {
		o.Hintf("warning: %s", cli.OneLine(err.Error()))
	}
	if o.Wait {
		if err := o.await(ctx, left); err != nil {
			return err
		}
	}
	return o.printResult(t)
}

// delete lets the garbage collector take what the cluster owns. The UID makes
// sure that it is the cluster that was looked at.
func (o *DeleteOptions) delete(ctx context.Context, t *target, vc *v1alpha1.VirtualCluster) error {
	if o.DryRun == dryRunClient {
		return nil
	}
	opts := []client.DeleteOption{client.Preconditions{UID: ptr.To(vc.UID)}, client.PropagationPolicy(metav1.DeletePropagationBackground)}
	if o.DryRun == dryRunServer {
		opts = append(opts, client.DryRunAll)
	}
	if err := client.IgnoreNotFound(t.client.Delete(ctx, vc, opts...)); err != nil {
		return fmt.Errorf("delete virtual cluster %q in namespace %q: %w", t.name, t.namespace, err)
	}
	if !o.Force || o.DryRun != dryRunNone {
		return nil
	}
	return t.killPods(ctx)
}

func (t *target) killPods(ctx context.Context) error {
	pod := &metav1.PartialObjectMetadata{}
	pod.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "Pod"})
	err := t.client.DeleteAllOf(ctx, pod, client.InNamespace(t.namespace), t.selector(), client.GracePeriodSeconds(0))
	if err != nil {
		return fmt.Errorf("kill the node pods of %q: %w", t.name, err)
	}
	return nil
}

func (o *DeleteOptions) printResult(t *target) error {
	if o.Output == cli.OutputName {
		_, err := fmt.Fprintf(o.Out, "virtualcluster.%s/%s\n", v1alpha1.GroupName, t.name)
		return err
	}
	_, err := fmt.Fprintf(o.Out, "virtualcluster.%s %q deleted%s\n", v1alpha1.GroupName, t.name, dryRunSuffix(o.DryRun))
	return err
}

// inventory says in words what goes away with the cluster.
func (t *target) inventory(ctx context.Context) string {
	pods, podErr := t.dependents(ctx, dependents[0])
	volumes, volumeErr := t.dependents(ctx, dependents[2])
	if podErr != nil || volumeErr != nil {
		return "its nodes, data and credentials"
	}
	return fmt.Sprintf("%s, %s, its credentials", count(len(pods.Items), "node pod"), count(len(volumes.Items), "volume"))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
