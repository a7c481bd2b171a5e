// Package catalogue knows which versions of Kubernetes can be had, and in which
// node image each of them is.
package catalogue

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

const (
	// ConfigMapName is the name of the ConfigMap, in the controller's
	// namespace, that replaces the built-in catalogue.
	ConfigMapName = "vclusterctl-catalogue"
	// Key is the key of the catalogue in it.
	Key = "catalogue.yaml"
)

// Catalogue lists what can be had.
type Catalogue struct {
	// Default is the version of clusters that ask for none.
	Default string `json:"default"`
	// Entries by version.
	Entries []Entry `json:"entries"`
}

// Entry is one version.
type Entry struct {
	// Version of Kubernetes, for example v1.36.3.
	Version string `json:"version"`
	// Image is the reference of the node image.
	Image string `json:"image"`
	// Distros that the image carries.
	Distros []v1alpha1.Distro `json:"distros"`
	// DistroVersions are the versions of those distros that have a version of
	// their own, for example v1.36.3+k3s1.
	DistroVersions map[v1alpha1.Distro]string `json:"distroVersions,omitempty"`
}

// Single is the catalogue of one node image.
func Single(kubernetes, image string, distros ...v1alpha1.Distro) Catalogue {
	return Catalogue{
		Default: kubernetes,
		Entries: []Entry{{Version: kubernetes, Image: image, Distros: distros}},
	}
}

// ParseDistros reads what an image carries from items such as k8s and
// k3s=v1.36.3+k3s1: distros, and the versions of those that have one of their
// own.
func ParseDistros(items []string) ([]v1alpha1.Distro, map[v1alpha1.Distro]string, error) {
	var distros []v1alpha1.Distro
	versions := map[v1alpha1.Distro]string{}
	for _, item := range items {
		name, own, found := strings.Cut(item, "=")
		d := v1alpha1.Distro(name)
		if !slices.Contains(v1alpha1.Distros(), d) || found && own == "" {
			return nil, nil, fmt.Errorf("distro %q: want items like k8s or k3s=v1.36.3+k3s1", item)
		}
		distros = append(distros, d)
		if own != upstream(own) {
			versions[d] = own
		}
	}
	return distros, versions, nil
}

// Parse reads a catalogue from YAML. It accepts only one that can be used as it
// stands.
func Parse(data []byte) (Catalogue, error) {
	var c Catalogue
	if err := yaml.UnmarshalStrict(data, &c); err != nil {
		return Catalogue{}, fmt.Errorf("catalogue: %w", err)
	}
	if err := c.Validate(); err != nil {
		return Catalogue{}, fmt.Errorf("catalogue: %w", err)
	}
	return c, nil
}

// Validate says what is wrong with a catalogue.
func (c Catalogue) Validate() error {
	var errs []error
	for i, e := range c.Entries {
		if err := e.validate(); err != nil {
			errs = append(errs, fmt.Errorf("entries[%d]: %w", i, err))
		}
	}
	if _, ok := c.Lookup(c.Default); !ok {
		errs = append(errs, fmt.Errorf("default %q is the version of no entry", c.Default))
	}
	return errors.Join(errs...)
}

func (e Entry) validate() error {
	if _, err := version.ParseSemantic(e.Version); err != nil {
		return fmt.Errorf("version %q: want one like v1.36.3", e.Version)
	}
	if e.Image == "" {
		return fmt.Errorf("version %q: the image is missing", e.Version)
	}
	if len(e.Distros) == 0 {
		return fmt.Errorf("version %q: distros is empty", e.Version)
	}
	for distro, own := range e.DistroVersions {
		if !e.Carries(distro) {
			return fmt.Errorf("version %q: distroVersions names %q, which is not in distros", e.Version, distro)
		}
		if upstream(own) != e.Version {
			return fmt.Errorf("version %q: distroVersions has %q for %q: want one like %[1]s+k3s1", e.Version, own, distro)
		}
	}
	return nil
}

// VersionOf is the version of a distro in the entry's image.
func (e Entry) VersionOf(d v1alpha1.Distro) string {
	if own := e.DistroVersions[d]; own != "" {
		return own
	}
	return e.Version
}

// Offers lists the distros of the entry that are of a version: all of them for
// a version of Kubernetes, one for that distro's own.
func (e Entry) Offers(asked string) []v1alpha1.Distro {
	var out []v1alpha1.Distro
	for _, d := range e.Distros {
		if Satisfies(asked, e.VersionOf(d)) {
			out = append(out, d)
		}
	}
	return out
}

// upstream is the version of Kubernetes in that of a distro.
func upstream(version string) string {
	plain, _, _ := strings.Cut(version, "+")
	return plain
}

// Lookup finds the newest entry that a version asks for: v1.36.3 exactly, or
// any patch release of 1.36. The leading v may be left out; an empty version
// asks for the default.
func (c Catalogue) Lookup(asked string) (Entry, bool) {
	if asked == "" {
		asked = c.Default
	}
	var found Entry
	for _, e := range c.Entries {
		if len(e.Offers(asked)) > 0 && newer(e.Version, found.Version) {
			found = e
		}
	}
	return found, found.Version != ""
}

// Versions lists all versions, oldest first.
func (c Catalogue) Versions() []string {
	out := make([]string, 0, len(c.Entries))
	for _, e := range c.Entries {
		out = append(out, e.Version)
	}
	slices.SortFunc(out, func(a, b string) int {
		if newer(a, b) {
			return 1
		}
		return -1
	})
	return slices.Compact(out)
}

// Carries says whether the entry's image carries a distro.
func (e Entry) Carries(d v1alpha1.Distro) bool {
	return slices.Contains(e.Distros, d)
}

// Satisfies says whether a version is one that asked asks for.
func Satisfies(asked, version string) bool {
	return asked == "" || matches(asked, version)
}

func matches(asked, version string) bool {
	asked, version = strings.TrimPrefix(asked, "v"), strings.TrimPrefix(version, "v")
	if asked == "" {
		return false
	}
	return asked == version || asked == upstream(version) || strings.Count(asked, ".") == 1 && strings.HasPrefix(version, asked+".")
}

func newer(a, b string) bool {
	if b == "" {
		return true
	}
	va, errA := version.ParseSemantic(a)
	vb, errB := version.ParseSemantic(b)
	return errA == nil && (errB != nil || vb.LessThan(va))
}
