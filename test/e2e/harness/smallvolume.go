package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// SmallVolume offers one volume of a given size on the host's node, under a
// StorageClass of its own: a file system in a file, so that filling it fills
// nothing else. The name is that of the class. With the host's node it goes away
// by itself; remove takes it away before that, once nobody uses it.
func (h *Host) SmallVolume(ctx context.Context, name, size string) (remove func(context.Context) error, err error) {
	capacity, err := resource.ParseQuantity(size)
	if err != nil {
		return nil, fmt.Errorf("small volume %q: %w", name, err)
	}
	dir := "/var/lib/" + name
	image := filepath.Join(h.Dir, name+".img")
	if err := h.mountFile(ctx, image, dir, capacity.Value()); err != nil {
		return nil, fmt.Errorf("small volume %q: %w", name, err)
	}
	class, volume := localVolume(name, dir, capacity)
	remove = func(ctx context.Context) error {
		_, err := h.OnNode(ctx, "umount", dir)
		return errors.Join(err, os.Remove(image),
			ignoreNotFound(h.Delete(ctx, volume)), ignoreNotFound(h.Delete(ctx, class)))
	}
	if err := h.Create(ctx, class); err != nil {
		return remove, err
	}
	return remove, h.Create(ctx, volume)
}

// mountFile makes a file system in a file of this machine and mounts it on the
// node. The loop device between them goes when the mount does.
func (h *Host) mountFile(ctx context.Context, image, dir string, size int64) error {
	f, err := os.Create(image)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
		return err
	}
	if err := command(ctx, nil, "mkfs.ext4", "-q", "-m", "0", image); err != nil {
		return err
	}
	var device strings.Builder
	if err := command(ctx, &device, "losetup", "--find", "--show", image); err != nil {
		return err
	}
	loop := strings.TrimSpace(device.String())
	const mount = `[ -b "$1" ] || mknod "$1" b 7 "${1#/dev/loop}" && mkdir -p "$2" && mount "$1" "$2"`
	_, err = h.OnNode(ctx, "sh", "-c", mount, "sh", loop, dir)
	// From now on it is in use, and will be let go with the last user.
	return errors.Join(err, command(ctx, nil, "losetup", "--detach", loop))
}

func command(ctx context.Context, out *strings.Builder, name string, args ...string) error {
	var words strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &words
	if out != nil {
		cmd.Stdout = out
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w: %s", name, err, words.String())
	}
	return nil
}

func localVolume(name, dir string, capacity resource.Quantity) (*storagev1.StorageClass, *corev1.PersistentVolume) {
	class := &storagev1.StorageClass{
		ObjectMeta:        metav1.ObjectMeta{Name: name},
		Provisioner:       "kubernetes.io/no-provisioner",
		VolumeBindingMode: ptr.To(storagev1.VolumeBindingWaitForFirstConsumer),
	}
	here := corev1.NodeSelectorRequirement{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{NodeName}}
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: capacity},
			AccessModes:                   []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			StorageClassName:              name,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: dir}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{here}}},
			}},
		},
	}
	return class, volume
}
