package verbs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodeexec"
)

// completionTimeout bounds how long a person waits for a completion.
const completionTimeout = 3 * time.Second

// complete offers words that the API server knows. It says nothing where it
// cannot tell: the shell would show that in the middle of what is typed.
func complete(f *cli.Factory, words func(context.Context, *target) ([]string, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, given []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(given) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if err := f.LeaveVirtual(); err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		t, err := find(f, typed)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
		defer cancel()
		found, err := words(ctx, t)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return startingWith(found, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// startingWith keeps the words that go on from what was typed.
func startingWith(words []string, typed string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return !strings.HasPrefix(w, typed) })
}

// completeName offers the names of the clusters that exist.
func completeName(f *cli.Factory) cobra.CompletionFunc {
	return complete(f, func(ctx context.Context, t *target) ([]string, error) { return t.clusterNames(ctx) })
}

// completeNode offers the names of clusters, and after NAME/ those of its
// nodes.
func completeNode(f *cli.Factory) cobra.CompletionFunc {
	return complete(f, func(ctx context.Context, t *target) ([]string, error) {
		name, _, slash := strings.Cut(t.name, "/")
		if !slash {
			return t.clusterNames(ctx)
		}
		nodes, err := nodeexec.List(ctx, t.client, t.namespace, name)
		refs := make([]string, 0, len(nodes))
		for _, n := range nodes {
			refs = append(refs, nodeexec.Ref{Cluster: name, Node: n.Name}.String())
		}
		return refs, err
	})
}

func (t *target) clusterNames(ctx context.Context) ([]string, error) {
	return namesIn(ctx, t.client, &v1alpha1.VirtualClusterList{}, client.InNamespace(t.namespace))
}

// namesIn are the names of the objects that a list gets.
func namesIn(ctx context.Context, c client.Reader, list client.ObjectList, opts ...client.ListOption) ([]string, error) {
	if err := c.List(ctx, list, opts...); err != nil {
		return nil, err
	}
	var names []string
	err := meta.EachListItem(list, func(o runtime.Object) error {
		names = append(names, o.(client.Object).GetName())
		return nil
	})
	return names, err
}

// completeNamespace offers the namespaces of the host.
func completeNamespace(f *cli.Factory) cobra.CompletionFunc {
	return completeFlag(f, &corev1.NamespaceList{})
}

// completeHostNode offers the nodes of the host.
func completeHostNode(f *cli.Factory) cobra.CompletionFunc {
	return completeFlag(f, &corev1.NodeList{})
}

// completeFlag offers the names of the host's objects of a kind for a flag.
func completeFlag(f *cli.Factory, list client.ObjectList) cobra.CompletionFunc {
	of := complete(f, func(ctx context.Context, t *target) ([]string, error) { return namesIn(ctx, t.client, list) })
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return of(cmd, nil, typed) // whatever arguments stand before the flag
	}
}

// completeContext offers the contexts of the kubeconfig.
func completeContext(f *cli.Factory) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		raw, err := f.Flags.ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		names := make([]string, 0, len(raw.Contexts))
		for name := range raw.Contexts {
			names = append(names, name)
		}
		slices.Sort(names)
		return startingWith(names, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeOutput offers the formats that the verb prints in.
func completeOutput(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return startingWith(outputs(cmd), typed), cobra.ShellCompDirectiveNoFileComp
}

// offer completes a flag with words that are known beforehand.
func offer(cmd *cobra.Command, flag string, words ...string) {
	register(cmd, flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return startingWith(words, typed), cobra.ShellCompDirectiveNoFileComp
	})
}

func register(cmd *cobra.Command, flag string, complete cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // the flag is not there, or has a completion: a mistake in this program
	}
}

// completeGlobals completes the flags of every verb.
func completeGlobals(f *cli.Factory, root *cobra.Command) {
	register(root, "namespace", completeNamespace(f))
	register(root, "context", completeContext(f))
	register(root, "output", completeOutput)
}
