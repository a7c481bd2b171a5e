package harness

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/images"
)

// Distro is all that the tests know of a distro: the rest is the same for all.
type Distro struct {
	Name v1alpha1.Distro
	// StateDir is where a node has its state volume.
	StateDir string
	// SteadyUnits are the units that start once, however slow the machine is.
	// The others wait for the API server, and some of them by starting again.
	SteadyUnits []string
	// Controllers of cgroup v2 that the distro refuses to start without.
	Controllers []string
	// Refusal are its own words then, with the controller in a group.
	Refusal *regexp.Regexp
}

// Distros are those that every feature is tested on.
func Distros() []Distro {
	ours := []string{"vcluster-prepare", "vcluster-guest", "etcd"}
	return []Distro{
		{
			Name: v1alpha1.DistroK8s, StateDir: "/var/lib/vcluster",
			SteadyUnits: append([]string{"vcluster-images", "containerd"}, ours...),
		},
		{
			Name: v1alpha1.DistroK3s, StateDir: "/var/lib/rancher/k3s",
			SteadyUnits: append([]string{"k3s"}, ours...),
			Controllers: []string{"cpu", "cpuset", "memory", "pids"},
			Refusal:     regexp.MustCompile(`failed to find (\w+) cgroup|(\w+) cgroup controller not found`),
		},
	}
}

// Carried are the distros that a node image carries, as its label says.
func Carried(nodeImage string) ([]string, error) {
	image, err := tarball.ImageFromPath(nodeImage, nil)
	if err != nil {
		return nil, fmt.Errorf("read the node image %q: %w", nodeImage, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read the node image %q: %w", nodeImage, err)
	}
	return strings.Split(config.Config.Labels[images.DistrosLabel], ","), nil
}

// Missing are the controllers that a distro insists on and the host's node does
// not have.
func (h *Host) Missing(d Distro) []string {
	if h.Status.Report == nil {
		return nil
	}
	has := h.Status.Report.Facts.CgroupControllers
	return slices.DeleteFunc(slices.Clone(d.Controllers), func(c string) bool { return slices.Contains(has, c) })
}

// AwaitOrRefusal waits until a cluster is ready. Where the host lacks what the
// distro insists on, its own refusal ends the wait, too: refused are the words
// in which the cluster's condition tells of it.
func (h *Host) AwaitOrRefusal(ctx context.Context, d Distro, vc *v1alpha1.VirtualCluster) (refused string, err error) {
	missing := h.Missing(d)
	_, err = Await(ctx, h.Cluster, vc, func(vc *v1alpha1.VirtualCluster) (bool, string) {
		refused = refusal(vc, d, missing)
		return refused != "" || meta.IsStatusConditionTrue(vc.Status.Conditions, v1alpha1.ConditionReady), Conditions(vc)
	})
	return refused, err
}

// refusal finds a distro's own words about a missing controller in the
// condition that tells of the control plane.
func refusal(vc *v1alpha1.VirtualCluster, d Distro, missing []string) string {
	c := meta.FindStatusCondition(vc.Status.Conditions, v1alpha1.ConditionControlPlaneReady)
	if d.Refusal == nil || c == nil || c.Status != metav1.ConditionFalse {
		return ""
	}
	m := d.Refusal.FindStringSubmatch(c.Message)
	if m == nil || !slices.Contains(missing, m[1]+m[2]) {
		return ""
	}
	return c.Message
}
