package verbs

import (
	"bytes"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// withCluster lets a factory talk to a fake API server that holds objects and
// fails as told. What real servers do is for the tests against one.
func withCluster(t *testing.T, f *cli.Factory, fail interceptor.Funcs, objects ...client.Object) client.WithWatch {
	t.Helper()
	byName := func(o client.Object) []string { return []string{o.GetName()} }
	c := &listThenWatch{fake.NewClientBuilder().WithScheme(cli.Scheme()).WithObjects(objects...).
		WithIndex(&v1alpha1.VirtualCluster{}, "metadata.name", byName).
		WithStatusSubresource(&v1alpha1.VirtualCluster{}).WithInterceptorFuncs(fail).Build()}
	f.Dial = func(*cli.Factory) (client.WithWatch, error) { return c, nil }
	return c
}

// listThenWatch tells client-go that the fake cannot stream a list.
type listThenWatch struct{ client.WithWatch }

func (*listThenWatch) IsWatchListSemanticsUnSupported() bool { return true }

func virtualCluster(name string, change ...func(*v1alpha1.VirtualCluster)) *v1alpha1.VirtualCluster {
	vc := &v1alpha1.VirtualCluster{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Generation: 1, UID: "u"}}
	for _, c := range change {
		c(vc)
	}
	return vc
}

func stdout(f *cli.Factory) string { return f.Out.(*bytes.Buffer).String() }

// forbidden is what the API server says to those who may not.
func forbidden(resource, name string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, name, nil)
}

func stderr(f *cli.Factory) string { return f.ErrOut.(*bytes.Buffer).String() }
