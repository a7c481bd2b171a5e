package verbs

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
)

func TestTUIFlags(t *testing.T) {
	type want struct {
		ASCII, Accessible, All bool
		Code                   int
	}
	cases := map[string]struct {
		reason string
		args   []string
		want   want
	}{
		"Plain":      {reason: "Nothing is needed.", args: []string{"tui"}},
		"ASCII":      {reason: "Letters only.", args: []string{"tui", "--ascii"}, want: want{ASCII: true}},
		"Accessible": {reason: "Line by line.", args: []string{"tui", "--accessible", "-A"}, want: want{Accessible: true, All: true}},
		"Arguments":  {reason: "There is nothing to name.", args: []string{"tui", "dev"}, want: want{Code: cli.ExitUsage}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			var got want
			verb := NewCmdTUI(f, func(_ context.Context, o *TUIOptions) error {
				got = want{ASCII: o.ASCII, Accessible: o.Accessible, All: o.AllNamespaces}
				return nil
			})
			var stderr string
			got.Code, stderr = call(t, f, verb, tc.args[1:]...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s\n%s", tc.reason, diff, stderr)
			}
		})
	}
}

// TestNoTerminal: where nobody looks, the list is printed.
func TestNoTerminal(t *testing.T) {
	for name, change := range map[string]func(*TUIOptions){
		"NoInput":  func(o *TUIOptions) { o.InTTY = false },
		"NoOutput": func(o *TUIOptions) { o.InTTY = true },
		"Output":   func(o *TUIOptions) { o.InTTY, o.Output = true, "json" },
	} {
		t.Run(name, func(t *testing.T) {
			listed := false
			o := &TUIOptions{Factory: testFactory(t), list: func(context.Context) error { listed = true; return nil }}
			change(o)
			if err := o.Run(t.Context()); err != nil || !listed {
				t.Errorf("Run(): %v, listed %t", err, listed)
			}
		})
	}
}

func TestSpeaksUnicode(t *testing.T) {
	cases := map[string]struct {
		reason string
		env    map[string]string
		want   bool
	}{
		"Nothing": {reason: "Nothing said is no reason.", want: true},
		"UTF8":    {reason: "As most say it.", env: map[string]string{"LANG": "en_US.UTF-8"}, want: true},
		"Short":   {reason: "As others do.", env: map[string]string{"LANG": "C.utf8"}, want: true},
		"C":       {reason: "A locale without.", env: map[string]string{"LANG": "C"}},
		"Latin":   {reason: "Another one.", env: map[string]string{"LC_CTYPE": "de_DE.ISO-8859-1", "LANG": "de_DE.UTF-8"}},
		"All":     {reason: "LC_ALL comes first.", env: map[string]string{"LC_ALL": "C.UTF-8", "LANG": "C"}, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := speaksUnicode(func(k string) string { return tc.env[k] }); got != tc.want {
				t.Errorf("%s\nspeaksUnicode(): got %t", tc.reason, got)
			}
		})
	}
}

// tuiOn is a session with a fake API server.
func tuiOn(t *testing.T, fail interceptor.Funcs, objects ...client.Object) *tuiSession {
	t.Helper()
	f := testFactory(t)
	return &tuiSession{Factory: f, client: withCluster(t, f, fail, objects...), patience: tuiPatience}
}

var dev = act.Target{NamespacedName: types.NamespacedName{Namespace: "default", Name: "dev"}, UID: "u"}

func ofDev(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "default", Name: name, Labels: map[string]string{v1alpha1.LabelCluster: "dev"}}
}

// TestInventory: what is lost is named, by size.
func TestInventory(t *testing.T) {
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: ofDev("state-dev-server-0")}
	claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")}
	cases := map[string]struct {
		reason  string
		objects []client.Object
		want    []string
	}{
		"Volume": {
			reason:  "A volume is data.",
			objects: []client.Object{&corev1.Pod{ObjectMeta: ofDev("dev-server-0")}, claim},
			want: []string{
				"1 node pod, with everything that runs inside", "volume state-dev-server-0 (10Gi), with all data on it",
				"its credentials: no kubeconfig for it works any more",
			},
		},
		"None": {
			reason: "Data need not be on a volume.",
			want:   []string{"0 node pods, with everything that runs inside", "what it has stored", "its credentials: no kubeconfig for it works any more"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := tuiOn(t, interceptor.Funcs{}, tc.objects...).inventory(t.Context(), dev)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\ninventory(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestMeant: what is done is done to the cluster that was looked at.
func TestMeant(t *testing.T) {
	var deleted types.UID
	var patch string
	s := tuiOn(t, interceptor.Funcs{
		Delete: func(_ context.Context, _ client.WithWatch, _ client.Object, opts ...client.DeleteOption) error {
			deleted = *(&client.DeleteOptions{}).ApplyOptions(opts).Preconditions.UID
			return errors.New("stop here")
		},
		Patch: func(_ context.Context, _ client.WithWatch, obj client.Object, p client.Patch, _ ...client.PatchOption) error {
			data, err := p.Data(obj)
			patch = string(data)
			return err
		},
	}, virtualCluster("dev"))
	if err := s.delete(t.Context(), dev); err == nil || deleted != "u" {
		t.Errorf("delete(): %v, of UID %q", err, deleted)
	}
	if err := s.setPaused(t.Context(), dev, true); err != nil || patch != `{"metadata":{"uid":"u"},"spec":{"lifecycle":{"paused":true}}}` {
		t.Errorf("setPaused(): %v, %s", err, patch)
	}
}

// TestProblems: what the API server refuses gets to its field.
func TestProblems(t *testing.T) {
	kind := schema.GroupKind{Group: v1alpha1.GroupName, Kind: "VirtualCluster"}
	boom := errors.New("boom")
	invalid := apierrors.NewInvalid(kind, "dev", field.ErrorList{
		field.Invalid(field.NewPath("spec", "version"), "x", "must be a full version"),
		field.Invalid(nil, nil, "metadata.name must have at most 45 characters"),
		field.Invalid(nil, nil, "some validation rules were not checked because the object was invalid"),
		field.Invalid(nil, nil, "something else"),
	})
	cases := map[string]struct {
		reason string
		err    error
		want   []act.Problem
		fails  bool
	}{
		"Fine": {reason: "There are none."},
		"Invalid": {reason: "Each at its field, as far as it can be told.", err: invalid, want: []act.Problem{
			{Field: "spec.version", Message: "must be a full version"},
			{Field: "metadata.name", Message: "metadata.name must have at most 45 characters"},
			{Message: "something else"},
		}},
		"Namespace": {reason: "It does not exist.", err: apierrors.NewNotFound(corev1.Resource("namespaces"), "nope"), want: []act.Problem{{Field: "metadata.namespace", Message: "does not exist"}}},
		"NoCRD":     {reason: "That is no mistake in a field.", err: &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonNotFound, Code: 404}}, fails: true},
		"Forbidden": {reason: "Nor is this.", err: forbidden("virtualclusters", "dev"), fails: true},
		"Other":     {reason: "Nor what nobody knows.", err: boom, fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := problems(tc.err)
			if (err != nil) != tc.fails {
				t.Errorf("%s\nproblems(): error %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nproblems(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTryExisting: the form makes clusters, it does not change them.
func TestTryExisting(t *testing.T) {
	s := tuiOn(t, interceptor.Funcs{}, virtualCluster("dev"))
	u := spec.New()
	u.SetNamespace("default")
	u.SetName("dev")
	got, err := s.try(t.Context(), u)
	if diff := cmp.Diff([]act.Problem{{Field: "metadata.name", Message: "exists already"}}, got); diff != "" || err != nil {
		t.Errorf("try(): %v, -want, +got:\n%s", err, diff)
	}
}

// TestCreateExisting: nor do they where one appears after the last look. That
// the API server refuses by the version is shown with a real one.
func TestCreateExisting(t *testing.T) {
	var sent []string
	s := tuiOn(t, interceptor.Funcs{Apply: func(_ context.Context, _ client.WithWatch, obj runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
		sent = append(sent, obj.(interface{ GetResourceVersion() string }).GetResourceVersion())
		return apierrors.NewConflict(v1alpha1.Resource("virtualclusters"), "dev", errors.New("the object has been modified"))
	}})
	u := spec.New()
	u.SetNamespace("default")
	u.SetName("dev")
	if got, err := s.try(t.Context(), u); err != nil || len(got) != 1 || got[0].Message != "exists already" {
		t.Errorf("try(): %v, %v", got, err)
	}
	if err := s.create(t.Context(), u); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("create(): %v", err)
	}
	if diff := cmp.Diff([]string{absent, absent}, sent); diff != "" || u.GetResourceVersion() != "" {
		t.Errorf("the versions sent: -want, +got:\n%s", diff)
	}
}

// TestAgain: the program that takes over works in the same place.
func TestAgain(t *testing.T) {
	s := tuiOn(t, interceptor.Funcs{})
	*s.Flags.Context, *s.Flags.KubeConfig = "host", "/k"
	got := s.shell(dev, "server-0").(*ownVerb).arguments
	if diff := cmp.Diff([]string{"shell", "dev/server-0", "--namespace", "default", "--context", "host", "--kubeconfig", "/k"}, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
