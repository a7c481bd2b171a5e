package ptytest

import (
	"strings"
	"syscall"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
)

func (p place) make(t *testing.T, name string) *v1alpha1.VirtualCluster {
	t.Helper()
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: p.namespace, Name: name}}
	if err := p.Create(t.Context(), vc); err != nil {
		t.Fatal(err)
	}
	return vc
}

// TestNeverOverwrites: a cluster that appears after the last look stays as it
// is, and one that was made can be changed by "create -f" as any other.
func TestNeverOverwrites(t *testing.T) {
	p := newPlace(t)
	m := open(t, p.kubeconfig, "--accessible")
	m.shows("What next?")
	m.press("create\ndev\n\n\n\n\n3\n\n\n\n\n")
	m.shows("Create dev in namespace")
	p.make(t, "dev")
	m.press("yes\n")
	m.shows("exists already")
	if got := p.get(t, "dev"); len(got.Spec.Pools) > 0 {
		t.Errorf("the cluster of somebody else was changed: %+v", got.Spec)
	}
	m.press("create\ndev\nnext\n\n\n\n\n3\n\n\n\n\nyes\n")
	m.shows("exists already") // at once, where its name is asked for
	m.shows("next was created")
	m.press("quit\n")
	m.ends(0)
	for _, f := range p.get(t, "next").ManagedFields {
		if f.Operation != metav1.ManagedFieldsOperationApply {
			t.Errorf("its fields are those of an %s: nobody could change it by applying", f.Operation)
		}
	}
	u := spec.New()
	u.SetNamespace(p.namespace)
	u.SetName("next")
	u.Object["spec"] = map[string]any{"pools": []any{map[string]any{"name": "workers", "replicas": int64(1)}}}
	if err := p.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(u), client.FieldOwner("vclusterctl-cli")); err != nil {
		t.Errorf("change it by applying: %v", err)
	}
}

// TestPinned: what becomes the current context meanwhile changes nothing.
func TestPinned(t *testing.T) {
	p := newPlace(t)
	p.make(t, "dev")
	m := open(t, p.kubeconfig)
	m.shows("● live")
	config, err := clientcmd.LoadFromFile(p.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.CurrentContext = "nowhere"
	if err := clientcmd.WriteToFile(*config, p.kubeconfig); err != nil {
		t.Fatal(err)
	}
	m.press("a")
	m.shows("Press Enter to go back.")
	if strings.Contains(m.Screen(), "refused") {
		t.Errorf("another host was asked:\n%s", m.Screen())
	}
	m.press("\r")
	m.shows("Back from attach dev")
	m.press("q")
	m.ends(0)
}

// TestAccessibleInterrupted: Ctrl-C stops what is under way, again and again, and
// nothing else; where something is asked it ends the program.
func TestAccessibleInterrupted(t *testing.T) {
	p := newPlace(t)
	p.make(t, "dev")
	m := open(t, p.kubeconfig, "--accessible")
	m.shows("What next?")
	for _, follow := range []string{"follow dev", "follow 1"} {
		m.press(follow + "\n")
		m.shows(follow + " dev: Accepting")
		m.press("\x03")
		m.shows("^CStopped.")
		m.press(follow[len("follow "):] + "!\n")
		m.shows(`"` + follow[len("follow "):] + `!" is nothing that can be done here`)
		m.asks()
	}
	m.press("\x03")
	m.ends(0)
	if n := strings.Count(m.Written(), "Stopped."); n != 2 || strings.Contains(m.Written(), "canceled") {
		t.Errorf("%d times stopped: %q", n, m.Written())
	}
}

// TestTerminatedElsewhere: being told to end ends the program, also while
// something else has the terminal, and where it asks line by line.
func TestTerminatedElsewhere(t *testing.T) {
	p := newPlace(t)
	p.make(t, "dev")
	for name, tc := range map[string]struct {
		args  []string
		ready string
		keys  string
		shows string
	}{
		"Away":           {ready: "● live", keys: "a", shows: "Press Enter to go back."},
		"Asked":          {args: []string{"--accessible"}, ready: "What next?"},
		"AccessibleWork": {args: []string{"--accessible"}, ready: "What next?", keys: "follow dev\n", shows: "follow dev dev: Accepting"},
		"AccessibleAway": {args: []string{"--accessible"}, ready: "What next?", keys: "attach dev\n", shows: "Press Enter to go back."},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, p.kubeconfig, tc.args...)
			m.shows(tc.ready)
			if tc.keys != "" {
				m.press(tc.keys)
				m.shows(tc.shows)
			}
			m.must(m.Signal(syscall.SIGTERM))
			m.ends(0)
		})
	}
}
