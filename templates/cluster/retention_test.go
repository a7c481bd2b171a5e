package cluster

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestRetention: what a StatefulSet deletes when it is deleted are the volumes
// that say by themselves of nobody whose they are.
func TestRetention(t *testing.T) {
	const outlive, follow = appsv1.RetainPersistentVolumeClaimRetentionPolicyType, appsv1.DeletePersistentVolumeClaimRetentionPolicyType
	work := Group{Name: "work", Role: "agent", Replicas: 1}
	ephemeral, adopted := Servers(minimal().Spec), Servers(minimal().Spec)
	ephemeral.Storage.Ephemeral, adopted.Adopted = ptr.To(true), true
	cases := map[string]struct {
		reason string
		group  Group
		model  string // what a kept group takes after: the servers, as they are or of an older template
		want   appsv1.PersistentVolumeClaimRetentionPolicyType
		owners int
	}{
		"Servers":   {reason: "Theirs go with the cluster.", group: Servers(minimal().Spec), want: outlive, owners: 1},
		"Pool":      {reason: "A pool that is removed takes its own along.", group: work, want: follow},
		"Ephemeral": {reason: "There are none.", group: ephemeral, want: follow},
		"Adopted":   {reason: "They came from elsewhere, and nothing else would delete them.", group: adopted, want: follow, owners: 1},
		"Kept":      {reason: "They are made as ever.", group: Servers(minimal().Spec), model: "new", want: outlive, owners: 1},
		"KeptOlder": {reason: "Nothing says whose they are, and a template never changes.", group: Servers(minimal().Spec), model: "older", want: follow},
		"KeptPool":  {reason: "It takes after servers, and not in that.", group: work, model: "new", want: follow},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			set := made(t, tc.group)
			if tc.model != "" {
				set = keptAs(t, tc.group, tc.model)
			}
			policy := set.Spec.PersistentVolumeClaimRetentionPolicy
			if *policy.WhenDeleted != tc.want || *policy.WhenScaled != follow {
				t.Errorf("%s\ngot whenDeleted %s, whenScaled %s, want %s and Delete", tc.reason, *policy.WhenDeleted, *policy.WhenScaled, tc.want)
			}
			if owners := keepers(t, set); owners != tc.owners {
				t.Errorf("%s\nits volumes have %d owners, want %d", tc.reason, owners, tc.owners)
			}
		})
	}
}

func made(t *testing.T, g Group) *appsv1ac.StatefulSetApplyConfiguration {
	t.Helper()
	set, err := StatefulSet(minimal(), g, shape(false))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// keptAs is a group that takes after servers, as far as its volumes go: all of it
// needs the fields that a real API server keeps account of.
func keptAs(t *testing.T, g Group, model string) *appsv1ac.StatefulSetApplyConfiguration {
	t.Helper()
	servers := made(t, Servers(minimal().Spec))
	if model == "older" {
		servers.Spec.VolumeClaimTemplates[0].OwnerReferences = nil
	}
	if g.Name != ServerGroup {
		takeAfter(servers, minimal(), g)
	}
	servers.Spec.WithPersistentVolumeClaimRetentionPolicy(running(g, servers.Spec))
	return servers
}

// keepers counts the owners that volumes are made with.
func keepers(t *testing.T, set *appsv1ac.StatefulSetApplyConfiguration) int {
	t.Helper()
	owners := 0
	for _, claim := range set.Spec.VolumeClaimTemplates {
		owners += len(claim.OwnerReferences)
		for _, o := range claim.OwnerReferences {
			if *o.Kind != v1alpha1.VirtualClusterKind || *o.UID != minimal().UID || o.Controller != nil || o.BlockOwnerDeletion != nil {
				t.Errorf("a volume is made with the owner %+v", o)
			}
		}
	}
	return owners
}
