package verbs

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

func withCondition(kind string, status metav1.ConditionStatus, reason string) func(*v1alpha1.VirtualCluster) {
	return func(vc *v1alpha1.VirtualCluster) {
		vc.Status.ObservedGeneration = 1
		vc.Status.Resolved = &v1alpha1.Resolved{Distro: "k8s", Version: "v1"}
		vc.Status.Conditions = append(vc.Status.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason, Message: "because"})
	}
}

func wantedPaused(vc *v1alpha1.VirtualCluster) { vc.Spec.Lifecycle.Paused = ptr.To(true) }

// pausedCluster is one that its controller has put to rest.
func pausedCluster(vc *v1alpha1.VirtualCluster) {
	vc.Spec.Lifecycle.Paused, vc.Status.Conditions = ptr.To(true), nil
	withCondition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonPaused)(vc)
	withCondition(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonPaused)(vc)
}

func allReady(vc *v1alpha1.VirtualCluster) {
	for _, kind := range []string{
		v1alpha1.ConditionReady, v1alpha1.ConditionRuntimeReady, v1alpha1.ConditionControlPlaneReady,
		v1alpha1.ConditionNodesReady, v1alpha1.ConditionKubeconfigReady,
	} {
		withCondition(kind, metav1.ConditionTrue, v1alpha1.ReasonReady)(vc)
	}
}

// onWatch changes the status of dev once somebody watches.
func onWatch(t *testing.T, change func(*v1alpha1.VirtualCluster)) interceptor.Funcs {
	if change == nil {
		return interceptor.Funcs{}
	}
	return interceptor.Funcs{Watch: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
		w, err := c.Watch(ctx, list, opts...)
		vc := &v1alpha1.VirtualCluster{}
		if err := c.Get(ctx, client.ObjectKey{Namespace: "default", Name: "dev"}, vc); err != nil {
			t.Error(err)
		}
		change(vc)
		if err := c.Status().Update(ctx, vc); err != nil {
			t.Error(err)
		}
		return w, err
	}}
}

func TestAwait(t *testing.T) {
	cases := map[string]struct {
		reason string
		have   []func(*v1alpha1.VirtualCluster)
		absent bool
		// then is what becomes of it while it is waited for.
		then    func(*v1alpha1.VirtualCluster)
		timeout time.Duration
		code    int
		says    []string
		// mayPause is set where a paused cluster is wanted.
		mayPause bool
		// interrupted is set where somebody does not want to wait.
		interrupted bool
	}{
		"Ready":   {reason: "A ready cluster is not waited for.", have: []func(*v1alpha1.VirtualCluster){allReady}, timeout: time.Minute},
		"Becomes": {reason: "It becomes ready.", then: allReady, timeout: time.Minute},
		"Stalled": {
			reason: "Waiting ends where only the user can go on.", timeout: time.Minute, code: cli.ExitError,
			then: withCondition(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonCIDRConflict),
			says: []string{"CIDRConflict: because", "vclusterctl describe dev -n default"},
		},
		"Paused": {
			reason: "Who did not ask for that is told how to go on.", timeout: time.Minute, code: cli.ExitError,
			then: pausedCluster, says: []string{"Paused: because", "vclusterctl resume dev -n default"},
		},
		"WantedPaused": {reason: "Who did is done.", mayPause: true, timeout: time.Minute, have: []func(*v1alpha1.VirtualCluster){wantedPaused}, then: pausedCluster},
		"NoRuntime": {
			reason: "A host that cannot run it is a refusal.", timeout: time.Minute, code: cli.ExitRefused,
			then: withCondition(v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonRuntimeClassMissing),
			says: []string{"RuntimeClassMissing", "vclusterctl runtime install userns"},
		},
		"Late": {
			reason: "Nothing is lost when time is up.", timeout: 2 * time.Second, code: cli.ExitTimeout,
			says: []string{"not ready after 2s", `waiting for "Accepted"`, "Nothing is lost"},
		},
		"Interrupted": {
			reason: "Nor if somebody does not want to wait.", timeout: time.Minute, interrupted: true, code: cli.ExitError,
			says: []string{"error: interrupted\n  Nothing is lost"},
		},
		"Deleted": {reason: "Somebody deletes it.", absent: true, timeout: time.Minute, code: cli.ExitNotFound, says: []string{"was deleted while"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			vc := virtualCluster("dev", tc.have...)
			var objects []client.Object
			if !tc.absent {
				objects = append(objects, vc)
			}
			c := withCluster(t, f, onWatch(t, tc.then), objects...)
			tg := &target{Factory: f, client: c, namespace: "default", name: "dev"}
			o := &CreateOptions{Factory: f, Timeout: tc.timeout, mayPause: tc.mayPause}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tc.interrupted {
				cancel()
			}
			_, err := o.await(ctx, tg)
			code := 0
			if err != nil {
				explained := f.Explain(err)
				code = explained.Code
				explained.Print(f.ErrOut)
			}
			if code != tc.code {
				t.Fatalf("%s\nexit code %d for %v, want %d", tc.reason, code, err, tc.code)
			}
			for _, want := range tc.says {
				if text := f.ErrOut.(interface{ String() string }).String(); !strings.Contains(text, want) {
					t.Errorf("%s\n%q is missing from:\n%s", tc.reason, want, text)
				}
			}
		})
	}
}
