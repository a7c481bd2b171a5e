package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/child"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// LeaveVirtual makes this program talk to the host cluster while the user's
// current context is that of a connected virtual cluster: VirtualClusters live
// there, and after "connect dev" people still want to say "delete dev". An
// explicit --context is taken at its word.
func (f *Factory) LeaveVirtual() error {
	if *f.Flags.Context != "" {
		return nil
	}
	owned, err := kubeconfig.NewStore(f.PathOptions()).Owned()
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	raw, err := f.Flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	for _, o := range owned {
		if !o.Current {
			continue
		}
		if server, namespace, name, ok := SplitOwner(o.Owner); ok {
			return f.leave(hostOf(raw, server, before(owned, o)), server, namespace, name)
		}
	}
	return nil
}

// leave goes to the host of a virtual cluster: to the context that leads there,
// or to where this pod is. To stay would be to look for the host's objects inside.
func (f *Factory) leave(context, server, namespace, name string) error {
	if context != "" {
		f.use(context, namespace)
		return nil
	}
	if pod, err := f.PodConfig(); err == nil && pod.Host == server {
		f.usePod(namespace)
		return nil
	}
	return &Error{
		Code:   ExitRefused,
		Err:    fmt.Errorf("the host of virtual cluster %q (%s) %w", namespace+"/"+name, server, ErrNoHost),
		Remedy: "Say with --context which it is, or leave the virtual cluster with: " + f.Command("disconnect", name, "-n", namespace),
	}
}

// ErrNoHost says that the current context is a virtual cluster, and that none
// leads to its host.
var ErrNoHost = errors.New("is in no context of the kubeconfig")

// inside is the virtual cluster, as NAMESPACE/NAME, that a program of "attach" or
// "run" talks to, and "" where it talks to another cluster or is no such program.
func (f *Factory) inside() string {
	attached := f.Getenv(child.AttachedEnv)
	namespace, name, ok := strings.Cut(attached, "/")
	raw, err := f.Flags.ToRawKubeConfigLoader().RawConfig()
	if !ok || err != nil || *f.Flags.KubeConfig != "" || *f.Flags.Context != "" || raw.CurrentContext != kubeconfig.ContextName(namespace, name) {
		return ""
	}
	return attached
}

func (f *Factory) use(context, namespace string) {
	f.UseContext(context)
	f.implied.context = true
	f.beside(namespace, fmt.Sprintf("context %q", context))
}

func (f *Factory) usePod(namespace string) {
	f.inPod = true
	f.beside(namespace, "the cluster of this pod")
}

// beside works in the namespace of the virtual cluster that was left, unless one
// was typed.
func (f *Factory) beside(namespace, host string) {
	if *f.Flags.Namespace == "" {
		*f.Flags.Namespace, f.implied.namespace = namespace, true
	}
	if f.Verbose {
		f.Hintf("The current context is a virtual cluster; talking to its host, %s, namespace %q.", host, *f.Flags.Namespace)
	}
}

// Owner names what a context in the user's kubeconfig stands for: contexts of
// clusters of different hosts may have the same name.
func Owner(hostServer, namespace, name string) string {
	return hostServer + "/" + namespace + "/" + name
}

// SplitOwner is the reverse of Owner. Not all that this program adds is a virtual
// cluster.
func SplitOwner(owner string) (hostServer, namespace, name string, ok bool) {
	rest, name, ok := cutLast(owner)
	if !ok {
		return "", "", "", false
	}
	hostServer, namespace, ok = cutLast(rest)
	return hostServer, namespace, name, ok && strings.Contains(hostServer, "://")
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndex(s, "/")
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// before are the contexts that were current before one of ours, the last one
// first: the user may have gone from one virtual cluster to the next.
func before(owned []kubeconfig.Owned, o kubeconfig.Owned) []string {
	previous := map[string]string{}
	for _, o := range owned {
		previous[o.Context] = o.Previous
	}
	var contexts []string
	for name := o.Previous; name != "" && !slices.Contains(contexts, name); name = previous[name] {
		contexts = append(contexts, name)
	}
	return contexts
}

// hostOf is the context that leads to a server: the first of those that are
// preferred, or else the first by name. Several may do so as different users.
func hostOf(config clientcmdapi.Config, server string, preferred []string) string {
	for _, name := range append(preferred, slices.Sorted(maps.Keys(config.Contexts))...) {
		if c := config.Contexts[name]; c != nil && config.Clusters[c.Cluster] != nil && config.Clusters[c.Cluster].Server == server {
			return name
		}
	}
	return ""
}
