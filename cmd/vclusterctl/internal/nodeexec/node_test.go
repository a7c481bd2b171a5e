package nodeexec

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

func TestParseRef(t *testing.T) {
	cases := map[string]struct {
		reason string
		text   string
		want   Ref
		bad    bool
	}{
		"Cluster":   {reason: "A name alone.", text: "dev", want: Ref{Cluster: "dev"}},
		"Node":      {reason: "A node of it.", text: "dev/work-1", want: Ref{Cluster: "dev", Node: "work-1"}},
		"Empty":     {reason: "Nothing is named.", text: "", bad: true},
		"NoCluster": {reason: "A node of nothing.", text: "/server-0", bad: true},
		"NoNode":    {reason: "A slash promises a node.", text: "dev/", bad: true},
		"Deep":      {reason: "Nodes have no parts.", text: "dev/a/b", bad: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ParseRef(tc.text)
			if diff := cmp.Diff(tc.want, got); diff != "" || (err != nil) != tc.bad {
				t.Errorf("%s\nParseRef(): %v, -want, +got:\n%s", tc.reason, err, diff)
			}
			if err == nil && got.String() != tc.text {
				t.Errorf("%s\nString(): got %q, want %q", tc.reason, got, tc.text)
			}
		})
	}
}

func pod(name, of, pool string, state corev1.ContainerState) *corev1.Pod {
	role := "agent"
	if pool == "server" {
		role = "server"
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name, Labels: map[string]string{v1alpha1.LabelCluster: of, v1alpha1.LabelPool: pool, v1alpha1.LabelRole: role}},
		Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "node", State: state, Ready: state.Running != nil}}},
	}
}

func TestFind(t *testing.T) {
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	host := fake.NewClientBuilder().WithObjects(
		pod("dev-server-0", "dev", "server", running),
		pod("dev-work-0", "dev", "work", corev1.ContainerState{}),
		pod("dev-work-10", "dev", "work", running),
		pod("dev-work-2", "dev", "work", running),
		pod("dev-x-server-0", "dev-x", "server", running),
		pod("dev-probe", "dev", "", running),
	).Build()
	all := []string{"server-0", "work-0", "work-2", "work-10"}
	at := func(name string, running bool) Node {
		return Node{Name: name, Namespace: "team", Pod: "dev-" + name, Container: "node", Running: running, Ready: running}
	}
	cases := map[string]struct {
		reason    string
		namespace string
		ref       Ref
		want      Node
		missing   []string
		fails     bool
	}{
		"Default":      {reason: "The first server is meant.", ref: Ref{Cluster: "dev"}, want: at("server-0", true)},
		"Named":        {reason: "Any node may be.", ref: Ref{Cluster: "dev", Node: "work-2"}, want: at("work-2", true)},
		"NotRunning":   {reason: "It is there, and does not run.", ref: Ref{Cluster: "dev", Node: "work-0"}, want: at("work-0", false)},
		"Unknown":      {reason: "What there is, is named, in order.", ref: Ref{Cluster: "dev", Node: "work-7"}, missing: all, fails: true},
		"OtherCluster": {reason: "A cluster whose name begins alike has other nodes.", ref: Ref{Cluster: "dev", Node: "x-server-0"}, missing: all, fails: true},
		"NoNode":       {reason: "A pod that is no node is none.", ref: Ref{Cluster: "dev", Node: "probe"}, missing: all, fails: true},
		"Elsewhere":    {reason: "Other namespaces have their own.", namespace: "other", ref: Ref{Cluster: "dev"}, fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.namespace == "" {
				tc.namespace = "team"
			}
			got, err := Find(t.Context(), client.Reader(host), tc.namespace, tc.ref)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nFind(): -want, +got:\n%s", tc.reason, diff)
			}
			var missing *NotFoundError
			if errors.As(err, &missing) != tc.fails {
				t.Fatalf("%s\nFind(): got error %v", tc.reason, err)
			}
			if tc.fails {
				if diff := cmp.Diff(tc.missing, missing.Have, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s\nFind(): nodes there are: -want, +got:\n%s", tc.reason, diff)
				}
			}
		})
	}
}
