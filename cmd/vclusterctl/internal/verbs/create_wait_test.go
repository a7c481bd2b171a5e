package verbs

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// TestAwaitEndMoved: "run" moves the end of the cluster that it waits for.
func TestAwaitEndMoved(t *testing.T) {
	const back = "has not taken it up"
	cases := map[string]struct {
		reason string
		change func(*v1alpha1.VirtualCluster)
		want   bool
	}{
		"End":   {reason: "It has not gone back to its beginning.", change: func(vc *v1alpha1.VirtualCluster) { vc.Spec.Lifecycle.TTLSeconds = 120 }},
		"Other": {reason: "Another spec is taken up anew.", change: func(vc *v1alpha1.VirtualCluster) { vc.Spec.Version = "v1.36.4" }, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			booting := virtualCluster("dev", withCondition(v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, v1alpha1.ReasonPending))
			c := withCluster(t, f, interceptor.Funcs{Watch: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
				w, err := c.Watch(ctx, list, opts...)
				vc := &v1alpha1.VirtualCluster{}
				if err := c.Get(ctx, client.ObjectKeyFromObject(booting), vc); err != nil {
					t.Error(err)
				}
				tc.change(vc)
				vc.Generation = 2
				if err := c.Update(ctx, vc); err != nil {
					t.Error(err)
				}
				return w, err
			}}, booting)
			o := &CreateOptions{Factory: f, Timeout: time.Second}
			_, err := o.await(t.Context(), &target{Factory: f, client: c, namespace: "default", name: "dev"})
			if got := f.Explain(err); got.Code != cli.ExitTimeout || strings.Contains(stderr(f)+got.Error(), back) != tc.want {
				t.Errorf("%s\ngot %v and:\n%s", tc.reason, err, stderr(f))
			}
		})
	}
}
