package verbs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/buildinfo"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor/hostcheck"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// DoctorOptions are the arguments of doctor.
type DoctorOptions struct {
	*cli.Factory
	// Name of the virtual cluster to look at; empty means the host.
	Name string
	// Runtime and Node restrict what is looked at of the host.
	Runtime, Node string
	ProbeFlags

	// observe looks at the host.
	observe func(context.Context, []profile.Profile) (*hostcheck.Observation, error)
}

const doctorLong = `Say whether this host can run virtual clusters: under which runtime, on which
of its nodes, and if not, what exactly to do. With the NAME of a virtual
cluster, say what is wrong with that one.

The first line is the answer, and what to do first stands below it. Then come
all checks: what was found, what is needed, how to fix it, and on which nodes.
With -o json or -o yaml the same is for programs.

It needs no controller on the host, changes nothing without --probe, and asks
with your own rights: what you may not see is said, with the right that is
missing.

A node's own word is not a proof: what it runs may differ from what it says. With
--probe a pod boots the node image on each node that offers a runtime, in your
namespace, and tries what nodes of virtual clusters need: some at a time, 32 at
most. All of them are gone when it ends, also when it is interrupted.

Exit codes of "doctor": 0 if virtual clusters can run, be it on one node only
and with warnings, or if that cannot be seen; 5 if no virtual cluster could come
up in this namespace; 3 if there is no such node.

Exit codes of "doctor NAME": 0 if the cluster is healthy or paused, 1 if
something is wrong with it, 3 if there is no such cluster, 5 if the controller is
not installed at all.`

const doctorExample = `  # can this host run virtual clusters?
  %[1]s doctor

  # under Sysbox, on one node
  %[1]s doctor --runtime sysbox --node worker-1

  # do not believe nodes, try it
  %[1]s doctor --probe

  # what is wrong with dev?
  %[1]s doctor dev

  # all that is not as it should be, for a script
  %[1]s doctor -o json | jq '.findings[] | select(.outcome != "ok")'`

// NewCmdDoctor is "doctor". Tests pass a runF of their own.
func NewCmdDoctor(f *cli.Factory, runF func(context.Context, *DoctorOptions) error) *cobra.Command {
	o := &DoctorOptions{Factory: f}
	o.observe = o.look
	cmd := &cobra.Command{
		Use:               "doctor [NAME]",
		Short:             "Say whether this host can run virtual clusters, or what is wrong with one",
		Long:              doctorLong,
		Example:           fmt.Sprintf(doctorExample, f.Program),
		Args:              args(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeName(f),
		RunE:              runs(o, o.complete, runF),
	}
	takesOutput(cmd, cli.OutputTable, cli.OutputJSON, cli.OutputYAML)
	flags := cmd.Flags()
	flags.StringVar(&o.Runtime, "runtime", "", "look at this runtime `profile` only, for example userns")
	flags.StringVar(&o.Node, "node", "", "look at this `node` of the host only")
	o.add(flags)
	offer(cmd, "runtime", allRuntimes()...)
	register(cmd, "node", completeHostNode(f))
	return cmd
}

func (o *DoctorOptions) complete(given []string) error {
	if len(given) == 1 {
		o.Name = given[0]
	}
	if o.Name != "" && (o.Runtime != "" || o.Node != "" || o.Probe) {
		return cli.Usagef("doctor: --runtime, --node and --probe are about the host, and %q is a virtual cluster", o.Name)
	}
	if o.Runtime != "" {
		_, err := findRuntime(o.Runtime)
		return err
	}
	return nil
}

// Run looks, and says what it found.
func (o *DoctorOptions) Run(ctx context.Context) error {
	if o.Name != "" {
		return o.cluster(ctx)
	}
	profiles := o.profiles()
	seen, err := o.observe(ctx, profiles)
	if missing, is := errors.AsType[*hostcheck.NodeNotFoundError](err); is {
		return cli.NotFound("See which there are with: "+o.Kubectl("get", "nodes"), "%w", missing)
	}
	if err != nil {
		return err
	}
	if o.Probe {
		if err := o.prove(ctx, seen, profiles); err != nil {
			return err
		}
	}
	report := hostcheck.Examine(seen, hostcheck.Params{
		Profiles: profiles, Named: o.Runtime != "", Program: buildinfo.Get().Version, Own: o.Command, Kubectl: o.Kubectl,
	})
	if err := doctor.Print(o.Out, report, o.Output); err != nil {
		return err
	}
	if report.Outcome == doctor.Problem {
		return cli.Refused("What to do is said above.", "no virtual cluster could come up in namespace %q of this host", seen.Namespace)
	}
	return nil
}

// profiles are those to look at.
func (o *DoctorOptions) profiles() []profile.Profile {
	return slices.DeleteFunc(catalog.Profiles(), func(p profile.Profile) bool {
		return o.Runtime != "" && string(p.Knowledge().Name) != o.Runtime
	})
}

// look asks the host.
func (o *DoctorOptions) look(ctx context.Context, profiles []profile.Profile) (*hostcheck.Observation, error) {
	config, c, err := o.quiet()
	if err != nil {
		return nil, err
	}
	observer, err := hostcheck.NewObserver(config, c)
	if err != nil {
		return nil, err
	}
	if observer.Namespace, err = o.Namespace(); err != nil {
		return nil, err
	}
	observer.Node, observer.Profiles = o.Node, profiles
	return observer.Observe(ctx)
}

// quiet connects to the host without its warnings: pods that are only asked
// about earn some that are nobody's business.
func (o *DoctorOptions) quiet() (*rest.Config, client.WithWatch, error) {
	silent := *o.Factory
	if !o.Verbose {
		silent.ErrOut = io.Discard
	}
	config, err := silent.RESTConfig()
	if err != nil {
		return nil, nil, err
	}
	c, err := silent.NewClient()
	return config, c, err
}
