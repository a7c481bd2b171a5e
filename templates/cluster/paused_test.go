package cluster

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// applied is a StatefulSet as the API server holds it once it was applied, all
// of it ours.
func applied(t *testing.T, config any) *appsv1.StatefulSet {
	t.Helper()
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	set := &appsv1.StatefulSet{}
	if err := json.Unmarshal(data, set); err != nil {
		t.Fatal(err)
	}
	return owned(t, set, data)
}

// owned marks every field of an object as ours.
func owned(t *testing.T, set *appsv1.StatefulSet, data []byte) *appsv1.StatefulSet {
	t.Helper()
	var content map[string]any
	if err := json.Unmarshal(data, &content); err != nil {
		t.Fatal(err)
	}
	fields, err := json.Marshal(map[string]any{"f:spec": fieldsOf(content["spec"].(map[string]any))})
	if err != nil {
		t.Fatal(err)
	}
	set.ManagedFields = []metav1.ManagedFieldsEntry{{
		Manager: v1alpha1.FieldOwner, Operation: metav1.ManagedFieldsOperationApply, APIVersion: "apps/v1",
		FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(string(fields)),
	}}
	return set
}

// fieldsOf names the fields of an object in the form of managed fields. Lists
// are left out: that is enough to tell what is kept.
func fieldsOf(content map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range content {
		switch v := value.(type) {
		case map[string]any:
			out["f:"+key] = fieldsOf(v)
		case []any:
		default:
			out["f:"+key] = map[string]any{}
		}
	}
	return out
}

// TestPausedStatefulSet: a pause changes how many pods there are and what becomes
// of the volumes of those that are not; and making it anew changes both back.
func TestPausedStatefulSet(t *testing.T) {
	in := minimal()
	running, err := StatefulSet(in, Servers(in.Spec), shape(false))
	if err != nil {
		t.Fatal(err)
	}
	set := applied(t, running)
	if IsPaused(set) {
		t.Error("a StatefulSet that runs counts as paused")
	}
	config, err := PausedStatefulSet(set)
	if err != nil {
		t.Fatal(err)
	}
	if *config.Spec.Replicas != 0 || config.Spec.Template == nil {
		t.Errorf("paused, it has %d replicas and the template %v", *config.Spec.Replicas, config.Spec.Template)
	}
	paused := applied(t, config)
	if !IsPaused(paused) {
		t.Error("a StatefulSet that is paused counts as running")
	}
	if got := paused.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted; got != set.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted {
		t.Errorf("volumes of a StatefulSet that is deleted while it is paused: got %s, before %s", got, set.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted)
	}
	ours, err := ExtractStatefulSet(set, v1alpha1.FieldOwner)
	if err != nil {
		t.Fatal(err)
	}
	config.Spec.Replicas, config.Spec.PersistentVolumeClaimRetentionPolicy = ours.Spec.Replicas, ours.Spec.PersistentVolumeClaimRetentionPolicy
	if diff := cmp.Diff(ours, config); diff != "" {
		t.Errorf("a pause changes more: -before +after:\n%s", diff)
	}
}

// TestPausedStatefulSetOfOthers: a StatefulSet that was restored from a backup
// has no field of ours, and stops like any other.
func TestPausedStatefulSetOfOthers(t *testing.T) {
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: "dev-server"}, Spec: appsv1.StatefulSetSpec{Replicas: ptr.To[int32](1)}}
	config, err := PausedStatefulSet(set)
	if err != nil {
		t.Fatal(err)
	}
	if config.Spec.Replicas == nil || *config.Spec.Replicas != 0 {
		t.Errorf("it has %v replicas, want 0", config.Spec.Replicas)
	}
}
