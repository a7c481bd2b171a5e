package verbs

import (
	"context"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// TestDescribeUnread: all that the status says is shown, whatever else cannot be
// read.
func TestDescribeUnread(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    error
		code   int
	}{
		"Forbidden": {reason: "Tenants may see their cluster; that they may not see its pods is no failure.", err: forbidden("pods", "")},
		"Broken":    {reason: "What should have been there and is not is one.", err: apierrors.NewInternalError(errors.New("broken")), code: cli.ExitError},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			withCluster(t, f, interceptor.Funcs{List: func(_ context.Context, _ client.WithWatch, list client.ObjectList, _ ...client.ListOption) error {
				switch list.(type) {
				case *corev1.PodList, *corev1.EventList:
					return tc.err
				}
				t.Errorf("listed: %T", list)
				return nil
			}}, virtualCluster("dev", allReady))
			code, errOut := call(t, f, NewCmdDescribe(f, nil), "dev")
			if code != tc.code || (code == 0) != (errOut == "") {
				t.Errorf("%s\ncode %d\n%s", tc.reason, code, errOut)
			}
			for _, want := range []string{"Conditions:", "Node pods:\n  cannot be read: list the node pods", "Events:\n  cannot be read: list the events"} {
				if !strings.Contains(stdout(f), want) {
					t.Errorf("%s\n%q is missing from:\n%s", tc.reason, want, stdout(f))
				}
			}
		})
	}
}
