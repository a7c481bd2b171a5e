package verbs

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// DisconnectOptions are the arguments of disconnect.
type DisconnectOptions struct {
	*cli.Factory
	Name string
}

const disconnectLong = `Take a virtual cluster out of your kubeconfig, and make the context the current
one that was so before. Neither the cluster nor its host need to be there any
more.`

// NewCmdDisconnect is "disconnect". Tests pass a runF of their own.
func NewCmdDisconnect(f *cli.Factory, runF func(context.Context, *DisconnectOptions) error) *cobra.Command {
	o := &DisconnectOptions{Factory: f}
	return &cobra.Command{
		Use:               "disconnect NAME",
		Short:             "Take a virtual cluster out of your kubeconfig",
		Long:              disconnectLong,
		Args:              oneName,
		ValidArgsFunction: completeConnected(f),
		Annotations:       map[string]string{hostAnnotation: hostOptional},
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Name = given[0]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
}

// Run disconnects. It asks nobody but the kubeconfig.
func (o *DisconnectOptions) Run(ctx context.Context) error {
	all, err := connections(o.Factory)
	if err != nil {
		return err
	}
	found, err := o.choose(all)
	if err != nil {
		return err
	}
	if found == nil {
		return o.disconnectRest(ctx, all)
	}
	result, err := kubeconfig.NewStore(o.PathOptions()).Remove(ctx, found.Context, found.Owner)
	if err != nil {
		return err
	}
	tellRemoved(o.Factory, found.Context, result)
	return nil
}

// connection is a virtual cluster in the user's kubeconfig.
type connection struct {
	kubeconfig.Owned
	server, namespace, name string
}

func connections(f *cli.Factory) ([]connection, error) {
	owned, err := kubeconfig.NewStore(f.PathOptions()).Owned()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	var found []connection
	for _, o := range owned {
		if server, namespace, name, ok := cli.SplitOwner(o.Owner); ok {
			found = append(found, connection{Owned: o, server: server, namespace: namespace, name: name})
		}
	}
	return found, nil
}

// choose finds the one that is meant: the one of that name on this host, in this
// namespace, or else the only one. What was typed must be so.
func (o *DisconnectOptions) choose(all []connection) (*connection, error) {
	server, namespace := o.here()
	var meant []connection
	for _, c := range all {
		if c.name != o.Name {
			continue
		}
		if c.server == server && c.namespace == namespace {
			return &c, nil
		}
		elsewhere := o.TypedNamespace() != "" && c.namespace != o.TypedNamespace() || o.TypedContext() != "" && c.server != server
		if !elsewhere {
			meant = append(meant, c)
		}
	}
	switch len(meant) {
	case 0:
		return nil, nil //nolint:nilnil // there is none
	case 1:
		return &meant[0], nil
	}
	return nil, cli.Usagef("several virtual clusters %q are connected: say which with -n and --context: %s", o.Name, list(meant))
}

// here is where a name leads to, as far as that can still be told.
func (o *DisconnectOptions) here() (server, namespace string) {
	config, err := o.RESTConfig()
	if err != nil {
		return "", ""
	}
	if namespace, err = o.Namespace(); err != nil {
		return "", ""
	}
	return config.Host, namespace
}

// disconnectRest takes away what is left of a context that somebody else has
// removed.
func (o *DisconnectOptions) disconnectRest(ctx context.Context, connected []connection) error {
	missing := cli.NotFound("Connected is: "+list(connected), "virtual cluster %q is not connected", o.Name)
	server, namespace := o.here()
	if server == "" {
		return missing
	}
	name := kubeconfig.ContextName(namespace, o.Name)
	result, err := kubeconfig.NewStore(o.PathOptions()).Remove(ctx, name, cli.Owner(server, namespace, o.Name))
	if err == nil && !result.Changed() {
		return missing
	}
	tellRemoved(o.Factory, name, result)
	return err
}

func list(all []connection) string {
	words := make([]string, 0, len(all))
	for _, c := range all {
		words = append(words, fmt.Sprintf("%s -n %s (context %q)", c.name, c.namespace, c.Context))
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

// disconnect takes the cluster's context out of the user's kubeconfig, if it is
// there.
func disconnect(ctx context.Context, t *target) error {
	owner, err := t.owner()
	if err != nil {
		return err
	}
	name := kubeconfig.ContextName(t.namespace, t.name)
	result, err := kubeconfig.NewStore(t.PathOptions()).Remove(ctx, name, owner)
	if err != nil {
		return err
	}
	tellRemoved(t.Factory, name, result)
	return nil
}

func tellRemoved(f *cli.Factory, name string, result kubeconfig.Result) {
	switch {
	case !result.Changed():
	case result.CurrentContext == "":
		f.Hintf("Removed kubeconfig context %q; none is the current one now.", name)
	default:
		f.Hintf("Removed kubeconfig context %q; the current one is %q.", name, result.CurrentContext)
	}
}

// completeConnected offers the names of the clusters that are connected.
func completeConnected(f *cli.Factory) cobra.CompletionFunc {
	return func(_ *cobra.Command, given []string, typed string) ([]string, cobra.ShellCompDirective) {
		all, err := connections(f)
		switch {
		case err != nil:
			return nil, cobra.ShellCompDirectiveError
		case len(given) > 0:
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, c := range all {
			if said := f.TypedNamespace(); said == "" || said == c.namespace {
				names = append(names, c.name)
			}
		}
		slices.Sort(names)
		return startingWith(slices.Compact(names), typed), cobra.ShellCompDirectiveNoFileComp
	}
}
