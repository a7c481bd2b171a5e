package prepare

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// anUpstream has the identity of a new cluster, and credentials made of it.
func anUpstream(t *testing.T) upstream {
	t.Helper()
	u := upstream{identityDir: t.TempDir(), runDir: t.TempDir(), now: time.Now}
	id, err := pki.NewIdentity(v1alpha1.DistroK8s, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range id.Files() {
		write1(t, u.identityDir, name, string(content))
	}
	in := node.Inputs{Name: "server-0", IP: netip.MustParseAddr("10.214.0.9")}
	in.Config = guestapi.NodeConfig{Role: guestapi.RoleServer, ServiceCIDR: "10.96.0.0/16", ClusterDomain: "cluster.local", ExtraSANs: []string{"dev-api.default", "10.215.1.2"}}
	u.now = func() time.Time { return time.Now().Add(25 * time.Hour) } // its clock is ahead
	if err := u.credentials(in); err != nil {
		t.Fatal(err)
	}
	return u
}

// leaf is a certificate of the node.
func (u upstream) leaf(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	path := filepath.Join(u.runDir, "pki", name)
	pair, err := tls.LoadX509KeyPair(path+".crt", path+".key")
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

// lastsLikeItsAuthority holds a certificate against the clock of a node that is
// ahead while it boots.
func (u upstream) lastsLikeItsAuthority(t *testing.T, leaf *x509.Certificate, key string) {
	t.Helper()
	block, _ := pem.Decode([]byte(read1(t, u.identityDir, key)))
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !leaf.NotBefore.Equal(ca.NotBefore) || !leaf.NotAfter.Equal(ca.NotAfter) {
		t.Errorf("valid from %s to %s, its authority from %s to %s", leaf.NotBefore, leaf.NotAfter, ca.NotBefore, ca.NotAfter)
	}
}

func (u upstream) authority(t *testing.T, key string) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(read1(t, u.identityDir, key))) {
		t.Fatalf("%s is no certificate", key)
	}
	return pool
}

// TestLeaves holds every certificate against what its component is asked for.
func TestLeaves(t *testing.T) {
	u := anUpstream(t)
	const server, client = x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	cases := map[string]struct {
		reason    string
		file      string
		authority string
		name      string
		usages    []x509.ExtKeyUsage
		serves    []string
	}{
		"APIServer": {
			reason: "Pods, people and the node itself call the API by different names.", file: "apiserver", authority: guestapi.IdentityCACert, name: "kube-apiserver",
			usages: []x509.ExtKeyUsage{server},
			serves: []string{"kubernetes", "kubernetes.default.svc.cluster.local", "10.96.0.1", "10.214.0.9", "localhost", "127.0.0.1", "server-0", "dev-api.default", "10.215.1.2"},
		},
		"KubeletClient": {reason: "The API server reads logs of pods by this name.", file: "apiserver-kubelet-client", authority: guestapi.IdentityCACert, name: "kube-apiserver-kubelet-client", usages: []x509.ExtKeyUsage{client}},
		"EtcdClient":    {reason: "The API server writes by this name.", file: "apiserver-etcd-client", authority: guestapi.IdentityEtcdCACert, name: "kube-apiserver-etcd-client", usages: []x509.ExtKeyUsage{client}},
		"FrontProxy":    {reason: "Extension API servers believe whoever has this name.", file: "front-proxy-client", authority: guestapi.IdentityFrontProxyCert, name: "front-proxy-client", usages: []x509.ExtKeyUsage{client}},
		"EtcdServer":    {reason: "etcd asks itself, too.", file: "etcd/server", authority: guestapi.IdentityEtcdCACert, name: "server-0", usages: []x509.ExtKeyUsage{server, client}, serves: []string{"localhost", "127.0.0.1", "::1", "10.214.0.9"}},
		"EtcdPeer":      {reason: "A member is both to its peers, at a name that lasts.", file: "etcd/peer", authority: guestapi.IdentityEtcdCACert, name: "server-0", usages: []x509.ExtKeyUsage{server, client}, serves: []string{node.PeerName("server-0"), "10.214.0.9"}},
		"Healthcheck":   {reason: "Somebody who looks after etcd by hand has it where kubeadm has it.", file: "etcd/healthcheck-client", authority: guestapi.IdentityEtcdCACert, name: "kube-etcd-healthcheck-client", usages: []x509.ExtKeyUsage{client}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			leaf := u.leaf(t, tc.file)
			u.lastsLikeItsAuthority(t, leaf, tc.authority)
			if len(leaf.Subject.Organization) > 0 {
				t.Errorf("%s\nit is in groups %q", tc.reason, leaf.Subject.Organization)
			}
			if _, err := leaf.Verify(x509.VerifyOptions{Roots: u.authority(t, tc.authority), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
				t.Errorf("%s\n%v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.usages, leaf.ExtKeyUsage); diff != "" || leaf.Subject.CommonName != tc.name {
				t.Errorf("%s\nname %q, usages: -want, +got:\n%s", tc.reason, leaf.Subject.CommonName, diff)
			}
			for _, host := range tc.serves {
				if err := leaf.VerifyHostname(host); err != nil {
					t.Errorf("%s\n%v", tc.reason, err)
				}
			}
		})
	}
}

// TestUsers holds every kubeconfig against who it is for.
func TestUsers(t *testing.T) {
	u := anUpstream(t)
	cases := map[string]struct {
		reason string
		name   string
		groups []string
	}{
		"admin.conf":              {reason: "kubeadm's phases run as its own group.", name: "kubernetes-admin", groups: []string{"kubeadm:cluster-admins"}},
		"super-admin.conf":        {reason: "This one needs no binding.", name: "kubernetes-super-admin", groups: []string{"system:masters"}},
		"controller-manager.conf": {reason: "The name has a role from the start.", name: "system:kube-controller-manager"},
		"scheduler.conf":          {reason: "So has this one.", name: "system:kube-scheduler"},
		"kubelet.conf":            {reason: "The node authorizer knows nodes by name and group.", name: "system:node:server-0", groups: []string{"system:nodes"}},
	}
	for file, tc := range cases {
		t.Run(file, func(t *testing.T) {
			config, err := kubeconfig.Parse([]byte(read1(t, u.runDir, file)))
			if err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode(config.ClientCert)
			leaf, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.groups, leaf.Subject.Organization); diff != "" || leaf.Subject.CommonName != tc.name || config.Server != "https://10.214.0.9:6443" {
				t.Errorf("%s\nname %q at %q, groups: -want, +got:\n%s", tc.reason, leaf.Subject.CommonName, config.Server, diff)
			}
			u.lastsLikeItsAuthority(t, leaf, guestapi.IdentityCACert)
			if _, err := leaf.Verify(x509.VerifyOptions{Roots: u.authority(t, guestapi.IdentityCACert), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
				t.Errorf("%s\n%v", tc.reason, err)
			}
		})
	}
}

// TestControlPlaneHasNoKubelet: what is no node has no credentials of one.
func TestControlPlaneHasNoKubelet(t *testing.T) {
	in := node.Inputs{Name: "server-0"}
	if _, ok := usersOf(in)["kubelet.conf"]; !ok {
		t.Error("a node has no credentials")
	}
	in.Config.ControlPlaneOnly = true
	if _, ok := usersOf(in)["kubelet.conf"]; ok {
		t.Error("a control plane alone could register as a node")
	}
}

// TestCredentialFiles: nobody but root reads a key, and there are no others.
func TestCredentialFiles(t *testing.T) {
	u := anUpstream(t)
	want := []string{
		"admin.conf", "controller-manager.conf", "kubelet.conf",
		"pki/apiserver-etcd-client.crt", "pki/apiserver-etcd-client.key", "pki/apiserver-kubelet-client.crt", "pki/apiserver-kubelet-client.key",
		"pki/apiserver.crt", "pki/apiserver.key", "pki/etcd/healthcheck-client.crt", "pki/etcd/healthcheck-client.key",
		"pki/etcd/peer.crt", "pki/etcd/peer.key", "pki/etcd/server.crt", "pki/etcd/server.key",
		"pki/front-proxy-client.crt", "pki/front-proxy-client.key", "scheduler.conf", "super-admin.conf",
	}
	var got []string
	err := filepath.WalkDir(u.runDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(u.runDir, path)
		got = append(got, name)
		if info, statErr := entry.Info(); statErr != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), statErr)
		}
		return err
	})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, files: -want, +got:\n%s", err, diff)
	}
}
