package verbs

import (
	"cmp"
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/rollout"
)

// programForNodes is an image with this program, and what it takes to pull it: the
// controller's, which nodes can have, unless somebody knows better.
func (o *RuntimeSetupOptions) programForNodes(ctx context.Context, c client.Reader) (rollout.Params, error) {
	p := rollout.Params{Image: cmp.Or(o.Image, defaultImage()), Grace: o.Timeout, Tell: func(what string) { o.Hintf("%s", what) }}
	controller, err := controllerOf(ctx, c)
	switch {
	case err != nil && o.Image != "":
		o.Hintf("Whether the controller has secrets to pull images with is not known: %s", cli.OneLine(err.Error()))
		return p, nil
	case err != nil:
		return p, err
	case controller == nil:
		return p, nil
	}
	p.Image = cmp.Or(o.Image, controller.Spec.Template.Spec.Containers[0].Image)
	p.PullSecrets = o.pullSecrets(ctx, c, controller)
	return p, nil
}

// controllerOf is the controller's Deployment, nil if there is none.
func controllerOf(ctx context.Context, c client.Reader) (*appsv1.Deployment, error) {
	var list appsv1.DeploymentList
	if err := c.List(ctx, &list, client.MatchingLabels(install.ControllerLabels())); err != nil {
		return nil, fmt.Errorf("look for the controller, whose image is used: %w", err)
	}
	for i := range list.Items {
		if len(list.Items[i].Spec.Template.Spec.Containers) > 0 {
			return &list.Items[i], nil
		}
	}
	return nil, nil
}

// pullSecrets are those of the controller's pods. One that cannot be read is no
// reason to give up: the nodes may have the image.
func (o *RuntimeSetupOptions) pullSecrets(ctx context.Context, c client.Reader, d *appsv1.Deployment) []corev1.Secret {
	var found []corev1.Secret
	names, err := pullSecretNames(ctx, c, d)
	if err != nil {
		o.Hintf("Whether the controller has secrets to pull images with is not known: %s", cli.OneLine(err.Error()))
	}
	for _, name := range names {
		var s corev1.Secret
		if err := c.Get(ctx, client.ObjectKey{Namespace: d.Namespace, Name: name.Name}, &s); err != nil {
			o.Hintf("The controller's pull secret %q is not used on the nodes: %s", name.Name, cli.OneLine(err.Error()))
			continue
		}
		found = append(found, s)
	}
	return found
}

// pullSecretNames are those that pods of a Deployment name, or else get from their
// ServiceAccount.
func pullSecretNames(ctx context.Context, c client.Reader, d *appsv1.Deployment) ([]corev1.LocalObjectReference, error) {
	spec := &d.Spec.Template.Spec
	if len(spec.ImagePullSecrets) > 0 {
		return spec.ImagePullSecrets, nil
	}
	var account corev1.ServiceAccount
	err := c.Get(ctx, client.ObjectKey{Namespace: d.Namespace, Name: cmp.Or(spec.ServiceAccountName, "default")}, &account)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return account.ImagePullSecrets, err
}
