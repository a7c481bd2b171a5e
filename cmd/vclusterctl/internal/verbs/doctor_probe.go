package verbs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	utilrand "k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor/hostcheck"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor/probing"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// ProbeFlags say whether to try what nodes say.
type ProbeFlags struct {
	Probe   bool
	Image   string
	Timeout time.Duration
}

func (p *ProbeFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&p.Probe, "probe", false, "try it: boot a probe pod on each node that offers a runtime, and take it away again")
	flags.StringVar(&p.Image, "image", "", "node `image` to probe with; left out, that of new clusters")
	flags.DurationVar(&p.Timeout, "timeout", 5*time.Minute, "how long to wait for probes, 0 for ever")
}

// prove adds to what was seen what probe pods find out.
func (o *DoctorOptions) prove(ctx context.Context, seen *hostcheck.Observation, profiles []profile.Profile) error {
	candidates := hostcheck.Candidates(seen, profiles)
	if len(candidates) == 0 {
		o.Hintf("There is nothing to probe: no node says that it offers a runtime whose RuntimeClass is there.")
		return nil
	}
	_, c, err := o.quiet()
	if err != nil {
		return err
	}
	image, err := o.nodeImage(ctx, c, seen)
	if err != nil {
		return err
	}
	if n := len(candidates) - probing.Most; n > 0 {
		o.Hintf("%d of %d probes are left out, to crowd nobody: say which node with --node.", n, len(candidates))
	}
	ctx, cancel := withTimeout(ctx, o.Timeout)
	defer cancel()
	start := o.Now()
	prober := &probing.Prober{
		Client: c, Namespace: seen.Namespace, Image: image, Now: time.Now,
		Name: func() string { return "vclusterctl-doctor-" + utilrand.String(8) },
		Tell: func(s hostcheck.Spot, what string) {
			o.Hintf("%6.1fs  %s on node %s: %s", o.Now().Sub(start).Seconds(), s.Runtime, s.Node, what)
		},
	}
	found, err := prober.Run(ctx, candidates)
	if err != nil {
		return cli.Interrupted("No probe pod is left, unless it says so above.")
	}
	maps.Copy(seen.Proofs.Value, found)
	return nil
}

// nodeImage is the one that new clusters get, unless another was asked for.
func (o *DoctorOptions) nodeImage(ctx context.Context, c client.Reader, seen *hostcheck.Observation) (string, error) {
	if o.Image != "" {
		return o.Image, nil
	}
	if len(seen.Controllers.Value) == 0 {
		return "", cli.Fail("Say which with --image, or install the controller first with: "+o.Command("install"), "no node image to probe with is known: there is no controller to be seen")
	}
	key := client.ObjectKey{Namespace: seen.Controllers.Value[0].Namespace, Name: catalogue.ConfigMapName}
	image, err := imageOfNewClusters(ctx, c, key)
	if err != nil {
		return "", cli.Fail("Say which with --image", "find the node image to probe with: %w", err)
	}
	return image, nil
}

func imageOfNewClusters(ctx context.Context, c client.Reader, key client.ObjectKey) (string, error) {
	var cm corev1.ConfigMap
	if err := c.Get(ctx, key, &cm); err != nil {
		return "", err
	}
	all, err := catalogue.Parse([]byte(cm.Data[catalogue.Key]))
	if err != nil {
		return "", fmt.Errorf("ConfigMap %s: %w", key, err)
	}
	i := slices.IndexFunc(all.Entries, func(e catalogue.Entry) bool { return e.Version == all.Default })
	if i < 0 {
		return "", fmt.Errorf("ConfigMap %s: no entry for the default version %q", key, all.Default)
	}
	return all.Entries[i].Image, nil
}
