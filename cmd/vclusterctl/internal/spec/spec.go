package spec

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// Flags are what a user may say on the command line. Empty means unsaid.
type Flags struct {
	Distro, Version, Image string
	// Runtimes are [GROUP=]PROFILE[:CLASS].
	Runtimes []string
	Servers  *int32
	// Pools are NAME=N.
	Pools []string
	// Expose is the type of the API's Service, in any case.
	Expose               string
	PodCIDR, ServiceCIDR string
	// TTL is how long the cluster exists; 0 means unsaid.
	TTL time.Duration
	// Set are PATH=VALUE pairs below spec.
	Set []string
}

// New is an empty VirtualCluster.
func New() *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetAPIVersion(v1alpha1.GroupVersion.String())
	u.SetKind(v1alpha1.VirtualClusterKind)
	return u
}

// Read takes the one VirtualCluster out of a YAML or JSON file.
func Read(r io.Reader) (*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(r, 4096)
	var found *unstructured.Unstructured
	for {
		next := map[string]any{}
		if err := decoder.Decode(&next); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if len(next) == 0 {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("holds more than one object, want one %s", v1alpha1.VirtualClusterKind)
		}
		found = &unstructured.Unstructured{Object: next}
	}
	return found, check(found)
}

func check(u *unstructured.Unstructured) error {
	if u == nil {
		return fmt.Errorf("holds no object, want one %s", v1alpha1.VirtualClusterKind)
	}
	if got, want := u.GroupVersionKind(), v1alpha1.GroupVersion.WithKind(v1alpha1.VirtualClusterKind); got != want {
		return fmt.Errorf("holds a %s in apiVersion %q, want a %s in %q", u.GetKind(), u.GetAPIVersion(), want.Kind, want.GroupVersion())
	}
	delete(u.Object, "status")
	u.SetManagedFields(nil)
	u.SetResourceVersion("")
	u.SetUID("")
	return nil
}

// Apply writes the flags over what the object says.
func (f Flags) Apply(u *unstructured.Unstructured) error {
	if err := f.Check(); err != nil {
		return err
	}
	expose, err := exposeType(f.Expose)
	if err != nil {
		return err
	}
	for _, set := range []struct{ path, value string }{
		{"distro", f.Distro},
		{"version", f.Version},
		{"image", f.Image},
		{"servers.replicas", int32String(f.Servers)},
		{"expose.type", expose},
		{"network.podCIDR", f.PodCIDR},
		{"network.serviceCIDR", f.ServiceCIDR},
		{"lifecycle.ttlSeconds", seconds(f.TTL)},
	} {
		if set.value == "" {
			continue
		}
		if err := setPath(u, set.path, set.value); err != nil {
			return err
		}
	}
	for _, pool := range f.Pools {
		if err := setPool(u, pool); err != nil {
			return err
		}
	}
	for _, runtime := range f.Runtimes {
		if err := setRuntime(u, runtime); err != nil {
			return err
		}
	}
	return f.applySet(u)
}

func (f Flags) applySet(u *unstructured.Unstructured) error {
	for _, set := range f.Set {
		path, value, ok := strings.Cut(set, "=")
		if !ok || path == "" {
			return fmt.Errorf("--set %q: want PATH=VALUE, for example servers.storage.size=10Gi", set)
		}
		if err := setPath(u, strings.TrimPrefix(path, "spec."), value); err != nil {
			return fmt.Errorf("--set %q: %w", set, err)
		}
	}
	return nil
}

func int32String(n *int32) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(int(*n))
}

func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatInt(int64(d/time.Second), 10)
}

func exposeType(said string) (string, error) {
	if said == "" {
		return "", nil
	}
	types := v1alpha1.ExposeTypes()
	for _, t := range types {
		if strings.EqualFold(said, string(t)) {
			return string(t), nil
		}
	}
	return "", fmt.Errorf("--expose %q: want one of %v", said, types)
}

func setPath(u *unstructured.Unstructured, path, value string) error {
	root := child(u.Object, "spec")
	return set(root, splitPath(path), value, reflect.TypeFor[v1alpha1.VirtualClusterSpec](), "spec")
}

// setPool changes the number of nodes of a pool, which is made if there is
// none of that name.
func setPool(u *unstructured.Unstructured, said string) error {
	name, number, ok := strings.Cut(said, "=")
	n, err := strconv.ParseInt(number, 10, 32)
	if !ok || name == "" || err != nil || n < 0 {
		return fmt.Errorf("--pool %q: want NAME=N, for example workers=2", said)
	}
	if err := checkPool(name, n); err != nil {
		return fmt.Errorf("--pool %q: %w", said, err)
	}
	pools, _, err := unstructured.NestedSlice(u.Object, "spec", "pools")
	if err != nil {
		return fmt.Errorf("--pool %q: %w", said, err)
	}
	i := slices.IndexFunc(pools, func(p any) bool { m, _ := p.(map[string]any); return m["name"] == name })
	if i < 0 {
		pools = append(pools, map[string]any{"name": name})
		i = len(pools) - 1
	}
	pools[i].(map[string]any)["replicas"] = n
	child(u.Object, "spec")["pools"] = pools
	return nil
}
