package verbs

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
)

// twoHosts is a kubeconfig with two hosts, the first of which is current.
func twoHosts(t *testing.T, path, current string) {
	t.Helper()
	config := clientcmdapi.NewConfig()
	for name, server := range map[string]string{"first": "https://first:1", "second": "https://second:2"} {
		config.Clusters[name] = &clientcmdapi.Cluster{Server: server}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name, Namespace: "in-" + name}
	}
	config.CurrentContext = current
	data, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPinned: whatever becomes the current context, everything is about the host
// that is shown.
func TestPinned(t *testing.T) {
	f := testFactory(t)
	path := filepath.Join(t.TempDir(), "config")
	t.Setenv("KUBECONFIG", path)
	twoHosts(t, path, "first")
	withCluster(t, f, interceptor.Funcs{}, virtualCluster("dev"))
	o := &TUIOptions{Factory: f}
	session, err := o.session("")
	if err != nil {
		t.Fatal(err)
	}
	s := session.Watcher.(*tuiSession)
	twoHosts(t, path, "second")
	if session.Context != "first" || session.Namespace != "in-first" {
		t.Errorf("it is about %q in %q", session.Context, session.Namespace)
	}
	config, err := s.target(dev).RESTConfig()
	if err != nil || config.Host != "https://first:1" {
		t.Errorf("what is done goes to %v, %v", config, err)
	}
	for _, verb := range []*ownVerb{session.Attach(dev).(*ownVerb), session.Shell(dev, "server-0").(*ownVerb)} {
		if i := slices.Index(verb.arguments, "--context"); i < 0 || verb.arguments[i+1] != "first" {
			t.Errorf("what takes over the terminal is called with %q", verb.arguments)
		}
		if err := verb.check(); err != nil {
			t.Errorf("it is refused: %v", err)
		}
	}
	if *f.Flags.Context != "" {
		t.Errorf("the flags of the program say context %q", *f.Flags.Context)
	}
}

// TestLeadsElsewhere: a context of the same name that leads to another host is
// not the one that is shown.
func TestLeadsElsewhere(t *testing.T) {
	s := tuiOn(t, interceptor.Funcs{}, virtualCluster("dev"))
	hostAt(t, s.Factory, "https://first:1")
	s.server = "https://another:1"
	for name, err := range map[string]error{
		"attach": s.attach(dev).(*ownVerb).check(), "shell": s.shell(dev, "server-0").(*ownVerb).check(),
		"logs": s.logs(t.Context(), act.LogRequest{Target: dev}, nil),
	} {
		if err == nil || !strings.Contains(err.Error(), "leads to https://first:1 by now") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAnother: nothing is done with a cluster that has the name of the one that
// was looked at.
func TestAnother(t *testing.T) {
	s := tuiOn(t, interceptor.Funcs{}, virtualCluster("dev", withKubeconfig))
	hostAt(t, s.Factory, "https://first:1")
	s.server = "https://first:1"
	was := dev
	was.UID = "before"
	actions := s.actions()
	_, read := actions.Kubeconfig(t.Context(), was)
	_, saved := actions.SaveKubeconfig(t.Context(), was)
	for name, err := range map[string]error{
		"kubeconfig": read, "save": saved, "attach": actions.Attach(was).(*ownVerb).check(), "shell": actions.Shell(was, "server-0").(*ownVerb).check(),
		"logs": actions.Logs(t.Context(), act.LogRequest{Target: was, Node: "server-0"}, func(string) error { return nil }),
	} {
		if err == nil || !strings.Contains(err.Error(), "another one has its name") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPatience: where the API server does not answer, everything comes to an end
// by itself and says why.
func TestPatience(t *testing.T) {
	silent := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	s := tuiOn(t, interceptor.Funcs{
		Get: func(ctx context.Context, _ client.WithWatch, _ client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
			return silent(ctx)
		},
		List: func(ctx context.Context, _ client.WithWatch, _ client.ObjectList, _ ...client.ListOption) error {
			return silent(ctx)
		},
		Delete: func(ctx context.Context, _ client.WithWatch, _ client.Object, _ ...client.DeleteOption) error {
			return silent(ctx)
		},
		Patch: func(ctx context.Context, _ client.WithWatch, _ client.Object, _ client.Patch, _ ...client.PatchOption) error {
			return silent(ctx)
		},
		Apply: func(ctx context.Context, _ client.WithWatch, _ runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
			return silent(ctx)
		},
	})
	hostAt(t, s.Factory, "https://first:1")
	s.server, s.patience = "https://first:1", 20*time.Millisecond
	a, u := s.actions(), spec.New()
	u.SetNamespace("default")
	u.SetName("dev")
	for name, do := range map[string]func(context.Context) error{
		"details":    func(ctx context.Context) error { _, err := a.Details(ctx, dev); return err },
		"inventory":  func(ctx context.Context) error { _, err := a.Inventory(ctx, dev); return err },
		"delete":     func(ctx context.Context) error { return a.Delete(ctx, dev) },
		"pause":      func(ctx context.Context) error { return a.SetPaused(ctx, dev, true) },
		"kubeconfig": func(ctx context.Context) error { _, err := a.Kubeconfig(ctx, dev); return err },
		"save":       func(ctx context.Context) error { _, err := a.SaveKubeconfig(ctx, dev); return err },
		"try":        func(ctx context.Context) error { _, err := a.Try(ctx, u); return err },
		"create":     func(ctx context.Context) error { return a.Create(ctx, u) },
		"namespaces": func(ctx context.Context) error { _, err := a.Namespaces(ctx); return err },
		"logs":       func(ctx context.Context) error { return a.Logs(ctx, act.LogRequest{Target: dev}, nil) },
		"attach":     func(context.Context) error { return a.Attach(dev).(*ownVerb).check() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := do(ctx); err == nil || !strings.Contains(err.Error(), "does not answer within 20ms") {
				t.Errorf("got %v", err)
			}
		})
	}
}
