package verbs

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

func TestDeleteFlags(t *testing.T) {
	type want struct {
		Code                int
		Name, DryRun        string
		Wait, Force, Ignore bool
		Timeout             time.Duration
	}
	cases := map[string]struct {
		reason string
		args   []string
		want   want
	}{
		"Defaults": {reason: "It waits, as kubectl does.", args: []string{"dev"}, want: want{Name: "dev", DryRun: "none", Wait: true, Timeout: 5 * time.Minute}},
		"All": {
			reason: "Every flag arrives.", args: []string{"dev", "--wait=false", "--force", "--ignore-not-found", "--timeout=1s", "--dry-run=server"},
			want: want{Name: "dev", DryRun: "server", Force: true, Ignore: true, Timeout: time.Second},
		},
		"NoName": {reason: "Nothing is deleted by default.", want: want{Code: cli.ExitUsage}},
		"Two":    {reason: "One at a time.", args: []string{"a", "b"}, want: want{Code: cli.ExitUsage}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			var got want
			verb := NewCmdDelete(f, func(_ context.Context, o *DeleteOptions) error {
				got = want{Name: o.Name, DryRun: o.DryRun, Wait: o.Wait, Force: o.Force, Ignore: o.IgnoreNotFound, Timeout: o.Timeout}
				return nil
			})
			got.Code, _ = call(t, f, verb, tc.args...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func nodePod(name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: map[string]string{v1alpha1.LabelCluster: "dev"}}}
}

// podOf is a node pod with UIDs, its own and that of its owner.
func podOf(name string, uid types.UID, ownerKind string, owner types.UID) *corev1.Pod {
	pod := nodePod(name)
	pod.UID = uid
	pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "x/v1", Kind: ownerKind, Name: "x", UID: owner}}
	return pod
}

// thenApplied deletes a cluster with its pod, and makes another one of the same
// name with a pod of the same name.
func thenApplied(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
	other := virtualCluster("dev")
	other.UID = "another"
	return errors.Join(
		c.Delete(ctx, obj, opts...), c.Delete(ctx, nodePod("dev-server-0")),
		c.Create(ctx, other), c.Create(ctx, podOf("dev-server-0", "new-pod", "StatefulSet", "new-set")),
	)
}

// TestRemains: what is waited for is what the cluster is made of, and nothing
// of one that has the same name.
func TestRemains(t *testing.T) {
	f := testFactory(t)
	c := withCluster(t, f, interceptor.Funcs{},
		podOf("dev-server-0", "pod", "StatefulSet", "set"), podOf("dev-other-0", "before", v1alpha1.VirtualClusterKind, "earlier"),
		&appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "dev-server", UID: "set", Labels: map[string]string{v1alpha1.LabelCluster: "dev"}}})
	r := remainsOf(t.Context(), &target{Factory: f, client: c, namespace: "default", name: "dev"}, "u")
	cases := map[string]struct {
		reason string
		pod    *corev1.Pod
		want   bool
	}{
		"There":     {reason: "It was there; that of its owner is gone.", pod: podOf("dev-server-0", "pod", "StatefulSet", "gone"), want: true},
		"MadeSince": {reason: "It was made for something that was.", pod: podOf("dev-server-0", "new", "StatefulSet", "set"), want: true},
		"OfCluster": {reason: "It was made for the cluster.", pod: podOf("dev-server-0", "new", v1alpha1.VirtualClusterKind, "u"), want: true},
		"OfNext":    {reason: "It is the next cluster's.", pod: podOf("dev-server-0", "new", "StatefulSet", "next")},
		"OfEarlier": {reason: "It was there, and an earlier cluster's.", pod: podOf("dev-other-0", "before", v1alpha1.VirtualClusterKind, "earlier")},
	}
	for name, tc := range cases {
		if got := r.has(tc.pod); got != tc.want {
			t.Errorf("%s: has() = %v\n%s", name, got, tc.reason)
		}
	}
}

// TestNotSeen: what cannot be looked at is not said to be gone; the deletion
// does not wait for that.
func TestNotSeen(t *testing.T) {
	f := testFactory(t)
	c := withCluster(t, f, interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
		if list.GetObjectKind().GroupVersionKind().Kind == "Secret" {
			return apierrors.NewInternalError(errors.New("broken"))
		}
		return c.List(ctx, list, opts...)
	}}, virtualCluster("dev"))
	code, stderr := call(t, f, NewCmdDelete(f, nil), "dev")
	err := c.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "dev"}, &v1alpha1.VirtualCluster{})
	if code != cli.ExitError || !strings.Contains(stderr, `see what is left of virtual cluster "dev"`) || !apierrors.IsNotFound(err) {
		t.Errorf("code %d, %v\n%s", code, err, stderr)
	}
}

func TestDelete(t *testing.T) {
	type want struct {
		Code int
		Out  string
		Left bool
	}
	const deleted = "virtualcluster.vclusterctl.dev \"dev\" deleted"
	cases := map[string]struct {
		reason  string
		args    []string
		objects []client.Object
		fail    interceptor.Funcs
		want    want
		says    string
	}{
		"Deletes": {
			reason: "It is deleted, after saying what goes.", args: []string{"dev", "--wait=false"},
			objects: []client.Object{virtualCluster("dev"), nodePod("dev-server-0")},
			want:    want{Out: deleted + "\n"}, says: "1 node pod, 0 volumes",
		},
		"WaitsForPods": {
			reason: "The cluster is gone, its pod is not: that is not done.", args: []string{"dev", "--timeout=100ms"},
			objects: []client.Object{virtualCluster("dev"), nodePod("dev-server-0")},
			want:    want{Code: cli.ExitTimeout}, says: "is not gone after 100ms",
		},
		"AppliedAgain": {
			reason: "Whoever keeps clusters in Git applies them again as soon as they are gone: that is another one.", args: []string{"dev", "--timeout=5s"},
			objects: []client.Object{virtualCluster("dev"), podOf("dev-server-0", "old-pod", "StatefulSet", "old-set")},
			fail:    interceptor.Funcs{Delete: thenApplied},
			want:    want{Out: deleted + "\n", Left: true},
		},
		"Force": {
			reason: "The pods are killed.", args: []string{"dev", "--force", "--timeout=1m"},
			objects: []client.Object{virtualCluster("dev"), nodePod("dev-server-0")},
			want:    want{Out: deleted + "\n"},
		},
		"ForbiddenKinds": {
			reason: "What the user may not see is not waited for.", args: []string{"dev"}, objects: []client.Object{virtualCluster("dev")},
			fail: interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
				if list.GetObjectKind().GroupVersionKind().Kind == "Secret" {
					return forbidden("secrets", "")
				}
				return c.List(ctx, list, opts...)
			}},
			want: want{Out: deleted + "\n"},
		},
		"ClientDryRun": {
			reason: "Nothing is sent.", args: []string{"dev", "--dry-run=client"}, objects: []client.Object{virtualCluster("dev")},
			want: want{Out: deleted + " (client dry run)\n", Left: true}, says: `Would delete virtual cluster "dev" in namespace "default": 0 node pods`,
		},
		"Missing":        {reason: "There is no such cluster.", args: []string{"dev"}, want: want{Code: cli.ExitNotFound}, says: `"dev" not found in namespace "default"`},
		"IgnoreNotFound": {reason: "That is fine, if the user says so.", args: []string{"dev", "--ignore-not-found"}},
		"Forbidden": {
			reason: "The API server's word is passed on.", args: []string{"dev"}, objects: []client.Object{virtualCluster("dev")},
			fail: interceptor.Funcs{Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
				return forbidden("virtualclusters", "dev")
			}},
			want: want{Code: cli.ExitError, Left: true}, says: "forbidden",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			c := withCluster(t, f, tc.fail, tc.objects...)
			code, stderr := call(t, f, NewCmdDelete(f, nil), tc.args...)
			err := c.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "dev"}, &v1alpha1.VirtualCluster{})
			got := want{Code: code, Out: stdout(f), Left: !apierrors.IsNotFound(err)}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s\n%s", tc.reason, diff, stderr)
			}
			if !strings.Contains(stderr, tc.says) {
				t.Errorf("%s\n%q is missing from:\n%s", tc.reason, tc.says, stderr)
			}
		})
	}
}
