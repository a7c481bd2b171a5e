package verbs

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

// TestRefusedRemedy: what is said to help brings the runtime that is missing.
func TestRefusedRemedy(t *testing.T) {
	const (
		noClass  = v1alpha1.ReasonRuntimeClassMissing
		noNode   = v1alpha1.ReasonNoCapableNode
		noUserns = `no node offers runtime "userns": node a: containerd has no handler "vclusterctl-userns": add it`
		noSysbox = `RuntimeClass "sysbox-runc" of runtime "sysbox" is missing; vclusterctl install makes it`
		noKata   = `RuntimeClass "vclusterctl-kata" of runtime "kata" is missing; the chart makes it with runtimeClasses.kata=true`
	)
	cases := map[string]struct {
		reason           string
		servers, pool    v1alpha1.Runtime
		because, message string
		want             string // what is to be said of "runtime install"
	}{
		"Userns":      {reason: "The one that was asked for.", servers: v1alpha1.Runtime{Profile: "userns"}, because: noNode, message: noUserns, want: "runtime install userns\n"},
		"Sysbox":      {reason: "Another one would not help.", servers: v1alpha1.Runtime{Profile: "sysbox"}, because: noNode, message: strings.ReplaceAll(noUserns, "userns", "sysbox"), want: "runtime install sysbox\n"},
		"SysboxClass": {reason: "It makes the class, too.", servers: v1alpha1.Runtime{Profile: "sysbox"}, because: noClass, message: noSysbox, want: "runtime install sysbox\n"},
		"KataClass":   {reason: "The installer makes none for it.", servers: v1alpha1.Runtime{Profile: "kata"}, because: noClass, message: noKata, want: "runtime install kata\n"},
		"Auto":        {reason: "The nearest to be had comes first.", because: noNode, message: noUserns + "; " + noSysbox, want: "runtime install userns\n"},
		"AutoReason":  {reason: "The words must be those of the reason.", because: noClass, message: noUserns + "; " + noSysbox, want: "runtime install sysbox\n"},
		"Pool":        {reason: "The servers have theirs.", servers: v1alpha1.Runtime{Profile: "userns"}, pool: v1alpha1.Runtime{Profile: "kata"}, because: noClass, message: `pool "a": ` + noKata, want: "runtime install kata\n"},
		"OtherWords":  {reason: "A newer controller may say it otherwise.", servers: v1alpha1.Runtime{Profile: "gvisor"}, because: noNode, message: "nobody has it", want: "runtime install gvisor\n"},
		"Unclear":     {reason: "A guess helps nobody.", servers: v1alpha1.Runtime{Profile: "userns"}, pool: v1alpha1.Runtime{Profile: "kata"}, because: noNode, message: "nobody has it"},
		"UnclearAuto": {reason: "It is what needs nothing but a handler.", because: noNode, message: "nobody has it", want: "runtime install userns\n"},
		"OwnClass":    {reason: "It would make another class.", servers: v1alpha1.Runtime{Profile: "kata", ClassName: "kata-qemu"}, because: noClass, message: `RuntimeClass "kata-qemu" of runtime "kata" is missing; correct spec.runtime.className, or leave it out for "vclusterctl-kata"`},
		"Failed":      {reason: "The handler is there.", servers: v1alpha1.Runtime{Profile: "userns"}, because: v1alpha1.ReasonProbeFailed, message: `no node passed the probe of runtime "userns"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			vc := virtualCluster("dev", withCondition(v1alpha1.ConditionRuntimeReady, metav1.ConditionFalse, tc.because))
			vc.Status.Conditions[0].Message = tc.message
			vc.Spec.Runtime = tc.servers
			if tc.pool != (v1alpha1.Runtime{}) {
				vc.Spec.Pools = []v1alpha1.Pool{{Name: "a", Runtime: tc.pool}}
			}
			f := testFactory(t)
			got := f.Explain((&target{Factory: f, namespace: "default", name: "dev"}).failure(vc))
			_, said, _ := strings.Cut(got.Remedy, "runtime install")
			line, _, _ := strings.Cut(said, "\n")
			if said != "" {
				line = "runtime install" + line + "\n"
			}
			if got.Code != cli.ExitRefused || line != tc.want || !strings.Contains(got.Remedy, "doctor") {
				t.Errorf("%s\nexit code %d, remedy:\n%s\nwant %q in it", tc.reason, got.Code, got.Remedy, tc.want)
			}
			if strings.Contains(strings.ReplaceAll(got.Remedy, "runtime install", ""), "vclusterctl install") {
				t.Errorf("%s\nit is sent to the installer, which makes some classes only:\n%s", tc.reason, got.Remedy)
			}
		})
	}
}
