package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/charts"
)

const deployment = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: there}
spec:
  template:
    spec:
      containers:
        - name: controller
          args: ["controller", "--namespace=$(NS)", "--probe-namespace=$(NS)-probes", "--level=$(LEVEL)"]
          env:
            - {name: LEVEL, value: "3"}
            - {name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
`

func TestControllerArgs(t *testing.T) {
	const other = "apiVersion: v1\nkind: Service\nmetadata: {name: metrics}\nspec: {ports: [{port: 1}]}\n"
	tests := map[string]struct {
		reason, manifests string
		want              []string
		fails             string
	}{
		"Known": {
			reason: "Variables are those of the container.", manifests: other + deployment,
			want: []string{"controller", "--namespace=there", "--probe-namespace=there-probes", "--level=3"},
		},
		"None":    {reason: "What is not there cannot be run.", manifests: other, fails: "no Deployment"},
		"Several": {reason: "Nobody says which one.", manifests: deployment + deployment, fails: "several"},
		"Unset": {
			reason: "A variable that nobody sets stays as it is.", manifests: strings.Replace(deployment, "name: LEVEL", "name: OTHER", 1),
			fails: "$(LEVEL)",
		},
		"Unknown": {
			reason: "Other fields of the pod are nothing that the benchmark has.", fails: `variable "NS"`,
			manifests: strings.Replace(deployment, "metadata.namespace", "status.podIP", 1),
		},
		"Command": {
			reason: "With a command the arguments mean something else.", fails: "no command",
			manifests: strings.Replace(deployment, "- name: controller", "- command: [sh]\n          name: controller", 1),
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := controllerArgs([]byte(tc.manifests))
			if tc.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Errorf("%s\ncontrollerArgs(): %v, want an error with %q", tc.reason, err, tc.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\ncontrollerArgs(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestControllerArgsAsInstalled: what "install" applies can be run here, and in
// the namespaces that the fleet has.
func TestControllerArgsAsInstalled(t *testing.T) {
	args, err := controllerArgs(charts.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	if args[0] != "controller" {
		t.Errorf("the program is not run as the controller: %v", args)
	}
	for _, want := range []string{"--namespace=" + charts.Namespace, "--probe-namespace=" + probeNamespace} {
		if !slices.Contains(args, want) {
			t.Errorf("%s is missing in %v", want, args)
		}
	}
}
