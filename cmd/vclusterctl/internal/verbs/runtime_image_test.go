package verbs

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
)

// Pods on the nodes pull as the controller's pods do.
func TestRuntimeInstallPulls(t *testing.T) {
	named := func(names ...string) (all []corev1.LocalObjectReference) {
		for _, n := range names {
			all = append(all, corev1.LocalObjectReference{Name: n})
		}
		return all
	}
	in := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "system", Name: name} }
	controller := func(names ...string) *appsv1.Deployment {
		return &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "vclusterctl", Labels: install.ControllerLabels()},
			Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				ServiceAccountName: "vclusterctl", ImagePullSecrets: named(names...), Containers: []corev1.Container{{Image: "registry/controller:1"}},
			}}},
		}
	}
	account := &corev1.ServiceAccount{ObjectMeta: in("vclusterctl"), ImagePullSecrets: named("ofaccount")}
	secrets := []client.Object{&corev1.Secret{ObjectMeta: in("a")}, &corev1.Secret{ObjectMeta: in("ofaccount")}, account}
	noRights := interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			if _, is := obj.(*corev1.Secret); is {
				return forbidden("secrets", key.Name)
			}
			return c.Get(ctx, key, obj, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if _, is := list.(*appsv1.DeploymentList); is {
				return forbidden("deployments", "")
			}
			return c.List(ctx, list, opts...)
		},
	}
	cases := map[string]struct {
		reason     string
		controller *appsv1.Deployment
		objects    []client.Object
		args       []string
		fail       interceptor.Funcs
		want       []string
		said       string
	}{
		"Named":   {reason: "The pods name it.", controller: controller("a"), objects: secrets, want: []string{"a"}},
		"Account": {reason: "Their ServiceAccount has it.", controller: controller(), objects: secrets, want: []string{"ofaccount"}},
		"None":    {reason: "None is needed.", controller: controller()},
		"Other":   {reason: "Another image may be in the same place.", controller: controller("a"), objects: secrets, args: []string{"--image=mine"}, want: []string{"a"}},
		"Missing": {reason: "The nodes may have the image.", controller: controller("a", "b"), objects: secrets, want: []string{"a"}, said: `pull secret "b" is not used on the nodes`},
		"Unseen":  {reason: "Somebody may not read them.", controller: controller("a"), objects: secrets, fail: interceptor.Funcs{Get: noRights.Get}, said: `pull secret "a" is not used on the nodes: secrets "a" is forbidden`},
		"Image":   {reason: "Nobody has to see the controller for an image of their own.", controller: controller("a"), args: []string{"--image=mine"}, fail: interceptor.Funcs{List: noRights.List}, said: "is not known: look for the controller"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			k := kubelets{reports: reports(setUp)}
			withKubelets(t, f, &k, append(tc.objects, tc.controller, readyNode("a"), usernsClass())...)
			k.WithWatch = &listThenWatch{interceptor.NewClient(k.WithWatch, tc.fail)}
			code, said := call(t, f, NewCmdRuntime(f), append([]string{"install"}, tc.args...)...)
			if diff := cmp.Diff(tc.want, k.secrets); code != 0 || diff != "" || !strings.Contains(said, tc.said) {
				t.Errorf("%s exit code %d: %s\nsecrets, -want, +got:\n%s", tc.reason, code, said, diff)
			}
		})
	}
}
