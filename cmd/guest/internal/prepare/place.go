package prepare

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/vclusterctl/vclusterctl/images"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// identityFiles maps the identity Secret's keys to kubeadm's file names.
var identityFiles = map[string]string{
	guestapi.IdentityCACert:         "ca.crt",
	guestapi.IdentityCAKey:          "ca.key",
	guestapi.IdentityFrontProxyCert: "front-proxy-ca.crt",
	guestapi.IdentityFrontProxyKey:  "front-proxy-ca.key",
	guestapi.IdentityEtcdCACert:     "etcd/ca.crt",
	guestapi.IdentityEtcdCAKey:      "etcd/ca.key",
	guestapi.IdentitySAKey:          "sa.key",
	guestapi.IdentitySAPub:          "sa.pub",
}

// upstream prepares nodes of distro k8s. Its paths are fields for the tests
// only.
type upstream struct {
	identityDir string // the identity, as it was handed in
	runDir      string // files of this boot
	now         func() time.Time
}

func newUpstream() upstream {
	return upstream{identityDir: guestapi.IdentityDir, runDir: node.RunDir, now: time.Now}
}

func (upstream) inputs(in *node.Inputs) error {
	in.Version = images.KubernetesVersion
	return nil
}

// place copies the cluster's identity to where the components read it, after
// making sure that the state volume belongs to this identity and no other: a
// new CA over a live datastore would destroy the cluster.
func (u upstream) place(in node.Inputs) error {
	if in.Config.Role != guestapi.RoleServer {
		return nil
	}
	if err := guardState(u.identityDir, guestapi.IdentityCACert, guestapi.StateDir); err != nil {
		return err
	}
	for key, name := range identityFiles {
		content, err := os.ReadFile(filepath.Join(u.identityDir, key))
		if err != nil {
			return &Stop{Reason: "IdentityIncomplete", Err: fmt.Errorf("read the identity: %w", err)}
		}
		if err := writeFile(node.File{Path: filepath.Join(u.runDir, "pki", name), Mode: 0o600, Content: string(content)}); err != nil {
			return err
		}
	}
	return nil
}

// guardState binds the state volume to the identity at first boot and checks
// the bond at every later one.
func guardState(identityDir, caCert, stateDir string) error {
	ca, err := os.ReadFile(filepath.Join(identityDir, caCert))
	if err != nil {
		return &Stop{Reason: "IdentityIncomplete", Err: fmt.Errorf("read the identity: %w", err)}
	}
	sum := sha256.Sum256(ca)
	want := hex.EncodeToString(sum[:])
	mark := filepath.Join(stateDir, "identity.sha256")
	have, err := readTrimmed(mark)
	switch {
	case os.IsNotExist(err), err == nil && have == "": // empty: the power went before the mark was on the disk
		return replaceFile(mark, want+"\n")
	case err != nil:
		return fmt.Errorf("read the mark of the state volume: %w", err)
	case have != want:
		return &Stop{Reason: "IdentityMismatch", Err: fmt.Errorf("the state volume belongs to another cluster identity (%.12s, not %.12s); restore the identity Secret it was made with, or give the cluster a new volume", have, want)}
	}
	return nil
}

// writeFile leaves a file alone that is right already: a full volume has no room
// to write it again, and must not keep a node from starting.
func writeFile(f node.File) error {
	if have, err := os.ReadFile(f.Path); err == nil && string(have) == f.Content {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return fmt.Errorf("write %s: %w", f.Path, err)
	}
	return os.WriteFile(f.Path, []byte(f.Content), f.Mode)
}

// placeSeccompProfiles copies handed-in profiles to where the kubelet looks for
// Localhost profiles. Folders below are kept: a pod names "folder/file".
func placeSeccompProfiles(stateDir string) error {
	root := stateDir + "/kubelet/seccomp"
	if _, err := os.Stat(guestapi.SeccompDir); err != nil {
		if os.IsNotExist(err) {
			return nil
		}
		return err
	}
	return copyTree(guestapi.SeccompDir, root)
}

// copyTree writes every regular file below from to the same place below to.
// It follows links: projected volumes and bind mounts are made of them.
func copyTree(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		source, target := filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())
		info, err := os.Stat(source)
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = copyTree(source, target)
		} else {
			err = copyFile(source, target)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(source, target string) error {
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	return writeFile(node.File{Path: target, Mode: 0o600, Content: string(content)})
}
