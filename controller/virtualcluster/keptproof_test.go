package virtualcluster

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// TestFollowProof: pods of an older template go where new ones would.
func TestFollowProof(t *testing.T) {
	const seccomp = "seccomp.vclusterctl.dev/abc"
	cases := map[string]struct {
		reason       string
		kept, chosen map[string]string
		asked        map[string]string // by the user, in spec
		class        string            // of the template, if it is another one
		stop         *stop
		want         map[string]string
	}{
		"Same":    {reason: "Nothing has changed.", kept: map[string]string{labelUserns: "proven"}, chosen: map[string]string{labelUserns: "proven"}, want: map[string]string{labelUserns: "proven"}},
		"On":      {reason: "Probes were off when it was made.", chosen: map[string]string{labelUserns: "proven"}, want: map[string]string{labelUserns: "proven"}},
		"Off":     {reason: "They are off now: a node that comes gets no label.", kept: map[string]string{labelUserns: "proven"}},
		"Pool":    {reason: "A pool that takes after servers runs pods.", kept: map[string]string{labelUserns + labelServers: "proven"}, chosen: map[string]string{labelUserns: "proven"}, want: map[string]string{labelUserns: "proven"}},
		"Seccomp": {reason: "A seccomp profile is part of the template.", kept: map[string]string{seccomp: "present"}, chosen: map[string]string{labelUserns: "proven", seccomp + "new": "present"}, want: map[string]string{labelUserns: "proven", seccomp: "present"}},
		"Asked":   {reason: "Who asks for a label gets it.", kept: map[string]string{labelUserns: "proven"}, asked: map[string]string{labelUserns: "proven"}, want: map[string]string{labelUserns: "proven"}},
		"Other":   {reason: "Its pods are of another runtime than the one asked for now.", kept: map[string]string{labelSysbox: "proven"}, chosen: map[string]string{labelUserns: "proven"}, class: "other", want: map[string]string{labelSysbox: "proven"}},
		"None":    {reason: "No node has what it needs, so what it is stays.", kept: map[string]string{labelUserns: "proven"}, stop: &stop{}, want: map[string]string{labelUserns: "proven"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope()
			g := s.groups()[0]
			g.Scheduling.NodeSelector = tc.asked
			c := &choice{groups: []cluster.Group{g}, stop: tc.stop}
			c.shape.RuntimeClassName, c.shape.NodeSelector = "class", tc.chosen
			s.choices = []*choice{c}
			pod := corev1ac.PodSpec().WithRuntimeClassName(either(tc.class, "class"))
			pod.NodeSelector = maps.Clone(tc.kept)
			s.followProof(appsv1ac.StatefulSet("dev-server", "team").WithSpec(appsv1ac.StatefulSetSpec().WithTemplate(corev1ac.PodTemplateSpec().WithSpec(pod))), g)
			if diff := cmp.Diff(tc.want, pod.NodeSelector); diff != "" {
				t.Errorf("%s -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
