package verbs

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/nodelog"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// target is a cluster as the verbs know it.
func (s *tuiSession) target(t act.Target) *target {
	return &target{Factory: s.InNamespace(t.Namespace), client: s.client, namespace: t.Namespace, name: t.Name}
}

// meant is the cluster with the UID that was looked at, which the API server
// compares.
func meant(t act.Target) *v1alpha1.VirtualCluster {
	vc := &v1alpha1.VirtualCluster{}
	vc.Namespace, vc.Name, vc.UID = t.Namespace, t.Name, t.UID
	return vc
}

func (s *tuiSession) details(ctx context.Context, of act.Target) (in describe.Input, err error) {
	t := s.target(of)
	if in.Pods, err = t.pods(ctx); err != nil {
		return in, err
	}
	in.Events, err = t.events(ctx, in.Pods)
	return in, err
}

// inventory names what goes with a cluster.
func (s *tuiSession) inventory(ctx context.Context, of act.Target) ([]string, error) {
	t := s.target(of)
	pods, err := t.dependents(ctx, dependents[0])
	if err != nil {
		return nil, err
	}
	var volumes corev1.PersistentVolumeClaimList
	if err := s.client.List(ctx, &volumes, client.InNamespace(t.namespace), t.selector()); err != nil {
		return nil, err
	}
	lost := []string{count(len(pods.Items), "node pod") + ", with everything that runs inside"}
	for i := range volumes.Items {
		size := volumes.Items[i].Spec.Resources.Requests.Storage().String()
		lost = append(lost, fmt.Sprintf("volume %s (%s), with all data on it", volumes.Items[i].Name, size))
	}
	if len(volumes.Items) == 0 {
		lost = append(lost, "what it has stored")
	}
	return append(lost, "its credentials: no kubeconfig for it works any more"), nil
}

func (s *tuiSession) delete(ctx context.Context, of act.Target) error {
	t := s.target(of)
	o := &DeleteOptions{Factory: t.Factory, DryRun: dryRunNone}
	if err := o.delete(ctx, t, meant(of)); err != nil {
		return err
	}
	return disconnect(ctx, t)
}

func (s *tuiSession) setPaused(ctx context.Context, of act.Target, paused bool) error {
	t := s.target(of)
	o := &PauseOptions{Factory: t.Factory, DryRun: dryRunNone, pause: paused}
	return o.patch(ctx, t, meant(of))
}

func (s *tuiSession) kubeconfig(ctx context.Context, of act.Target) ([]byte, error) {
	t := s.target(of)
	vc, err := s.get(ctx, of)
	if err != nil {
		return nil, err
	}
	data, err := t.readKubeconfig(ctx, vc)
	if err != nil {
		return nil, err
	}
	return access.Rename(data, kubeconfig.ContextName(t.namespace, t.name), "")
}

// try has the API server look at a new cluster.
func (s *tuiSession) try(ctx context.Context, u *unstructured.Unstructured) ([]act.Problem, error) {
	live := spec.New()
	err := s.client.Get(ctx, client.ObjectKeyFromObject(u), live)
	switch {
	case err == nil:
		return taken, nil
	case cli.NotInstalled(err) || !apierrors.IsNotFound(err):
		return nil, err
	}
	err = s.sendNew(ctx, u, dryRunServer)
	if apierrors.IsConflict(err) {
		return taken, nil // since a moment ago
	}
	return problems(err)
}

// taken is the problem with a name that is taken.
var taken = []act.Problem{{Field: "metadata.name", Message: "exists already"}}

// problems are the mistakes that an API server found, field by field.
func problems(err error) ([]act.Problem, error) {
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return nil, nil
	case apierrors.IsNotFound(err) && !cli.NotInstalled(err):
		return []act.Problem{{Field: "metadata.namespace", Message: "does not exist"}}, nil
	case !apierrors.IsInvalid(err) || !errors.As(err, &status) || status.Status().Details == nil:
		return nil, err
	}
	var found []act.Problem
	for _, cause := range status.Status().Details.Causes {
		if !strings.Contains(cause.Message, unchecked) {
			found = append(found, act.Problem{Field: fieldOf(cause), Message: refusedValue.ReplaceAllString(cause.Message, "")})
		}
	}
	if len(found) == 0 {
		return nil, err
	}
	return found, nil
}

// unchecked is what an API server says about itself, not about the object.
const unchecked = "some validation rules were not checked"

// refusedValue stands before the reason. People see the value where they typed
// it; of rules of a whole object it is only the word "object".
var refusedValue = regexp.MustCompile(`^Invalid value: ("[^"]*"|[^\s:]*): `)

// fieldOf is the field that a mistake is about. Rules of the whole object have
// none; their messages begin with it.
func fieldOf(cause metav1.StatusCause) string {
	if cause.Field != "" && cause.Field != "<nil>" {
		return cause.Field
	}
	for _, word := range strings.Fields(cause.Message) {
		if strings.HasPrefix(word, "metadata.") || strings.HasPrefix(word, "spec.") {
			return strings.TrimRight(word, ",:;")
		}
	}
	return ""
}

func (s *tuiSession) create(ctx context.Context, u *unstructured.Unstructured) error {
	err := s.sendNew(ctx, u, dryRunNone)
	if apierrors.IsConflict(err) {
		return cli.Fail("Choose another name", "virtual cluster %q exists already in namespace %q: it was left as it is", u.GetName(), u.GetNamespace())
	}
	return err
}

// absent is a version that no object has. An API server to which one is applied
// with a version refuses where there is an object of another, and makes one
// where there is none.
const absent = "1"

// sendNew makes a cluster, and never changes one. It is no plain creation,
// because whoever changes the cluster with "create -f" later would be told that
// somebody else set its fields.
func (s *tuiSession) sendNew(ctx context.Context, u *unstructured.Unstructured, dryRun string) error {
	u = u.DeepCopy()
	u.SetResourceVersion(absent)
	if err := s.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), applyOptions(dryRun)...); err != nil {
		return fmt.Errorf("create virtual cluster %q in namespace %q: %w", u.GetName(), u.GetNamespace(), err)
	}
	return nil
}

// logs follows a node. What is told of the reading stands among the lines.
func (s *tuiSession) logs(ctx context.Context, r act.LogRequest, emit func(string) error) error {
	config, err := s.config()
	if err != nil {
		return err
	}
	if _, err := answer(ctx, s, func(ctx context.Context) (*v1alpha1.VirtualCluster, error) { return s.get(ctx, r.Target) }); err != nil {
		return err
	}
	tell := func(format string, args ...any) { _ = emit("--- " + fmt.Sprintf(format, args...)) } // reading ends with emit
	source := nodelog.NewSource(config, s.client, r.Namespace, r.Name, tell)
	query := nodelog.Query{Tail: int64(r.Tail), Follow: r.Follow}
	return source.Read(ctx, r.Node, query, func(e nodelog.Entry) error { return emit(e.String()) })
}
