package node

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// What the product tells K3s is not the user's to tell: the user's file is read
// last.
func TestOwnKeysOfK3sAreReserved(t *testing.T) {
	for name, inputs := range map[string]func(*Inputs){"server": k3sInputs, "agent": k3sPool} {
		told := k3sKeys(t, inputs)
		if len(told) < 5 {
			t.Fatalf("%s: only %v are told", name, told)
		}
		refused := v1alpha1.RefusedConfigKeys(told)
		if len(refused) != len(told) {
			t.Errorf("%s: of %v only %q are refused to users", name, told, refused)
		}
	}
}

// An agent of K3s that is told what it does not know does not start.
func TestAgentsKnowWhatTheyAreTold(t *testing.T) {
	for key := range k3sKeys(t, k3sPool) {
		if !slices.Contains(k3sAgentFlags, key) {
			t.Errorf("%q is no flag of an agent of K3s", key)
		}
	}
}

// k3sPool makes the node one of a pool that is told everything we have to say.
func k3sPool(in *Inputs) {
	k3sInputs(in)
	in.Config.Role = guestapi.RoleAgent
	in.Config.JoinEndpoint = "10.96.0.9:6443"
	in.Config.NodeLabels = map[string]string{"a": "b"}
	in.Config.NodeTaints = []string{"a=b:NoSchedule"}
}

// k3sKeys are the keys of the configuration of K3s that a node begins with.
func k3sKeys(t *testing.T, inputs func(*Inputs)) map[string]string {
	t.Helper()
	files, err := Files(serverInputs(inputs))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for _, f := range files {
		if !strings.HasPrefix(f.Path, k3sConfigDir) {
			continue
		}
		var values map[string]any
		if err := yaml.Unmarshal([]byte(f.Content), &values); err != nil {
			t.Fatalf("%s: %v", f.Path, err)
		}
		for key := range values {
			keys[strings.TrimSuffix(key, "+")] = ""
		}
	}
	return keys
}
