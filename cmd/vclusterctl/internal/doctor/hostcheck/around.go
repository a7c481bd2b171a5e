package hostcheck

import (
	"cmp"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/install"
)

func missing(err error) bool { return apierrors.IsNotFound(err) }

func namespace(f *facts) []doctor.Finding {
	group := groupNamespace + f.Namespace
	switch {
	case missing(f.Object.Err):
		return one(doctor.Finding{
			Group: group, Check: checkNamespace, Outcome: doctor.Problem, Found: fmt.Sprintf("namespace %q does not exist", f.Namespace),
			Needed: "the namespace that clusters are made in", Fix: f.Kubectl("create", "namespace", f.Namespace),
		})
	case f.Object.Err != nil:
		return unseen(group, checkNamespace, f.Object.Err)
	case f.Object.Value.DeletionTimestamp != nil:
		return one(doctor.Finding{Group: group, Check: checkNamespace, Outcome: doctor.Problem, Found: fmt.Sprintf("namespace %q is being deleted", f.Namespace), Needed: "one that stays", Fix: "use another one with -n"})
	}
	return one(well(group, checkNamespace, "it is there"))
}

// limitRanges looks for limits that pods get without asking.
func limitRanges(f *facts) []doctor.Finding {
	group := groupNamespace + f.Namespace
	if f.Limits.Err != nil {
		return unseen(group, checkLimitRange, f.Limits.Err)
	}
	var all []doctor.Finding
	for i := range f.Limits.Value {
		for _, item := range f.Limits.Value[i].Spec.Limits {
			limit, set := item.Default[corev1.ResourceMemory]
			if item.Type != corev1.LimitTypeContainer || !set || limit.Cmp(roomMemory) >= 0 {
				continue
			}
			all = append(all, doctor.Finding{
				Group: group, Check: checkLimitRange, Outcome: doctor.Warning,
				Found:  fmt.Sprintf("LimitRange %s gives containers a limit of %s of memory", f.Limits.Value[i].Name, limit.String()),
				Needed: fmt.Sprintf("about %s for a server", roomMemory.String()),
				Fix:    "say how much nodes may use: " + f.Own("create", "NAME", "--set servers.resources.limits.memory=2Gi"),
			})
		}
	}
	if len(all) == 0 {
		return one(well(group, checkLimitRange, "none that starves node pods"))
	}
	return all
}

// quotas looks for what is used up. What a quota wants to be said the dry run
// tells.
func quotas(f *facts) []doctor.Finding {
	group := groupNamespace + f.Namespace
	if f.Quotas.Err != nil {
		return unseen(group, checkQuota, f.Quotas.Err)
	}
	var all []doctor.Finding
	for i := range f.Quotas.Value {
		q := &f.Quotas.Value[i]
		for _, name := range usedUp(q) {
			all = append(all, doctor.Finding{
				Group: group, Check: checkQuota, Outcome: doctor.Warning,
				Found:  fmt.Sprintf("ResourceQuota %s: all %s of %s are used", q.Name, ptr.To(q.Status.Hard[name]).String(), name),
				Needed: "room for pods, Services, Secrets, ConfigMaps and a volume", Fix: "raise it, or use another namespace with -n",
			})
		}
	}
	if len(all) == 0 {
		return one(well(group, checkQuota, "none that is used up"))
	}
	return all
}

func usedUp(q *corev1.ResourceQuota) []corev1.ResourceName {
	var names []corev1.ResourceName
	for name, hard := range q.Status.Hard {
		if used, counted := q.Status.Used[name]; counted && used.Cmp(hard) >= 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func definition(f *facts) []doctor.Finding {
	switch d := f.Definition; {
	case d.Err != nil:
		return unseen(groupController, checkDefinition, d.Err)
	case d.Value == nil:
		return nil // which the next check says
	case !established(d.Value):
		return one(doctor.Finding{
			Group: groupController, Check: checkDefinition, Outcome: doctor.Problem, Found: "the API server does not serve VirtualClusters, though it knows their definition",
			Needed: "CustomResourceDefinition " + definitionName + " to be established", Fix: f.Kubectl("describe", "crd", definitionName),
		})
	}
	return one(well(groupController, checkDefinition, "the API server serves VirtualClusters of "+v1alpha1.GroupVersion.String()))
}

func established(crd *apiextensionsv1.CustomResourceDefinition) bool {
	return slices.ContainsFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	})
}

// Available says whether all replicas of a controller are there.
func Available(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration >= d.Generation && d.Status.AvailableReplicas >= ptr.Deref(d.Spec.Replicas, 1) && d.Status.AvailableReplicas > 0
}

// controllerRunning looks for the controller. One that is only not there yet is
// the next step, and no problem of the host's.
func controllerRunning(f *facts) []doctor.Finding {
	if f.Controllers.Err != nil {
		return unseen(groupController, checkInstalled, f.Controllers.Err)
	}
	if len(f.Controllers.Value) == 0 {
		return one(doctor.Finding{
			Group: groupController, Check: checkInstalled, Outcome: doctor.Warning, Found: "not installed yet", Needed: "a controller that looks after clusters", Fix: f.Own("install"),
		})
	}
	d := f.controller()
	if Available(d) {
		return one(well(groupController, checkInstalled, fmt.Sprintf("%s/%s runs", d.Namespace, d.Name)))
	}
	found := fmt.Sprintf("the controller %s/%s does not run", d.Namespace, d.Name)
	if f.Trouble != "" {
		found += ": " + f.Trouble
	}
	return one(doctor.Finding{
		Group: groupController, Check: checkInstalled, Outcome: doctor.Problem, Found: found, Needed: "all its replicas available",
		Fix: f.Kubectl("describe", "pods", "-n", d.Namespace, "-l", "app.kubernetes.io/component=controller"),
	})
}

// controller is one that runs, if there is one.
func (f *facts) controller() *appsv1.Deployment {
	for i := range f.Controllers.Value {
		if Available(&f.Controllers.Value[i]) {
			return &f.Controllers.Value[i]
		}
	}
	return &f.Controllers.Value[0]
}

func controllerVersion(f *facts) []doctor.Finding {
	if f.Controllers.Err != nil || len(f.Controllers.Value) == 0 {
		return nil
	}
	running := f.controller().Labels[install.VersionLabel]
	if running == f.Program || running == "" {
		return one(well(groupController, checkControllerV, cmp.Or(running, "it says none")))
	}
	return one(doctor.Finding{
		Group: groupController, Check: checkControllerV, Outcome: doctor.Warning, Found: "the controller is " + running + ", and this program " + f.Program,
		Needed: "the same of both", Fix: "replace the older one; for the controller: " + f.Own("install"),
	})
}
