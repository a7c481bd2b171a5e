package clustercheck

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmv1 "github.com/k3s-io/helm-controller/pkg/apis/helm.cattle.io/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlenvtest "sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"
	"github.com/vclusterctl/vclusterctl/test/envtest"
)

func TestMain(m *testing.M) { envtest.Main(m) }

func chart(name string, changes ...func(*helmv1.HelmChart)) helmv1.HelmChart {
	c := helmv1.HelmChart{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: name}}
	c.Status.JobName = "helm-install-" + name
	c.Status.Conditions = []helmv1.HelmChartCondition{
		{Type: helmv1.HelmChartJobCreated, Status: corev1.ConditionTrue, Message: "Applying HelmChart using Job"},
		{Type: helmv1.HelmChartFailed, Status: corev1.ConditionFalse},
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func failedBecause(reason, message string) func(*helmv1.HelmChart) {
	return func(c *helmv1.HelmChart) {
		c.Status.Conditions[1] = helmv1.HelmChartCondition{Type: helmv1.HelmChartFailed, Status: corev1.ConditionTrue, Reason: reason, Message: message}
	}
}

var givenUp = failedBecause("Job failed", "Job has reached\nits retries")

func noJob(c *helmv1.HelmChart) { c.Status.Conditions[0].Status = corev1.ConditionFalse }

const (
	toLogs     = "vclusterctl attach dev -n team -- kubectl logs job/helm-install-web -n kube-system; once its pod is gone: "
	toDescribe = "vclusterctl attach dev -n team -- kubectl describe helmchart/web -n kube-system"
)

// TestCharts: one that was given up is named, with where its last words are.
func TestCharts(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		seen   doctor.Seen[[]helmv1.HelmChart]
		// want are outcome, what was found and what to do.
		want [][3]string
	}{
		"None":    {reason: "Most clusters have none."},
		"NoKind":  {reason: "Distro k8s does not know them.", seen: doctor.Seen[[]helmv1.HelmChart]{Err: apierrors.NewNotFound(helmv1.Resource("helmcharts"), "")}},
		"Healthy": {reason: "Somebody looked.", seen: charted(chart("web"), chart("db")), want: [][3]string{{"ok", "2 Helm charts looked at, none has failed", ""}}},
		"New":     {reason: "Nobody has said anything of it.", seen: charted(chart("web", func(c *helmv1.HelmChart) { c.Status = helmv1.HelmChartStatus{} })), want: [][3]string{{"ok", "1 Helm chart looked at, none has failed", ""}}},
		"Failed": {
			reason: "The job's log says why, as long as it has a pod.", seen: charted(chart("db"), chart("web", givenUp)),
			want: [][3]string{{"warning", "chart kube-system/web inside failed: Job has reached its retries", toLogs + toDescribe}},
		},
		"NoJob": {
			reason: "The name of a job is that of an earlier one.", seen: charted(chart("web", failedBecause("Unsupported version", ""), noJob)),
			want: [][3]string{{"warning", "chart kube-system/web inside failed: Unsupported version", toDescribe}},
		},
		"NoName": {
			reason: "There never was one.", seen: charted(chart("web", givenUp, func(c *helmv1.HelmChart) { c.Status.JobName = "" })),
			want: [][3]string{{"warning", "chart kube-system/web inside failed: Job has reached its retries", toDescribe}},
		},
		"Hostile": {
			reason: "A tenant's word is no part of a command.", seen: charted(chart("web", givenUp, func(c *helmv1.HelmChart) { c.Status.JobName = "x; rm -rf ~" })),
			want: [][3]string{{"warning", "chart kube-system/web inside failed: Job has reached its retries", toDescribe}},
		},
		"Forbidden": {
			reason: "What was not seen is said.", seen: doctor.Seen[[]helmv1.HelmChart]{Err: mayNot("list", "helmcharts")},
			want: [][3]string{{"unknown", "you may not list helmcharts in the namespace team", "ask an administrator for the right to list helmcharts, or have one run this"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, chartFindings(tc.seen)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

func TestManyCharts(t *testing.T) {
	var all []helmv1.HelmChart
	for range mostCharts + 2 {
		all = append(all, chart("web", givenUp))
	}
	got := chartFindings(charted(all...))
	want := [3]string{"warning", "2 charts more inside failed", "vclusterctl attach dev -n team -- kubectl get helmcharts -A"}
	if len(got) != mostCharts+1 || got[mostCharts] != want {
		t.Errorf("want %d named, and %q; got %q", mostCharts, want, got)
	}
}

func charted(all ...helmv1.HelmChart) doctor.Seen[[]helmv1.HelmChart] {
	return doctor.Seen[[]helmv1.HelmChart]{Value: all}
}

// chartFindings are those of a cluster that is healthy but for its charts.
func chartFindings(seen doctor.Seen[[]helmv1.HelmChart]) [][3]string {
	r := Examine(healthy(func(o *Observation) { o.Inner.Value.Charts = seen }), testParams())
	var all [][3]string
	for _, f := range r.Findings {
		if f.Check == checkCharts {
			all = append(all, [3]string{string(f.Outcome), f.Found, f.Fix})
		}
	}
	return all
}

// TestReadCharts asks a real API server: without the kind, without the right, and
// with charts as K3s keeps them.
func TestReadCharts(t *testing.T) {
	config := envtest.Config(t)
	config.WarningHandler = rest.NoWarnings{}
	if seen := readCharts(t.Context(), config); !apierrors.IsNotFound(seen.Err) {
		t.Fatalf("an API server that does not know the kind: %v", seen.Err)
	}
	_, err := ctrlenvtest.InstallCRDs(config, ctrlenvtest.CRDInstallOptions{Paths: []string{definition(t)}})
	if err != nil {
		t.Fatal(err)
	}
	stranger := rest.CopyConfig(config)
	stranger.Impersonate.UserName = "ann"
	if seen := readCharts(t.Context(), stranger); !doctor.MayNot(seen.Err) {
		t.Errorf("who may not list charts: %v", seen.Err)
	}
	if seen := readCharts(t.Context(), config); seen.Err != nil || len(seen.Value) != 0 {
		t.Errorf("no charts: %+v", seen)
	}
	keep(t, config, chart("web", givenUp))
	keep(t, config, chart("db"))
	want := [][3]string{{"warning", "chart kube-system/web inside failed: Job has reached its retries", toLogs + toDescribe}}
	if diff := cmp.Diff(want, chartFindings(readCharts(t.Context(), config))); diff != "" {
		t.Error(diff)
	}
}

// definition is the helm-controller's own, of the version that its types are of.
func definition(t *testing.T) string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/k3s-io/helm-controller").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "pkg", "crds", "yaml", "generated", "helm.cattle.io_helmcharts.yaml")
}

// keep makes a chart with a status, which is written by itself.
func keep(t *testing.T, config *rest.Config, c helmv1.HelmChart) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := helmv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	charts, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	status := c.Status
	if err := charts.Create(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	before := c.DeepCopy()
	c.Status = status
	if err := charts.Status().Patch(t.Context(), &c, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}
