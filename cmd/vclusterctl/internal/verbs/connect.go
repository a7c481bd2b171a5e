package verbs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// ConnectOptions are the flags of connect.
type ConnectOptions struct {
	*cli.Factory
	Name   string
	Server string
	NoUse  bool
}

const connectLong = `Add a virtual cluster to your kubeconfig and make it the current context.

"disconnect" takes it out and restores the context that was current before.`

// NewCmdConnect is "connect". Tests pass a runF of their own.
func NewCmdConnect(f *cli.Factory, runF func(context.Context, *ConnectOptions) error) *cobra.Command {
	o := &ConnectOptions{Factory: f}
	cmd := &cobra.Command{
		Use:               "connect NAME",
		Short:             "Add a virtual cluster to your kubeconfig",
		Long:              connectLong,
		Args:              oneName,
		ValidArgsFunction: completeName(f),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Name = given[0]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.OutputName)
	cmd.Flags().StringVar(&o.Server, "server", "", "`URL` to reach the API server at, for example that of a port-forward")
	cmd.Flags().BoolVar(&o.NoUse, "no-use", false, "leave the current context as it is")
	return cmd
}

// Run connects.
func (o *ConnectOptions) Run(ctx context.Context) error {
	t, err := find(o.Factory, o.Name)
	if err != nil {
		return err
	}
	vc, err := t.get(ctx)
	if err != nil {
		return err
	}
	if err := connect(ctx, t, vc, connectParams{server: o.Server, use: !o.NoUse}); err != nil {
		return err
	}
	_, err = fmt.Fprintln(o.Out, kubeconfig.ContextName(t.namespace, t.name))
	return err
}

type connectParams struct {
	// server replaces the address that the controller wrote.
	server string
	// use makes the context the current one.
	use bool
}

// reachTimeout is short: an address that does not answer by then is reported,
// not waited for.
const reachTimeout = 3 * time.Second

// connect puts the cluster into the user's kubeconfig. An address that cannot
// be reached from here is told, not refused: it may be a matter of a tunnel.
func connect(ctx context.Context, t *target, vc *v1alpha1.VirtualCluster, p connectParams) error {
	data, err := t.readKubeconfig(ctx, vc)
	if err != nil {
		return err
	}
	name := kubeconfig.ContextName(t.namespace, t.name)
	if data, err = access.Rename(data, name, p.server); err != nil {
		return err
	}
	owner, err := t.owner()
	if err != nil {
		return err
	}
	result, err := kubeconfig.NewStore(t.PathOptions()).Merge(ctx, kubeconfig.Entry{Context: name, Owner: owner, Kubeconfig: data, Use: p.use})
	if errors.Is(err, kubeconfig.ErrForeign) {
		return cli.Fail("Rename or remove that context, or use another file with --kubeconfig", "%w", err)
	}
	if err != nil {
		return err
	}
	t.tellContext(name, result)
	return t.tellReach(ctx, data)
}

func (t *target) tellContext(name string, result kubeconfig.Result) {
	switch {
	case result.CurrentContext == name && result.Changed():
		t.Hintf("Current kubeconfig context is now %q. Back with: %s", name, t.command("disconnect"))
	case result.Changed():
		t.Hintf("Added kubeconfig context %q.", name)
	}
}

func (t *target) tellReach(ctx context.Context, data []byte) error {
	server, err := access.Server(data)
	if err != nil {
		return err
	}
	if err := access.Reach(ctx, data, reachTimeout); err != nil {
		t.Hintf("%s does not answer from here (%s). Reach it with:", server, cli.OneLine(err.Error()))
		t.Hintf("  kubectl --context %s port-forward -n %s service/%s-api 6443", hostContext(t.Factory), t.namespace, t.name)
		t.Hintf("  %s connect %s -n %s --server https://127.0.0.1:6443", t.Program, t.name, t.namespace)
	}
	return nil
}

// readKubeconfig explains a Secret that is not there yet.
func (t *target) readKubeconfig(ctx context.Context, vc *v1alpha1.VirtualCluster) ([]byte, error) {
	data, err := access.Read(ctx, t.client, vc)
	switch {
	case vc.Status.KubeconfigSecretRef == nil, apierrors.IsNotFound(err):
		return nil, cli.Fail("See why with: "+t.command("describe"),
			"virtual cluster %q in namespace %q has no kubeconfig yet", t.name, t.namespace)
	}
	return data, err
}

// owner tells this cluster from those of the same name on other hosts.
func (t *target) owner() (string, error) {
	config, err := t.RESTConfig()
	if err != nil {
		return "", err
	}
	return cli.Owner(config.Host, t.namespace, t.name), nil
}

// hostContext is the context in which the virtual cluster's object lives.
func hostContext(f *cli.Factory) string {
	if *f.Flags.Context != "" {
		return *f.Flags.Context
	}
	raw, err := f.Flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return ""
	}
	return raw.CurrentContext
}
