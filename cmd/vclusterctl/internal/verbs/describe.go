package verbs

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
)

// maxDescribedPods bounds the look-ups of events.
const maxDescribedPods = 20

// DescribeOptions are the arguments of describe.
type DescribeOptions struct {
	*cli.Factory
	Name string
}

const describeLong = `Show all there is to know of one virtual cluster: its conditions, the values
that were chosen for it, the proof of its isolation with the source of each
fact, the timeline of its boot, its node pods and the events about them.`

// NewCmdDescribe is "describe". Tests pass a runF of their own.
func NewCmdDescribe(f *cli.Factory, runF func(context.Context, *DescribeOptions) error) *cobra.Command {
	o := &DescribeOptions{Factory: f}
	return &cobra.Command{
		Use:               "describe NAME",
		Short:             "Show all there is to know of one virtual cluster",
		Long:              describeLong,
		Args:              oneName,
		ValidArgsFunction: completeName(f),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Name = given[0]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
}

// Run describes the cluster.
func (o *DescribeOptions) Run(ctx context.Context) error {
	t, err := find(o.Factory, o.Name)
	if err != nil {
		return err
	}
	in := describe.Input{Now: o.Now()}
	if in.Cluster, err = t.get(ctx); err != nil {
		return err
	}
	in.Pods, in.PodsErr = t.pods(ctx)
	in.Events, in.EventsErr = t.events(ctx, in.Pods)
	return errors.Join(describe.Write(o.Out, in), unlessForbidden(in.PodsErr), unlessForbidden(in.EventsErr))
}

// unlessForbidden is what went wrong. That users who may see the cluster may not
// see its pods is no failure: tenants need not.
func unlessForbidden(err error) error {
	if apierrors.IsForbidden(err) {
		return nil
	}
	return err
}

func (t *target) pods(ctx context.Context) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := t.client.List(ctx, &list, client.InNamespace(t.namespace), t.selector()); err != nil {
		return nil, fmt.Errorf("list the node pods of %q: %w", t.name, err)
	}
	describe.SortPods(list.Items)
	return list.Items, nil
}

// events lists those about the cluster and about its pods.
func (t *target) events(ctx context.Context, pods []corev1.Pod) ([]corev1.Event, error) {
	events, err := t.eventsOf(ctx, v1alpha1.VirtualClusterKind, t.name)
	for i := range pods[:min(len(pods), maxDescribedPods)] {
		if err != nil {
			break
		}
		var more []corev1.Event
		more, err = t.eventsOf(ctx, "Pod", pods[i].Name)
		events = append(events, more...)
	}
	return events, err
}

func (t *target) eventsOf(ctx context.Context, kind, name string) ([]corev1.Event, error) {
	var list corev1.EventList
	fields := client.MatchingFields{"involvedObject.kind": kind, "involvedObject.name": name}
	if err := t.client.List(ctx, &list, client.InNamespace(t.namespace), fields); err != nil {
		return nil, fmt.Errorf("list the events of %s %q: %w", kind, name, err)
	}
	return list.Items, nil
}
