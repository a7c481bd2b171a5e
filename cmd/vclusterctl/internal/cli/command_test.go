package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommand(t *testing.T) {
	type want struct{ Own, Kubectl string }
	cases := map[string]struct {
		reason              string
		context, kubeconfig string
		implied             bool
		want                want
	}{
		"Plain":   {reason: "Nothing was said.", want: want{Own: "vclusterctl get dev", Kubectl: "kubectl get dev"}},
		"Flags":   {reason: "The same words would mean another cluster without.", context: "a@b.c:1", kubeconfig: "/x/y", want: want{Own: "vclusterctl get dev --context a@b.c:1 --kubeconfig /x/y", Kubectl: "kubectl get dev --context a@b.c:1 --kubeconfig /x/y"}},
		"Quoted":  {reason: "It can be pasted.", context: "it's mine", kubeconfig: "$HOME", want: want{Own: `vclusterctl get dev --context 'it'\''s mine' --kubeconfig '$HOME'`, Kubectl: `kubectl get dev --context 'it'\''s mine' --kubeconfig '$HOME'`}},
		"Implied": {reason: "This program finds the host of a virtual cluster by itself, kubectl does not.", context: "host", implied: true, want: want{Own: "vclusterctl get dev", Kubectl: "kubectl get dev --context host"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := NewFactory("vclusterctl", Streams{})
			*f.Flags.Context, *f.Flags.KubeConfig, f.implied.context = tc.context, tc.kubeconfig, tc.implied
			got := want{Own: f.Command("get", "dev"), Kubectl: f.Kubectl("get", "dev")}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
