package verbs

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	utilwait "k8s.io/apimachinery/pkg/util/wait"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// KubeconfigOptions are the flags of kubeconfig.
type KubeconfigOptions struct {
	*cli.Factory
	Name   string
	Server string
	Raw    bool
	User   access.User
}

// userTimeout bounds the wait for the inner cluster to sign a certificate.
const userTimeout = 30 * time.Second

const kubeconfigLong = `Print a kubeconfig for a virtual cluster, as its administrator or, with --user,
as somebody else, whose rights are those that RBAC inside gives to the user and
the groups. The cluster signs the certificate for the time of --ttl.

The cluster, user and context inside are called like the context that
"connect" makes. --server puts another address into it, for example that of a
port-forward; any address verifies. --raw prints what the controller wrote,
unchanged.`

const kubeconfigExample = `  # into a file that only you can read
  (umask 077; %[1]s kubeconfig dev >dev.kubeconfig)

  # for somebody else, for a working day
  %[1]s kubeconfig dev --user ann --group team --ttl 8h`

// NewCmdKubeconfig is "kubeconfig". Tests pass a runF of their own.
func NewCmdKubeconfig(f *cli.Factory, runF func(context.Context, *KubeconfigOptions) error) *cobra.Command {
	o := &KubeconfigOptions{Factory: f}
	cmd := &cobra.Command{
		Use:               "kubeconfig NAME",
		Short:             "Print a kubeconfig for a virtual cluster",
		Long:              kubeconfigLong,
		Example:           fmt.Sprintf(kubeconfigExample, f.Program),
		Args:              oneName,
		ValidArgsFunction: completeName(f),
		RunE: func(cmd *cobra.Command, given []string) error {
			o.Name = given[0]
			if err := o.check(cmd); err != nil {
				return usage(cmd, err)
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.OutputYAML)
	cmd.Flags().StringVar(&o.Server, "server", "", "`URL` to put in as the API server's")
	cmd.Flags().StringVar(&o.User.Name, "user", "", "`name` of the user to print it for")
	cmd.Flags().StringSliceVar(&o.User.Groups, "group", nil, "`groups` of that user; may be repeated")
	cmd.Flags().DurationVar(&o.User.TTL, "ttl", 24*time.Hour, "how long that user's certificate is good for")
	cmd.Flags().BoolVar(&o.Raw, "raw", false, "print what the controller wrote, unchanged")
	return cmd
}

func (o *KubeconfigOptions) check(cmd *cobra.Command) error {
	forUser := cmd.Flags().Changed("group") || cmd.Flags().Changed("ttl")
	switch {
	case o.Raw && (o.Server != "" || o.User.Name != "" || forUser):
		return cli.Usagef("kubeconfig: --raw changes nothing, no other flag goes with it")
	case o.User.Name == "" && forUser:
		return cli.Usagef("kubeconfig: --group and --ttl are about a user: name one with --user")
	case o.User.TTL < access.MinTTL:
		return cli.Usagef("--ttl %s: certificates live for %s at least", o.User.TTL, access.MinTTL)
	case o.User.TTL > access.MaxTTL:
		return cli.Usagef("--ttl %s: no certificate can be asked for that lives longer than %s", o.User.TTL, access.MaxTTL)
	}
	return nil
}

// Run prints the kubeconfig.
func (o *KubeconfigOptions) Run(ctx context.Context) error {
	t, vc, err := findCluster(ctx, o.Factory, o.Name)
	if err != nil {
		return err
	}
	data, err := t.readKubeconfig(ctx, vc)
	if err != nil {
		return err
	}
	if !o.Raw {
		data, err = access.Rename(data, kubeconfig.ContextName(t.namespace, t.name), o.Server)
	}
	if err != nil {
		return err
	}
	if o.User.Name != "" {
		if data, err = o.forUser(ctx, t, vc, data); err != nil {
			return err
		}
	}
	_, err = o.Out.Write(data)
	return err
}

// forUser has the cluster sign for the user, over whichever way leads there; the
// kubeconfig names the address that the administrator's does.
func (o *KubeconfigOptions) forUser(ctx context.Context, t *target, vc *v1alpha1.VirtualCluster, admin []byte) ([]byte, error) {
	server, err := access.Server(admin)
	if err != nil {
		return nil, err
	}
	route, err := t.open(ctx, vc)
	if err != nil {
		return nil, err
	}
	defer route.Close()
	bounded, cancel := context.WithTimeout(ctx, userTimeout)
	defer cancel()
	data, early, err := access.ForUser(bounded, route.Kubeconfig, o.User)
	if err != nil {
		return nil, t.explainSigning(ctx, err)
	}
	if early != nil {
		o.Hintf("The cluster signs for a shorter time: the certificate of user %q ends at %s.", o.User.Name, early.UTC().Format(time.RFC3339))
	}
	return access.Rename(data, kubeconfig.ContextName(t.namespace, t.name), server)
}

// explainSigning tells that time was up from an interruption: who waits for the
// certificate tells neither.
func (t *target) explainSigning(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case utilwait.Interrupted(err):
		return cli.TimedOut("Does it sign certificates? See how it is with: "+t.command("describe"), "%w", err)
	}
	return err
}
