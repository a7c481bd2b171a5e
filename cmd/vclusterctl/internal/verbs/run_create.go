package verbs

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/child"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
)

// requestTimeout bounds requests that go on although somebody has interrupted
// us: whether they succeeded must be known.
const requestTimeout = 30 * time.Second

// running is a cluster around one command.
type running struct {
	*RunOptions

	t       *target
	signals *child.Signals
	report  *runReport
	// after is the clock between extensions.
	after func(time.Duration) <-chan time.Time
	// cluster as it was created, and when that was.
	cluster *v1alpha1.VirtualCluster
	created time.Time
	// stopped says that the command ended after somebody had asked for that.
	stopped bool
}

// nameTries is how many names of our own are tried until one is free. There are
// millions of them.
const nameTries = 5

// randomName is the name of a cluster that was given none.
func randomName() string { return runPrefix + rand.String(5) }

// create creates the cluster. If it fails there is none.
func (r *running) create(ctx context.Context) error {
	wanted, err := r.wanted()
	if err != nil {
		return err
	}
	if err := r.Create.ensureHost(ctx); err != nil {
		return err
	}
	if r.t, err = find(r.Factory, wanted.GetName()); err != nil {
		return err
	}
	r.t.settle(wanted)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.created = r.Now()
	r.cluster, err = r.send(ctx, wanted)
	for n := 1; n < nameTries && r.Name == "" && apierrors.IsAlreadyExists(err); n++ {
		r.t.name = randomName()
		wanted.SetName(r.t.name)
		r.cluster, err = r.send(ctx, wanted)
	}
	if err != nil {
		return fmt.Errorf("create virtual cluster %q in namespace %q: %w", r.t.name, r.t.namespace, err)
	}
	r.Hintf("Virtual cluster %q in namespace %q created; it goes when the command has ended.", r.t.name, r.t.namespace)
	return nil
}

// wanted is the cluster to create.
func (r *running) wanted() (*unstructured.Unstructured, error) {
	u := spec.New()
	if r.Create.File != "" {
		var err error
		if u, err = r.Create.readFile(); err != nil {
			return nil, &cli.Error{Code: cli.ExitUsage, Err: fmt.Errorf("-f %s: %w", r.Create.File, err)}
		}
	}
	if err := r.Create.checkNamespace(u); err != nil {
		return nil, err
	}
	u.SetName(cmp.Or(r.Name, randomName()))
	flags := r.Create.Spec
	flags.TTL = r.life().Truncate(time.Second)
	if err := flags.Apply(u); err != nil {
		return nil, &cli.Error{Code: cli.ExitUsage, Err: err, Remedy: "See: " + r.Kubectl("explain", "virtualcluster.spec")}
	}
	mark(u)
	return u, ephemeral(u)
}

// mark says what the cluster is for and whose it is.
func mark(u *unstructured.Unstructured) {
	labels, annotations := u.GetLabels(), u.GetAnnotations()
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	labels[labelRun] = rand.String(10) // no other run has it
	annotations[annotationCreatedBy] = whoami()
	u.SetLabels(labels)
	u.SetAnnotations(annotations)
}

// whoami is the user, as far as this machine knows.
func whoami() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}

// ephemeral leaves out the volume for the state, unless something was said
// about it.
func ephemeral(u *unstructured.Unstructured) error {
	_, said, err := unstructured.NestedFieldNoCopy(u.Object, "spec", "servers", "storage")
	if err != nil || said {
		return err
	}
	return unstructured.SetNestedField(u.Object, true, "spec", "servers", "storage", "ephemeral")
}

// send creates the object, and finds out whether it exists where the answer got
// lost: then it is ours to delete.
func (r *running) send(ctx context.Context, wanted *unstructured.Unstructured) (*v1alpha1.VirtualCluster, error) {
	ctx = context.WithoutCancel(ctx)
	uid, err := r.post(ctx, wanted)
	vc := r.t.empty()
	if err == nil {
		vc.UID = uid
		return vc, nil
	}
	taken := apierrors.IsAlreadyExists(err) // maybe by our own request, sent twice by what is below us
	if apierrors.IsUnauthorized(err) || !taken && !mayPass(err) {
		return nil, err
	}
	lookUp := r.insist(ctx, func(ctx context.Context) error { return r.t.client.Get(ctx, r.t.key(), vc) })
	switch {
	case lookUp == nil && vc.Labels[labelRun] == wanted.GetLabels()[labelRun]:
		return vc, nil
	case taken && r.Name == "":
		return nil, cli.Fail("Give it a name with --name", "%w", err)
	case taken:
		return nil, cli.Fail("Leave out --name to get one that is free", "%w", err)
	}
	return nil, err
}

// post asks for the object once, and once more where the credentials have
// expired: they are replaced by then.
func (r *running) post(ctx context.Context, wanted *unstructured.Unstructured) (types.UID, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	object := wanted.DeepCopy()
	err := r.t.client.Create(ctx, object, client.FieldOwner(cli.FieldManager))
	if apierrors.IsUnauthorized(err) {
		object = wanted.DeepCopy()
		err = r.t.client.Create(ctx, object, client.FieldOwner(cli.FieldManager))
	}
	return object.GetUID(), err
}
