package install

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/wait"
)

// Remover deletes what an installation made.
type Remover struct {
	Client client.WithWatch
	// DryRun is none, client or server.
	DryRun string
	// Out is told what was deleted.
	Out io.Writer
}

// Remove deletes the objects, the last one first, and blocks until they are
// gone. What is not there, or carries labels of something else, is left alone.
func (r *Remover) Remove(ctx context.Context, objects []*unstructured.Unstructured) error {
	var removed []*unstructured.Unstructured
	for _, u := range slices.Backward(objects) {
		done, err := r.remove(ctx, u)
		if err != nil {
			return fmt.Errorf("delete %s %q: %w", u.GetKind(), u.GetName(), err)
		}
		if done {
			removed = append(removed, u)
		}
	}
	if r.suffix() != "" {
		return nil
	}
	for _, u := range removed {
		if err := r.awaitGone(ctx, u); err != nil {
			return fmt.Errorf("wait until %s %q is gone: %w", u.GetKind(), u.GetName(), err)
		}
	}
	return nil
}

func (r *Remover) remove(ctx context.Context, u *unstructured.Unstructured) (bool, error) {
	found := empty(u)
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(u), found)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !ours(u, found) {
		return false, nil
	}
	if r.DryRun != dryRunClient {
		if err := client.IgnoreNotFound(r.Client.Delete(ctx, found, r.deleteOptions()...)); err != nil {
			return false, err
		}
	}
	fmt.Fprintf(r.Out, "%s %q deleted%s\n", strings.ToLower(u.GetKind()), u.GetName(), r.suffix())
	return true, nil
}

// Values of DryRun.
const (
	dryRunClient = "client"
	dryRunServer = "server"
)

func (r *Remover) deleteOptions() []client.DeleteOption {
	if r.DryRun == dryRunServer {
		return []client.DeleteOption{client.DryRunAll}
	}
	return nil
}

// suffix follows what would be done, and is not.
func (r *Remover) suffix() string {
	if r.DryRun == dryRunClient || r.DryRun == dryRunServer {
		return " (" + r.DryRun + " dry run)"
	}
	return ""
}

// ours says whether the object found is the one that was installed: it carries
// the same mark. A CRD has none, and no namesake.
func ours(installed, found *unstructured.Unstructured) bool {
	mark := installed.GetLabels()[partOfLabel]
	return found.GetLabels()[partOfLabel] == mark
}

func (r *Remover) awaitGone(ctx context.Context, u *unstructured.Unstructured) error {
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion(u.GetAPIVersion())
	list.SetKind(u.GetKind() + "List")
	start := empty(u)
	start.SetNamespace(u.GetNamespace())
	start.SetName(u.GetName())
	return wait.Until(ctx, r.Client, start, list, func(_ *unstructured.Unstructured, exists bool) (bool, error) {
		return !exists, nil
	})
}

func empty(u *unstructured.Unstructured) *unstructured.Unstructured {
	e := &unstructured.Unstructured{}
	e.SetGroupVersionKind(u.GroupVersionKind())
	return e
}
