package verbs

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
)

// CreateOptions are the flags of create.
type CreateOptions struct {
	*cli.Factory
	Name      string
	File      string
	Spec      spec.Flags
	Servers   int32
	Wait      bool
	Timeout   time.Duration
	NoConnect bool
	DryRun    string
	Host      string

	// mayPause is set where the cluster is wanted paused.
	mayPause bool
}

const createLong = `Create a virtual cluster and wait until a pod can start in it.

The cluster comes from flags, from a file, or from both: flags win over the
file. What is left open is chosen by the controller and shown by "describe".
Once it is ready, a kubeconfig context vclusterctl-<namespace>-<name> is added
and made the current one.

A cluster of that name may exist already. If it is what was asked for, create
waits for it and changes nothing. If it differs, create refuses and says in
what; with -f it is changed to what the file says, as "kubectl apply
--server-side -f" does.

Without any cluster in the kubeconfig, on Linux as root, create offers to start
an embedded host on this machine; --host embedded does so without asking.`

const createExample = `  # the defaults, and wait
  %[1]s create dev

  # with two workers, and the API on a NodePort
  %[1]s create dev --pool workers=2 --expose NodePort

  # deleted two hours after its creation
  %[1]s create dev --ttl 2h

  # from a file; - is standard input
  %[1]s create -f cluster.yaml

  # a copy in another namespace
  %[1]s get dev -o yaml | grep -v '^  namespace:' | %[1]s create -n elsewhere -f -

  # any field of the spec; a backslash keeps a dot in a name
  %[1]s create dev --set servers.storage.size=20Gi --set 'servers.nodeSelector.kubernetes\.io/arch=amd64'

  # see what would be applied
  %[1]s create dev --dry-run=client -o yaml`

// NewCmdCreate is "create". Tests pass a runF of their own.
func NewCmdCreate(f *cli.Factory, runF func(context.Context, *CreateOptions) error) *cobra.Command {
	o := &CreateOptions{Factory: f}
	cmd := &cobra.Command{
		Use:     "create (NAME | -f FILE)",
		Short:   "Create a virtual cluster and wait until it is usable",
		Long:    createLong,
		Example: fmt.Sprintf(createExample, f.Program),
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			if err := o.complete(cmd, given); err != nil {
				return usage(cmd, err)
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return o.Run(cmd.Context())
		},
	}
	takesOutput(cmd, cli.ObjectOutputs...)
	o.addFlags(cmd)
	return cmd
}

func (o *CreateOptions) addFlags(cmd *cobra.Command) {
	o.addSpec(cmd)
	flags := cmd.Flags()
	flags.DurationVar(&o.Spec.TTL, "ttl", 0, "how long after its creation to delete the cluster, for example 2h")
	flags.BoolVar(&o.Wait, "wait", true, "wait until the cluster is ready")
	flags.BoolVar(&o.NoConnect, "no-connect", false, "leave the kubeconfig alone")
	addDryRun(flags, &o.DryRun)
	offer(cmd, "dry-run", dryRuns...)
}

// addSpec adds the flags that say which cluster is wanted, and where.
func (o *CreateOptions) addSpec(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&o.File, "filename", "f", "", "`file` with one VirtualCluster, - for standard input")
	flags.StringVar(&o.Spec.Distro, "distro", "", "Kubernetes distribution inside: k3s or k8s")
	flags.StringVar(&o.Spec.Version, "k8s-version", "", "Kubernetes `version` inside, for example v1.36.3")
	flags.StringSliceVar(&o.Spec.Runtimes, "runtime", nil, "runtime `[GROUP=]PROFILE[:CLASS]` of all node pods, or those of the group server or a pool, for example userns, or server=kata,work=userns")
	flags.StringVar(&o.Spec.Image, "image", "", "node `image`, where the administrator allows it")
	flags.Int32Var(&o.Servers, "servers", 0, "`number` of control-plane nodes; only 1 for now")
	flags.StringArrayVar(&o.Spec.Pools, "pool", nil, "pool of workers as `NAME=N`; may be repeated")
	flags.StringVar(&o.Spec.Expose, "expose", "", "Service `type` of the API: ClusterIP, NodePort or LoadBalancer")
	flags.StringVar(&o.Spec.PodCIDR, "pod-cidr", "", "address `range` of pods inside")
	flags.StringVar(&o.Spec.ServiceCIDR, "service-cidr", "", "address `range` of Services inside")
	flags.StringArrayVar(&o.Spec.Set, "set", nil, "any field of the spec as `PATH=VALUE`; may be repeated")
	flags.DurationVar(&o.Timeout, "timeout", 10*time.Minute, "how long to wait until the cluster is ready, 0 for ever")
	flags.StringVar(&o.Host, "host", "", "where to create it: \"embedded\" starts a host cluster on this machine")
	offer(cmd, "distro", wordsOf(v1alpha1.Distros())...)
	offer(cmd, "runtime", wordsOf(v1alpha1.RuntimeProfiles())...)
	offer(cmd, "expose", wordsOf(v1alpha1.ExposeTypes())...)
	offer(cmd, "host", hostEmbedded)
}

func wordsOf[T ~string](values []T) []string {
	words := make([]string, 0, len(values))
	for _, v := range values {
		words = append(words, string(v))
	}
	return words
}

func (o *CreateOptions) complete(cmd *cobra.Command, given []string) error {
	if len(given) == 1 {
		o.Name = given[0]
	}
	if o.Name == "" && o.File == "" {
		return cli.Usagef("create: want the NAME of the virtual cluster, or -f FILE")
	}
	if err := o.completeSpec(cmd); err != nil {
		return err
	}
	return checkDryRun(o.DryRun)
}

// completeSpec is about the flags of addSpec.
func (o *CreateOptions) completeSpec(cmd *cobra.Command) error {
	if cmd.Flags().Changed("servers") {
		o.Spec.Servers = &o.Servers
	}
	if o.Host != "" && o.Host != hostEmbedded {
		return cli.Usagef("--host %q: want %q", o.Host, hostEmbedded)
	}
	return nil
}

// Run creates the cluster.
func (o *CreateOptions) Run(ctx context.Context) error {
	wanted, err := o.wanted()
	if err != nil {
		return err
	}
	if o.DryRun == dryRunClient {
		o.keepTyped(wanted)
		return printCluster(o.Factory, wanted, created, o.DryRun)
	}
	if err := o.ensureHost(ctx); err != nil {
		return err
	}
	t, err := find(o.Factory, wanted.GetName())
	if err != nil {
		return err
	}
	t.settle(wanted)
	o.mayPause = wantsPause(wanted)
	done, err := o.apply(ctx, t, wanted)
	if err != nil {
		return err
	}
	if o.DryRun == dryRunServer {
		return printCluster(o.Factory, wanted, done, o.DryRun)
	}
	return o.finish(ctx, t, done)
}

// finish waits, connects and prints the result.
func (o *CreateOptions) finish(ctx context.Context, t *target, done outcome) error {
	o.Hintf("Virtual cluster %q in namespace %q %s.", t.name, t.namespace, done)
	if !o.Wait {
		o.Hintf("Follow it with: %s", t.command("describe"))
		return o.printResult(ctx, t, done)
	}
	vc, err := o.await(ctx, t)
	if err != nil {
		t.showLastWords(ctx, err)
		return err
	}
	if isPaused(vc) {
		o.Hintf("It is paused, as was asked for. Start its nodes with: %s", t.command("resume"))
		return o.printResult(ctx, t, done)
	}
	if err := o.printResult(ctx, t, done); err != nil || o.NoConnect {
		return err
	}
	_, err = connect(ctx, t, vc, connectParams{use: true}) // which holds nothing, and says last what it takes
	return err
}

// wanted is the object to apply: the file with the flags over it.
func (o *CreateOptions) wanted() (*unstructured.Unstructured, error) {
	u := spec.New()
	if o.File != "" {
		var err error
		if u, err = o.readFile(); err != nil {
			return nil, &cli.Error{Code: cli.ExitUsage, Err: fmt.Errorf("-f %s: %w", o.File, err)}
		}
	}
	if err := o.name(u); err != nil {
		return nil, err
	}
	if err := o.Spec.Apply(u); err != nil {
		return nil, &cli.Error{Code: cli.ExitUsage, Err: err, Remedy: "See: " + o.Kubectl("explain", "virtualcluster.spec")}
	}
	return u, nil
}

func (o *CreateOptions) readFile() (*unstructured.Unstructured, error) {
	if o.File == "-" {
		return spec.Read(o.In)
	}
	file, err := os.Open(o.File)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	return spec.Read(io.Reader(file))
}

func (o *CreateOptions) name(u *unstructured.Unstructured) error {
	switch {
	case o.Name == "" && u.GetName() == "":
		return cli.Usagef("-f %s: metadata.name is missing, and no NAME was given", o.File)
	case o.Name != "" && u.GetName() != "" && o.Name != u.GetName():
		return cli.Usagef("NAME is %q, but metadata.name in %s is %q", o.Name, o.File, u.GetName())
	case o.Name != "":
		if err := spec.CheckName(o.Name); err != nil {
			return &cli.Error{Code: cli.ExitUsage, Err: err}
		}
		u.SetName(o.Name)
	}
	return o.checkNamespace(u)
}

// checkNamespace refuses what is to be in two namespaces, as kubectl does.
func (o *CreateOptions) checkNamespace(u *unstructured.Unstructured) error {
	typed, said := o.TypedNamespace(), u.GetNamespace()
	if typed == "" || said == "" || typed == said {
		return nil
	}
	return &cli.Error{
		Code: cli.ExitUsage, Err: fmt.Errorf("-n is %q, but metadata.namespace in %s is %q", typed, o.File, said),
		Remedy: "Leave out -n, or take metadata.namespace out of the file",
	}
}

// settle puts the cluster where the file says, if it does.
func (t *target) settle(wanted *unstructured.Unstructured) {
	if said := wanted.GetNamespace(); said != "" && t.TypedNamespace() == "" {
		t.namespace = said
	}
	wanted.SetNamespace(t.namespace)
}

// keepTyped puts the cluster where -n says. Nobody is asked what a context means.
func (o *CreateOptions) keepTyped(wanted *unstructured.Unstructured) {
	if typed := o.TypedNamespace(); typed != "" {
		wanted.SetNamespace(typed)
	}
}

func (o *CreateOptions) printResult(ctx context.Context, t *target, done outcome) error {
	if o.Output == "" {
		return printOutcome(o.Factory, t.name, done, o.DryRun)
	}
	u, err := t.whole(ctx)
	if err != nil {
		return err
	}
	return cli.PrintObject(o.Out, u, o.Output)
}
