package prepare

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// readIdentity reads the identity of a cluster as it was handed in.
func readIdentity(dir string, distro v1alpha1.Distro) (pki.Identity, error) {
	files := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return pki.Identity{}, &Stop{Reason: "IdentityIncomplete", Err: fmt.Errorf("read the identity: %w", err)}
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err == nil { // folders that a projected volume is made of are none of it
			files[entry.Name()] = content
		}
	}
	id, err := pki.LoadIdentity(distro, files)
	if err != nil {
		return pki.Identity{}, &Stop{Reason: "IdentityIncomplete", Err: fmt.Errorf("read the identity: %w", err)}
	}
	return id, nil
}

// credentials makes every certificate and kubeconfig of the components from the
// identity. They are made anew at each boot, on tmpfs: the address of a pod
// changes, and no certificate gets old.
//
// Names and groups are those that kubeadm gives; the phases of kubeadm that run
// later expect them. kubeadm itself would make them too, but starting it takes
// ten times as long, while the whole node waits.
func (u upstream) credentials(in node.Inputs) error {
	id, err := readIdentity(u.identityDir, v1alpha1.DistroK8s)
	if err != nil {
		return err
	}
	leaves, err := leavesOf(in)
	if err != nil {
		return err
	}
	for file, leaf := range leaves {
		made, err := id.Issue(leaf, u.now(), rand.Reader)
		if err != nil {
			return err
		}
		if err := writePair(u.runDir, file, made); err != nil {
			return err
		}
	}
	server := fmt.Sprintf("https://%s", netip.AddrPortFrom(in.IP, node.APIPort))
	for file, user := range usersOf(in) {
		access := kubeconfig.Params{Name: user.Name, Server: server}
		if err := writeKubeconfig(filepath.Join(u.runDir, file), id, user, access, u.now()); err != nil {
			return err
		}
	}
	return nil
}

// leavesOf are the certificates of the components of a server, by file below
// the folder of certificates.
func leavesOf(in node.Inputs) (map[string]pki.Leaf, error) {
	names, addresses, err := node.APINames(in)
	if err != nil {
		return nil, err
	}
	const api, front, etcd = guestapi.IdentityCACert, guestapi.IdentityFrontProxyCert, guestapi.IdentityEtcdCACert
	here := []netip.Addr{in.IP, netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}
	return map[string]pki.Leaf{
		"apiserver":                {Authority: api, Name: "kube-apiserver", DNSNames: names, Addresses: addresses, ServerOnly: true},
		"apiserver-kubelet-client": {Authority: api, Name: "kube-apiserver-kubelet-client"},
		"apiserver-etcd-client":    {Authority: etcd, Name: "kube-apiserver-etcd-client"},
		"front-proxy-client":       {Authority: front, Name: "front-proxy-client"},
		"etcd/healthcheck-client":  {Authority: etcd, Name: "kube-etcd-healthcheck-client"},
		"etcd/server":              {Authority: etcd, Name: in.Name, DNSNames: []string{"localhost", in.Name}, Addresses: here},
		// Its own address is in it: peers then take each other's word without
		// asking a resolver.
		"etcd/peer": {Authority: etcd, Name: in.Name, DNSNames: []string{"localhost", in.Name, node.PeerName(in.Name)}, Addresses: here},
	}, nil
}

// usersOf are the users of the API that a server has kubeconfigs for, by file.
func usersOf(in node.Inputs) map[string]pki.Leaf {
	users := map[string]pki.Leaf{
		"admin.conf":              {Name: "kubernetes-admin", Groups: []string{"kubeadm:cluster-admins"}},
		"super-admin.conf":        {Name: "kubernetes-super-admin", Groups: []string{"system:masters"}},
		"controller-manager.conf": {Name: "system:kube-controller-manager"},
		"scheduler.conf":          {Name: "system:kube-scheduler"},
		"kubelet.conf":            {Name: "system:node:" + in.Name, Groups: []string{"system:nodes"}},
	}
	if in.Config.ControlPlaneOnly {
		delete(users, "kubelet.conf") // it is no node
	}
	for file, user := range users {
		user.Authority = guestapi.IdentityCACert
		users[file] = user
	}
	return users
}

// writeKubeconfig writes how to reach the API as a user, whom it makes.
func writeKubeconfig(path string, id pki.Identity, user pki.Leaf, access kubeconfig.Params, now time.Time) error {
	made, err := id.Issue(user, now, rand.Reader)
	if err != nil {
		return err
	}
	access.CA, access.ClientCert, access.ClientKey = id.ServerCA(), made.Cert, made.Key
	config, err := kubeconfig.Build(access)
	if err != nil {
		return err
	}
	return writeFile(node.File{Path: path, Mode: 0o600, Content: string(config)})
}

// writePair writes a certificate and its key to the folder of certificates.
func writePair(runDir, name string, made pki.Credentials) error {
	for suffix, content := range map[string][]byte{".crt": made.Cert, ".key": made.Key} {
		path := filepath.Join(runDir, "pki", name+suffix)
		if err := writeFile(node.File{Path: path, Mode: 0o600, Content: string(content)}); err != nil {
			return err
		}
	}
	return nil
}
