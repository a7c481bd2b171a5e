package probing

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor/hostcheck"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
	"github.com/vclusterctl/vclusterctl/runtime/probe"
)

const (
	// Most is how many probes one run makes at most: each boots a node.
	Most = 32
	// atOnce is how many of them there are at a time.
	atOnce = 4
	// removeTimeout bounds the removal of one pod.
	removeTimeout = 30 * time.Second
	// label marks the pods of this program, so that those can be found that one
	// that was killed left behind.
	label = "vclusterctl.dev/doctor"
	// abandoned is after how long nobody waits for a probe pod any more.
	abandoned = 2 * probe.Deadline * time.Second
)

// Prober makes probe pods.
type Prober struct {
	Client client.WithWatch
	// Namespace that the pods are made in, and Image the node image that they
	// boot.
	Namespace, Image string
	// Tell tells people how far a probe has come.
	Tell func(hostcheck.Spot, string)
	// Now is the clock, Name makes up names of pods.
	Now  func() time.Time
	Name func() string
}

// Run probes all candidates up to Most. It fails only where it was interrupted;
// what became of a probe is in its proof.
func (p *Prober) Run(ctx context.Context, candidates []hostcheck.Candidate) (map[hostcheck.Spot]hostcheck.Proof, error) {
	p.sweep(ctx)
	all := map[hostcheck.Spot]hostcheck.Proof{}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, c := range candidates[:min(len(candidates), Most)] {
		group.Go(func() error {
			result, err := p.probe(ctx, c)
			if err != nil {
				result = probe.Result{Verdict: v1alpha1.ProbeInconclusive, Message: err.Error()}
			}
			mu.Lock()
			defer mu.Unlock()
			all[c.Spot] = hostcheck.Proof{Verdict: result.Verdict, Message: result.Message, Checks: result.Checks, Source: "a probe pod, just now"}
			return nil // it is in the proof
		})
	}
	_ = group.Wait() // as above
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, context.Cause(ctx)
	}
	return all, nil
}

// probe makes one pod, follows it to its end and takes it away.
func (p *Prober) probe(ctx context.Context, c hostcheck.Candidate) (probe.Result, error) {
	if ctx.Err() != nil {
		return probe.Result{}, outOfTime(ctx)
	}
	pod, err := probe.Pod(probe.Options{
		Knowledge: c.Knowledge, Shape: c.Shape, Node: c.Node, Namespace: p.Namespace, Name: p.Name(), Image: p.Image,
		Labels: map[string]string{label: "probe"},
	})
	if err != nil {
		return probe.Result{}, err
	}
	// An answer to the creation may get lost, and the pod be there.
	defer p.remove(ctx, c.Spot, pod)
	if err := p.Client.Create(ctx, pod); err != nil {
		return refused(ctx, err)
	}
	return p.follow(ctx, c, pod)
}

// refused tells what the API server has against a pod from an interruption.
func refused(ctx context.Context, err error) (probe.Result, error) {
	var status apierrors.APIStatus
	if ctx.Err() == nil && errors.As(err, &status) {
		return probe.Refused(err.Error()), nil
	}
	if ctx.Err() != nil {
		return probe.Result{}, outOfTime(ctx)
	}
	return probe.Result{}, fmt.Errorf("make a probe pod: %w", err)
}

// follow looks at a pod whenever it changes, and when its probe says to look
// again.
func (p *Prober) follow(ctx context.Context, c hostcheck.Candidate, pod *corev1.Pod) (probe.Result, error) {
	told := ""
	for {
		var progress probe.Progress
		recheck := time.Minute
		look := func(seen *corev1.Pod, exists bool) (bool, error) {
			if !exists {
				return false, errors.New("somebody deleted the probe pod")
			}
			progress = probe.Read(probe.Observed{Knowledge: c.Knowledge, Pod: seen, Events: p.events(ctx, seen), NodeKernel: c.Kernel}, p.Now())
			if progress.Message != told && progress.Message != "" {
				told = progress.Message
				p.Tell(c.Spot, told)
			}
			if progress.Recheck > 0 {
				recheck = progress.Recheck
			}
			return progress.Done, nil
		}
		err := p.until(ctx, pod, &recheck, look)
		switch {
		case progress.Done:
			p.Tell(c.Spot, string(progress.Result.Verdict)+": "+progress.Result.Message)
			return progress.Result, nil
		case ctx.Err() != nil:
			return probe.Result{}, outOfTime(ctx)
		case err != nil && !errors.Is(err, errAgain):
			return probe.Result{}, fmt.Errorf("watch the probe pod: %w", err)
		}
	}
}

// errAgain ends a watch because it is time to look again.
var errAgain = errors.New("look again")

// until watches a pod until look says that it is done, or it is time to look
// again, which look may change.
func (p *Prober) until(ctx context.Context, pod *corev1.Pod, recheck *time.Duration, look func(*corev1.Pod, bool) (bool, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(*recheck, func() { cancel(errAgain) })
	defer alarm.Stop()
	return wait.Until(ctx, p.Client, pod, &corev1.PodList{}, func(seen *corev1.Pod, exists bool) (bool, error) {
		done, err := look(seen, exists)
		alarm.Reset(*recheck)
		return done, err
	})
}

// events of a pod, as far as they can be read: they add to what it says.
func (p *Prober) events(ctx context.Context, pod *corev1.Pod) []corev1.Event {
	var list corev1.EventList
	if err := p.Client.List(ctx, &list, client.InNamespace(pod.Namespace), client.MatchingFields{"involvedObject.uid": string(pod.UID)}); err != nil {
		return nil
	}
	return list.Items
}

// remove takes a pod away, also where its probe was interrupted.
func (p *Prober) remove(ctx context.Context, spot hostcheck.Spot, pod *corev1.Pod) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	gone := &corev1.Pod{}
	gone.Namespace, gone.Name = pod.Namespace, pod.Name
	if err := p.Client.Delete(ctx, gone, client.GracePeriodSeconds(0)); err != nil && !apierrors.IsNotFound(err) {
		p.Tell(spot, fmt.Sprintf("pod %s/%s is still there, take it away with kubectl: %v", pod.Namespace, pod.Name, err))
	}
}

// sweep takes away what a program left behind that was killed. Whoever may not
// list pods has nothing to sweep.
func (p *Prober) sweep(ctx context.Context) {
	var list corev1.PodList
	if err := p.Client.List(ctx, &list, client.InNamespace(p.Namespace), client.HasLabels{label}); err != nil {
		return
	}
	for i := range list.Items {
		if pod := &list.Items[i]; p.Now().Sub(pod.CreationTimestamp.Time) > abandoned {
			p.remove(ctx, hostcheck.Spot{Node: pod.Spec.NodeName}, pod)
		}
	}
}

func outOfTime(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("the probe was not done in time")
	}
	return context.Cause(ctx)
}
