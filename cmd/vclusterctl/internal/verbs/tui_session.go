package verbs

import (
	"context"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/source"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// tuiSession is one host cluster as the TUI sees it.
type tuiSession struct {
	*cli.Factory
	client client.WithWatch
	// server is the address of the API server. The context may come to lead to
	// another one while we look at this.
	server string
	// patience is for how long an answer is waited for.
	patience   time.Duration
	terminated <-chan struct{}
	away       func(bool)
}

// tuiPatience is that of people who look at a screen.
const tuiPatience = 30 * time.Second

// session connects to a context of the kubeconfig, "" for the one that the
// flags mean. It asks the API server for nothing yet.
func (o *TUIOptions) session(name string) (*tui.Session, error) {
	f := *o.Factory
	f.ErrOut = io.Discard // hints and warnings would tear the screen
	if name != "" {
		f.UseContext(name)
		*f.Flags.Namespace = ""
	}
	namespace, err := f.Namespace()
	if err != nil {
		return nil, err
	}
	if current := hostContext(&f); current != "" {
		f.UseContext(current) // whatever becomes the current one while we run
	}
	config, err := f.RESTConfig()
	if err != nil {
		return nil, err
	}
	c, err := f.NewClient()
	if err != nil {
		return nil, err
	}
	if o.AllNamespaces {
		namespace = ""
	}
	s := &tuiSession{Factory: &f, client: c, server: config.Host, patience: tuiPatience, terminated: o.terminated, away: o.away.Store}
	return &tui.Session{Context: hostContext(&f), Namespace: namespace, Watcher: s, Actions: s.actions()}, nil
}

// contexts are those of the kubeconfig that lead to hosts: those that "connect"
// made lead into virtual clusters, where no others are.
func (o *TUIOptions) contexts(context.Context) ([]string, error) {
	raw, err := o.Flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil, err
	}
	owned, err := kubeconfig.NewStore(o.PathOptions()).Owned()
	if err != nil {
		return nil, err
	}
	for _, ours := range owned {
		delete(raw.Contexts, ours.Context)
	}
	return slices.Sorted(maps.Keys(raw.Contexts)), nil
}

// List implements source.Watcher.
func (s *tuiSession) List(ctx context.Context, namespace string) (*v1alpha1.VirtualClusterList, error) {
	list := &v1alpha1.VirtualClusterList{}
	return list, s.client.List(ctx, list, client.InNamespace(namespace))
}

// Watch implements source.Watcher.
func (s *tuiSession) Watch(ctx context.Context, namespace, resourceVersion string) (watch.Interface, error) {
	seconds := int64(source.WatchTime / time.Second)
	return s.client.Watch(ctx, &v1alpha1.VirtualClusterList{}, client.InNamespace(namespace), &client.ListOptions{
		Namespace: namespace,
		Raw:       &metav1.ListOptions{ResourceVersion: resourceVersion, AllowWatchBookmarks: true, TimeoutSeconds: &seconds},
	})
}

func (s *tuiSession) namespaces(ctx context.Context) ([]string, error) {
	var list corev1.NamespaceList
	if err := s.client.List(ctx, &list); err != nil {
		return nil, err
	}
	names := make([]string, len(list.Items))
	for i := range list.Items {
		names[i] = list.Items[i].Name
	}
	return names, nil
}

// attach and shell are this program once more: what takes over a terminal has
// one to itself.
func (s *tuiSession) attach(t act.Target) tea.ExecCommand {
	return s.again(t, "attach", t.Name)
}

func (s *tuiSession) shell(t act.Target, node string) tea.ExecCommand {
	return s.again(t, "shell", t.Name+"/"+node)
}

func (s *tuiSession) again(t act.Target, arguments ...string) tea.ExecCommand {
	for _, flag := range []struct{ name, value string }{
		{"--namespace", t.Namespace}, {"--context", *s.Flags.Context}, {"--kubeconfig", *s.Flags.KubeConfig},
	} {
		if flag.value != "" {
			arguments = append(arguments, flag.name, flag.value)
		}
	}
	program, err := os.Executable()
	return &ownVerb{
		program: program, arguments: arguments, err: err, command: exec.Command, terminated: s.terminated, away: s.away,
		check: func() error { return s.checkBefore(t) },
	}
}
