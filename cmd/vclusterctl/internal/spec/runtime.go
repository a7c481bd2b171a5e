package spec

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// serversAlias is what servers may be called beside v1alpha1.ServersPool, unless
// a pool has that name.
const serversAlias = "servers"

// runtimeOf is one part of --runtime: [GROUP=]PROFILE[:CLASS].
type runtimeOf struct {
	said, group, profile, class string
}

func parseRuntime(said string) (runtimeOf, error) {
	r := runtimeOf{said: said, profile: said}
	if group, rest, ok := strings.Cut(said, "="); ok {
		r.group, r.profile = group, rest
	}
	profile, class, named := strings.Cut(r.profile, ":")
	r.profile, r.class = profile, class
	switch known := v1alpha1.RuntimeProfiles(); {
	case r.profile == "" || said != r.profile && strings.HasPrefix(said, "="):
		return r, fmt.Errorf("--runtime %q: want PROFILE, or GROUP=PROFILE for the servers or a pool, for example server=userns", said)
	case !slices.Contains(known, v1alpha1.RuntimeProfile(r.profile)):
		return r, fmt.Errorf("--runtime %q: want one of %v", said, known)
	case named && len(validation.IsDNS1123Subdomain(class)) > 0:
		return r, fmt.Errorf("--runtime %q: want the name of a RuntimeClass after the ':', for example kata:kata-clh", said)
	case named && r.profile == string(v1alpha1.RuntimeAuto):
		return r, fmt.Errorf("--runtime %q: what pods of a RuntimeClass look like depends on the profile; name it instead of auto", said)
	}
	return r, nil
}

func (f Flags) checkRuntimes() error {
	for _, said := range f.Runtimes {
		if _, err := parseRuntime(said); err != nil {
			return err
		}
	}
	return nil
}

// setRuntime gives the cluster, its servers or a pool a runtime, in place of all
// that the object says of it.
func setRuntime(u *unstructured.Unstructured, said string) error {
	r, err := parseRuntime(said)
	if err != nil {
		return err
	}
	value := map[string]any{"profile": r.profile}
	if r.class != "" {
		value["className"] = r.class
	}
	root := child(u.Object, "spec")
	if r.group == "" {
		root["runtime"] = value
		return nil
	}
	pools, _, err := unstructured.NestedSlice(u.Object, "spec", "pools")
	if err != nil {
		return fmt.Errorf("--runtime %q: %w", said, err)
	}
	i := slices.IndexFunc(pools, func(p any) bool { m, _ := p.(map[string]any); return m["name"] == r.group })
	switch {
	case i >= 0:
		pools[i].(map[string]any)["runtime"] = value
		root["pools"] = pools
	case r.group == v1alpha1.ServersPool, r.group == serversAlias:
		child(root, "servers")["runtime"] = value
	default:
		return fmt.Errorf("--runtime %q: there is no pool %q: add it with --pool %[2]s=N, or say %s for the servers", said, r.group, v1alpha1.ServersPool)
	}
	return nil
}
