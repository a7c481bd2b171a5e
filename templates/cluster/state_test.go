package cluster

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestKeptState: a pool that comes new to a cluster of an older template has the
// state that it asks for, whatever the group has that it takes after.
func TestKeptState(t *testing.T) {
	cases := map[string]struct {
		reason       string
		block        bool // of the servers
		pool         Group
		devices      int
		medium       corev1.StorageMedium
		claims       int
		mountsFolder bool
	}{
		"Folder":           {reason: "As the servers.", pool: Group{Name: "work", Role: "agent", Replicas: 1}, claims: 1, mountsFolder: true},
		"Device":           {reason: "As the servers, too.", block: true, pool: Group{Name: "work", Role: "agent", Replicas: 1, Block: true}, claims: 1, devices: 1},
		"EphemeralDevices": {reason: "A folder of the host is no use where the others have devices.", block: true, pool: Group{Name: "work", Role: "agent", Replicas: 1, Storage: v1alpha1.Storage{Ephemeral: ptr.To(true)}}, medium: corev1.StorageMediumMemory, mountsFolder: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := alone()
			servers := Servers(in.Spec)
			servers.Block = tc.block
			config, err := KeptConfigMap(in, tc.pool, configOf(t, in, servers))
			if err != nil {
				t.Fatal(err)
			}
			var told map[string]any
			if err := yaml.Unmarshal([]byte(config.Data[keyNodeConfig]), &told); err != nil {
				t.Fatal(err)
			}
			if told["controlPlaneOnly"] != nil || (told["stateDevice"] != nil) != (tc.devices > 0) {
				t.Errorf("%s the pool is told %v", tc.reason, told)
			}
			set, err := StatefulSet(in, servers, shape(false))
			if err != nil {
				t.Fatal(err)
			}
			takeAfter(set, in, tc.pool)
			pod := set.Spec.Template.Spec
			folder := false
			for _, m := range pod.Containers[0].VolumeMounts {
				folder = folder || *m.Name == volumeState
			}
			if folder != tc.mountsFolder || len(pod.Containers[0].VolumeDevices) != tc.devices || len(set.Spec.VolumeClaimTemplates) != tc.claims {
				t.Errorf("%s folder: %t, devices: %d, claims: %d", tc.reason, folder, len(pod.Containers[0].VolumeDevices), len(set.Spec.VolumeClaimTemplates))
			}
			for _, v := range pod.Volumes {
				if v.EmptyDir != nil && ptr.Deref(v.EmptyDir.Medium, "") != tc.medium {
					t.Errorf("%s state is kept on %q", tc.reason, ptr.Deref(v.EmptyDir.Medium, ""))
				}
			}
		})
	}
}

// TestClaimAccess: what two kernels would mount at once is for one pod alone.
func TestClaimAccess(t *testing.T) {
	cases := map[string]struct {
		reason string
		block  bool
		want   corev1.PersistentVolumeAccessMode
	}{
		"Folder": {reason: "The kernel of the machine mounts it, once.", want: corev1.ReadWriteOnce},
		"Device": {reason: "Each virtual machine would mount it itself.", block: true, want: corev1.ReadWriteOncePod},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			g := Group{Name: "work", Role: "agent", Replicas: 1, Block: tc.block}
			if got := stateClaim(alone(), g).Spec.AccessModes; !slices.Equal(got, []corev1.PersistentVolumeAccessMode{tc.want}) {
				t.Errorf("%s got %v, want %s", tc.reason, got, tc.want)
			}
		})
	}
}

func configOf(t *testing.T, in Input, g Group) *corev1.ConfigMap {
	t.Helper()
	built, err := ConfigMap(in, g)
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: *built.Name}, Data: built.Data}
}
