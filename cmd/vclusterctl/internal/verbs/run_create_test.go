package verbs

import (
	"context"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// TestRunRandomName: a name that nobody chose is no reason to fail.
func TestRunRandomName(t *testing.T) {
	for _, taken := range []int{1, nameTries} {
		var names []string
		l := newLab(t, func(_ *lab, f *interceptor.Funcs) {
			f.Create = func(_ context.Context, _ client.WithWatch, obj client.Object, _ ...client.CreateOption) error {
				if names = append(names, obj.GetName()); len(names) <= taken {
					return apierrors.NewAlreadyExists(schema.GroupResource{Resource: "virtualclusters"}, obj.GetName())
				}
				return forbidden("virtualclusters", obj.GetName()) // that is enough
			}
			f.Get = func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
				if _, ok := obj.(*v1alpha1.VirtualCluster); ok {
					return nil // somebody else's
				}
				return c.Get(ctx, key, obj, opts...)
			}
		})
		code, _, errOut := l.call(t.Context(), NewCmdRun(l.Factory, nil), "--", "true")
		if want := min(taken+1, nameTries); code != cli.ExitOwn || len(names) != want || strings.Contains(errOut, "Leave out --name") {
			t.Errorf("%d taken: code %d, tried %q, want %d\n%s", taken, code, names, want, errOut)
		}
		slices.Sort(names)
		if different := len(slices.Compact(names)); different < len(names) {
			t.Errorf("%d taken: a name was tried twice: %q", taken, names)
		}
	}
}
