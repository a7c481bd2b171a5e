package verbs

import (
	"context"
	"fmt"
	"os"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
)

func getenv(key string) string { return os.Getenv(key) }

// target is the virtual cluster that a verb was called for.
type target struct {
	*cli.Factory
	client    client.WithWatch
	namespace string
	name      string
}

// find connects and says what the name means; it does not look whether it
// exists.
func find(f *cli.Factory, name string) (*target, error) {
	c, err := f.NewClient()
	if err != nil {
		return nil, err
	}
	namespace, err := f.Namespace()
	if err != nil {
		return nil, err
	}
	return &target{Factory: f, client: c, namespace: namespace, name: name}, nil
}

// findCluster finds a cluster, and reads it.
func findCluster(ctx context.Context, f *cli.Factory, name string) (*target, *v1alpha1.VirtualCluster, error) {
	t, err := find(f, name)
	if err != nil {
		return nil, nil, err
	}
	vc, err := t.get(ctx)
	return t, vc, err
}

func (t *target) key() client.ObjectKey {
	return client.ObjectKey{Namespace: t.namespace, Name: t.name}
}

// get reads the cluster.
func (t *target) get(ctx context.Context) (*v1alpha1.VirtualCluster, error) {
	vc := &v1alpha1.VirtualCluster{}
	return vc, t.read(ctx, vc)
}

// whole reads the cluster as the API server has it, with the fields that this
// program does not know: what is printed for others must have them.
func (t *target) whole(ctx context.Context) (*unstructured.Unstructured, error) {
	u := spec.New()
	return u, t.read(ctx, u)
}

func (t *target) read(ctx context.Context, into client.Object) error {
	err := t.client.Get(ctx, t.key(), into)
	if apierrors.IsNotFound(err) && !cli.NotInstalled(err) {
		return cli.NotFound("See what exists with: "+t.Command("list", "-A"),
			"virtual cluster %q not found in namespace %q", t.name, t.namespace)
	}
	if err != nil {
		return fmt.Errorf("read virtual cluster %q in namespace %q: %w", t.name, t.namespace, err)
	}
	return nil
}

// command is how the user would call another verb for this cluster.
func (t *target) command(verb string, more ...string) string {
	return t.Command(append([]string{verb, t.name, "-n", t.namespace}, more...)...)
}

// empty is the cluster with nothing but its name: what a watch starts from.
func (t *target) empty() *v1alpha1.VirtualCluster {
	vc := &v1alpha1.VirtualCluster{}
	vc.Namespace, vc.Name = t.namespace, t.name
	return vc
}
