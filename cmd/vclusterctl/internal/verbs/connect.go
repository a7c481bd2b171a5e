package verbs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// ConnectOptions are the flags of connect.
type ConnectOptions struct {
	*cli.Factory
	Name   string
	Server string
	NoUse  bool
	Hold   bool
}

const connectLong = `Add a virtual cluster to your kubeconfig and make it the current context.

Where the cluster's API cannot be reached from here, the context leads through
the API server of the host. That takes somebody who holds the way open: this
command does with --hold, until it is interrupted, over restarts of the cluster
and lost connections. The context stays and works again the next time.

"disconnect" takes it out and restores the context that was current before.`

const connectExample = `  # add it, and be told whether it takes more
  %[1]s connect dev

  # hold a way through the host open
  %[1]s connect dev --hold`

// NewCmdConnect is "connect". Tests pass a runF of their own.
func NewCmdConnect(f *cli.Factory, runF func(context.Context, *ConnectOptions) error) *cobra.Command {
	o := &ConnectOptions{Factory: f}
	cmd := &cobra.Command{
		Use:               "connect NAME",
		Short:             "Add a virtual cluster to your kubeconfig",
		Long:              connectLong,
		Example:           fmt.Sprintf(connectExample, f.Program),
		Args:              oneName,
		ValidArgsFunction: completeName(f),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Name = given[0]
			if o.Hold && o.Server != "" {
				return usage(cmd, cli.Usagef("connect: --hold and --server exclude each other: an address of your own is yours to hold"))
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.OutputName)
	cmd.Flags().StringVar(&o.Server, "server", "", "`URL` to reach the API server at, for example that of a port-forward")
	cmd.Flags().BoolVar(&o.NoUse, "no-use", false, "leave the current context as it is")
	cmd.Flags().BoolVar(&o.Hold, "hold", false, "where it takes a way through the host, hold that open until interrupted")
	return cmd
}

// Run connects.
func (o *ConnectOptions) Run(ctx context.Context) error {
	ctx, _, stop := catchSignals(ctx)
	defer stop()
	t, vc, err := findCluster(ctx, o.Factory, o.Name)
	if err != nil {
		return err
	}
	route, err := connect(ctx, t, vc, connectParams{server: o.Server, use: !o.NoUse, hold: o.Hold})
	if err != nil {
		return err
	}
	defer route.Close()
	if _, err := fmt.Fprintln(o.Out, kubeconfig.ContextName(t.namespace, t.name)); err != nil || route == nil {
		return err
	}
	return o.hold(ctx, t)
}

// hold blocks until it is interrupted, which is how it ends well, or there is
// nothing left to lead to.
func (o *ConnectOptions) hold(ctx context.Context, t *target) error {
	o.Hintf("Holding the way through the host open. End it with Ctrl-C; the context works again with the same command.")
	err := wait.Until(ctx, t.client, t.empty(), &v1alpha1.VirtualClusterList{}, func(_ *v1alpha1.VirtualCluster, exists bool) (bool, error) {
		return !exists, nil
	})
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was interrupted
	}
	if err == nil {
		o.Hintf("Virtual cluster %q in namespace %q was deleted. Remove its context with: %s", t.name, t.namespace, t.command("disconnect"))
	}
	return err
}

type connectParams struct {
	// server replaces the address that the controller wrote.
	server string
	// use makes the context the current one.
	use bool
	// hold opens a way through the host, where it takes one.
	hold bool
}

// connect puts the cluster into the user's kubeconfig, and says whether it takes
// more to use it. The route is open where it was asked for and is needed, and
// otherwise nil.
func connect(ctx context.Context, t *target, vc *v1alpha1.VirtualCluster, p connectParams) (*access.Route, error) {
	data, err := t.readKubeconfig(ctx, vc)
	if err != nil {
		return nil, err
	}
	if data, err = access.Rename(data, kubeconfig.ContextName(t.namespace, t.name), p.server); err != nil {
		return nil, err
	}
	server, err := access.Server(data)
	if err != nil {
		return nil, err
	}
	unreachable := access.Reach(ctx, data, reachTimeout)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case unreachable == nil:
		return nil, t.connectAt(ctx, data, p)
	case p.server != "":
		err := t.connectAt(ctx, data, p)
		t.Hintf("%s does not answer from here (%s).", server, cli.OneLine(unreachable.Error()))
		return nil, err
	case p.hold && serves(vc):
		return t.connectHolding(ctx, vc, p)
	case p.hold:
		if vc, err = t.awaitServing(ctx); err != nil {
			return nil, err
		}
		return connect(ctx, t, vc, p) // it may be reachable now
	case !serves(vc):
		return nil, t.connectLater(ctx, data, p)
	}
	return nil, t.connectThrough(ctx, data, server, p)
}

// serves says whether the API of a cluster serves, whoever it answers to.
func serves(vc *v1alpha1.VirtualCluster) bool {
	return !vc.Spec.Lifecycle.IsPaused() && meta.IsStatusConditionTrue(vc.Status.Conditions, v1alpha1.ConditionControlPlaneReady)
}

// reachTimeout is short: an address that does not answer by then is reported,
// not waited for.
const reachTimeout = 3 * time.Second

// connectAt puts a kubeconfig into the user's.
func (t *target) connectAt(ctx context.Context, data []byte, p connectParams) error {
	owner, err := t.owner()
	if err != nil {
		return err
	}
	name := kubeconfig.ContextName(t.namespace, t.name)
	result, err := kubeconfig.NewStore(t.PathOptions()).Merge(ctx, kubeconfig.Entry{Context: name, Owner: owner, Kubeconfig: data, Use: p.use})
	if errors.Is(err, kubeconfig.ErrForeign) {
		return cli.Fail("Rename or remove that context, or use another file with --kubeconfig", "%w", err)
	}
	if err != nil {
		return err
	}
	t.tellContext(name, result)
	return nil
}

func (t *target) tellContext(name string, result kubeconfig.Result) {
	switch {
	case result.CurrentContext == name && result.Changed():
		t.Hintf("Current kubeconfig context is now %q. Back with: %s", name, t.command("disconnect"))
	case result.Changed():
		t.Hintf("Added kubeconfig context %q.", name)
	}
}

// readKubeconfig explains a Secret that is not there yet.
func (t *target) readKubeconfig(ctx context.Context, vc *v1alpha1.VirtualCluster) ([]byte, error) {
	data, err := access.Read(ctx, t.client, vc)
	if err != nil && noKubeconfig(vc, err) {
		return nil, t.noKubeconfig()
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
