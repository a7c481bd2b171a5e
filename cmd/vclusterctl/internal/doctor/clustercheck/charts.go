package clustercheck

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	helmv1 "github.com/k3s-io/helm-controller/pkg/apis/helm.cattle.io/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/printable"
)

const (
	// maxCharts bounds what is read of a tenant's: a chart may be inside its
	// object, which is a megabyte then.
	maxCharts = 100
	// mostCharts bounds how many are named.
	mostCharts = 5
)

// readCharts asks for the HelmCharts of all namespaces. K3s installs them, and so
// does its helm-controller where somebody put that into distro k8s.
func readCharts(ctx context.Context, config *rest.Config) doctor.Seen[[]helmv1.HelmChart] {
	scheme := runtime.NewScheme()
	if err := helmv1.AddToScheme(scheme); err != nil {
		return doctor.Seen[[]helmv1.HelmChart]{Err: fmt.Errorf("register the types of the helm-controller: %w", err)}
	}
	// What an API server says of its kinds would be two more questions; one that
	// does not know this kind answers "not found" to the one.
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(helmv1.SchemeGroupVersion.WithKind("HelmChart"), meta.RESTScopeNamespace)
	c, err := client.New(config, client.Options{Scheme: scheme, Mapper: mapper})
	if err != nil {
		return doctor.Seen[[]helmv1.HelmChart]{Err: fmt.Errorf("connect to %s: %w", config.Host, err)}
	}
	return doctor.List(ctx, c, func(l *helmv1.HelmChartList) []helmv1.HelmChart { return l.Items }, client.Limit(maxCharts))
}

// charts names those that were given up. Others are still being installed: K3s
// tries a thousand times unless it is told otherwise.
func charts(f *facts) []doctor.Finding {
	if !f.answered() {
		return nil
	}
	seen := f.Inner.Value.Charts
	switch {
	case apierrors.IsNotFound(seen.Err): // nothing inside knows HelmCharts
		return nil
	case seen.Err != nil:
		return unseen(groupInside, checkCharts, seen.Err)
	case len(seen.Value) == 0:
		return nil
	}
	var all []doctor.Finding
	for i := range seen.Value {
		chart := &seen.Value[i]
		if c := chartCondition(chart, helmv1.HelmChartFailed); c != nil && c.Status == corev1.ConditionTrue {
			all = append(all, f.chartFailed(chart, c))
		}
	}
	switch n := len(all); {
	case n == 0:
		return ok(groupInside, checkCharts, counted(len(seen.Value), "Helm chart")+" looked at, none has failed")
	case n > mostCharts:
		more := finding(groupInside, checkCharts, doctor.Warning, fmt.Sprintf("%s more inside failed", counted(n-mostCharts, "chart")))
		more.Fix = f.kubectlInside("get helmcharts -A")
		return append(all[:mostCharts], more)
	}
	return all
}

func (f *facts) chartFailed(chart *helmv1.HelmChart, why *helmv1.HelmChartCondition) doctor.Finding {
	x := doctor.Finding{
		Group: groupInside, Check: checkCharts, Outcome: doctor.Warning,
		Found:  fmt.Sprintf("chart %s/%s inside failed%s", chart.Namespace, chart.Name, after(printable.Line(cmp.Or(why.Message, why.Reason)))),
		Needed: "a chart that can be installed",
		Fix:    f.kubectlInside(fmt.Sprintf("describe helmchart/%s -n %s", chart.Name, chart.Namespace)),
	}
	if job := jobOf(chart); job != "" {
		// A job that is given up takes a pod along that it was still restarting.
		x.Fix = f.kubectlInside(fmt.Sprintf("logs job/%s -n %s", job, chart.Namespace)) + "; once its pod is gone: " + x.Fix
	}
	return x
}

// jobOf is the job that failed, "" where there was none: the name of an earlier
// one stays in the status. The name is a tenant's word, and goes into a command.
func jobOf(chart *helmv1.HelmChart) string {
	c := chartCondition(chart, helmv1.HelmChartJobCreated)
	if c != nil && c.Status == corev1.ConditionFalse || len(validation.IsDNS1123Subdomain(chart.Status.JobName)) > 0 {
		return ""
	}
	return chart.Status.JobName
}

func chartCondition(chart *helmv1.HelmChart, kind helmv1.HelmChartConditionType) *helmv1.HelmChartCondition {
	all := chart.Status.Conditions
	if i := slices.IndexFunc(all, func(c helmv1.HelmChartCondition) bool { return c.Type == kind }); i >= 0 {
		return &all[i]
	}
	return nil
}

// kubectlInside is a command for the API inside. Flags of ours stand before the
// dashes.
func (f *facts) kubectlInside(words string) string { return f.Own("attach") + " -- kubectl " + words }
