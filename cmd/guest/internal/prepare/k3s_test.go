package prepare

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// aK3s is a node image with K3s, one bundled image and a fresh state volume.
func aK3s(t *testing.T) k3s {
	t.Helper()
	k := newK3s()
	for _, dir := range []*string{&k.identityDir, &k.stateDir, &k.shareDir, &k.imageDir, &k.runDir} {
		*dir = t.TempDir()
	}
	k.ownDir = filepath.Join(k.stateDir, "vcluster")
	write1(t, k.shareDir, "version", "v1.36.3+k3s1\n")
	write1(t, k.imageDir, "pause.tar", "x")
	putIdentity(t, k)
	return k
}

func putIdentity(t *testing.T, k k3s) pki.Identity {
	t.Helper()
	id, err := pki.NewIdentity(v1alpha1.DistroK3s, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range id.Files() {
		write1(t, k.identityDir, name, string(content))
	}
	return id
}

func aServer() node.Inputs {
	in := node.Inputs{Name: "server-0", IP: netip.MustParseAddr("10.214.0.9")}
	in.Config.Role, in.Config.Distro = guestapi.RoleServer, guestapi.DistroK3s
	return in
}

func TestK3sInputs(t *testing.T) {
	k := aK3s(t)
	server, agent := aServer(), aServer()
	agent.Config.Role = guestapi.RoleAgent
	for _, in := range []*node.Inputs{&server, &agent} {
		if err := k.inputs(in); err != nil {
			t.Fatal(err)
		}
		if in.Version != "v1.36.3+k3s1" {
			t.Errorf("version %q", in.Version)
		}
	}
	if len(server.ServerToken) < 32 || agent.ServerToken != "" {
		t.Errorf("server token %q on the server, %q on the agent", server.ServerToken, agent.ServerToken)
	}
}

func TestK3sIsNotCarried(t *testing.T) {
	k := aK3s(t)
	k.shareDir = t.TempDir()
	in := aServer()
	if err := k.inputs(&in); err != nil || in.Version != "" {
		t.Errorf("version %q, %v: the image carries no K3s", in.Version, err)
	}
}

func TestK3sIncompleteIdentity(t *testing.T) {
	k := aK3s(t)
	if err := os.Remove(filepath.Join(k.identityDir, guestapi.IdentityClientCAKey)); err != nil {
		t.Fatal(err)
	}
	in := aServer()
	var stop *Stop
	if err := k.inputs(&in); !errors.As(err, &stop) || stop.Reason != "IdentityIncomplete" {
		t.Errorf("a missing key must stop the node: %v", err)
	}
}

func read1(t *testing.T, parts ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestK3sPlace: authorities go where none are, and stay as K3s has them since.
func TestK3sPlace(t *testing.T) {
	k := aK3s(t)
	if err := k.place(aServer()); err != nil {
		t.Fatal(err)
	}
	tlsDir := filepath.Join(k.stateDir, "server/tls")
	for _, name := range k3sAuthorities {
		if read1(t, tlsDir, name) != read1(t, k.identityDir, name) {
			t.Errorf("%s is not the identity's", name)
		}
	}
	const rotated = "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n"
	write1(t, tlsDir, guestapi.IdentityServiceKey, rotated)
	if err := k.place(aServer()); err != nil {
		t.Fatalf("a second boot on the same volume: %v", err)
	}
	if got := read1(t, tlsDir, guestapi.IdentityServiceKey); got != rotated {
		t.Errorf("a file that was there was overwritten with %q", got)
	}
	if info, err := os.Stat(tlsDir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may read the authorities: %v, %v", info.Mode(), err)
	}
	if _, err := os.Stat(filepath.Join(tlsDir, guestapi.IdentityEtcdCAKey)); err == nil {
		t.Error("the datastore's authority is none of K3s's")
	}
}

func TestK3sPlaceOnAForeignVolume(t *testing.T) {
	k := aK3s(t)
	if err := k.place(aServer()); err != nil {
		t.Fatal(err)
	}
	putIdentity(t, k)
	var stop *Stop
	if err := k.place(aServer()); !errors.As(err, &stop) || stop.Reason != "IdentityMismatch" {
		t.Errorf("another identity must be kept away from the volume: %v", err)
	}
}

func TestK3sPlaceAgent(t *testing.T) {
	k := aK3s(t)
	k.identityDir = t.TempDir()
	in := aServer()
	in.Config.Role = guestapi.RoleAgent
	if err := k.place(in); err != nil {
		t.Fatalf("a pool node has no identity and needs none: %v", err)
	}
}

// TestK3sPlaceAfterPowerLoss: files that came out empty are made anew.
func TestK3sPlaceAfterPowerLoss(t *testing.T) {
	k := aK3s(t)
	if err := k.place(aServer()); err != nil {
		t.Fatal(err)
	}
	password := read1(t, k.ownDir, "node/password")
	tlsDir := filepath.Join(k.stateDir, "server/tls")
	write1(t, k.ownDir, "identity.sha256", "")
	write1(t, k.ownDir, "node/password", "\n")
	write1(t, tlsDir, guestapi.IdentityServerCACert, "")
	write1(t, tlsDir, guestapi.IdentityServiceKey, "-----BEGIN EC PRI")
	cred := filepath.Join(k.stateDir, "server/cred")
	if err := os.Mkdir(cred, 0o700); err != nil {
		t.Fatal(err)
	}
	write1(t, cred, "passwd", "")
	write1(t, cred, "ipsec.psk", "x")
	if err := k.place(aServer()); err != nil {
		t.Fatal(err)
	}
	for _, name := range k3sAuthorities {
		if read1(t, tlsDir, name) != read1(t, k.identityDir, name) {
			t.Errorf("%s is not the identity's", name)
		}
	}
	if diff := cmp.Diff([]string{"ipsec.psk"}, names(t, cred)); diff != "" {
		t.Errorf("credentials that K3s is to take from its datastore: -want +got:\n%s", diff)
	}
	if got := read1(t, k.ownDir, "node/password"); got != password {
		t.Errorf("the node comes back with the password %q, not %q", got, password)
	}
}

// TestK3sPassword: a node that lost its volume is known by the same password, no
// other node has it, and pool nodes can't work that of a server out.
func TestK3sPassword(t *testing.T) {
	password := func(change func(*node.Inputs)) string {
		k := aK3s(t)
		in := aServer()
		in.Config.Role, in.Name, in.JoinToken, in.ServerToken = guestapi.RoleAgent, "work-0", "agents", "servers"
		change(&in)
		if err := k.placePassword(in); err != nil {
			t.Fatal(err)
		}
		return read1(t, k.ownDir, "node/password")
	}
	first := password(func(*node.Inputs) {})
	if len(first) < 32 || password(func(*node.Inputs) {}) != first {
		t.Errorf("password %q, and another one on a fresh volume", first)
	}
	for name, change := range map[string]func(*node.Inputs){
		"another node":    func(in *node.Inputs) { in.Name = "work-1" },
		"another cluster": func(in *node.Inputs) { in.JoinToken = "others" },
		"a server":        func(in *node.Inputs) { in.Config.Role = guestapi.RoleServer },
	} {
		if password(change) == first {
			t.Errorf("%s has the same password", name)
		}
	}
	server := func(in *node.Inputs) { in.Config.Role = guestapi.RoleServer }
	if password(server) != password(func(in *node.Inputs) { server(in); in.JoinToken = "others" }) {
		t.Error("the password of a server is made of what pool nodes know")
	}
	k := aK3s(t)
	if err := os.MkdirAll(filepath.Join(k.ownDir, "node"), 0o700); err != nil {
		t.Fatal(err)
	}
	write1(t, filepath.Join(k.ownDir, "node"), "password", "K3s's own\n")
	if err := k.placePassword(aServer()); err != nil || read1(t, k.ownDir, "node/password") != "K3s's own\n" {
		t.Errorf("a password that the cluster may know already was replaced, %v", err)
	}
}

// TestK3sLinks: what a new image brings replaces what an old one brought, and
// what is the user's or K3s's own stays.
func TestK3sLinks(t *testing.T) {
	k := aK3s(t)
	if err := k.place(aServer()); err != nil {
		t.Fatal(err)
	}
	imageDir := filepath.Join(k.stateDir, "agent/images")
	write1(t, imageDir, "mine.tar", "x")
	if err := os.Rename(filepath.Join(k.imageDir, "pause.tar"), filepath.Join(k.imageDir, "pause2.tar")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(k.shareDir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := k.place(aServer()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mine.tar", "pause2.tar"}, names(t, imageDir)); diff != "" {
		t.Errorf("images: -want +got:\n%s", diff)
	}
	data := filepath.Join(k.stateDir, "data")
	if target, err := os.Readlink(data); err != nil || target != filepath.Join(k.shareDir, "data") {
		t.Errorf("the programs of K3s link to %q, %v", target, err)
	}
	if err := os.Remove(filepath.Join(k.shareDir, "data")); err != nil {
		t.Fatal(err)
	}
	if err := k.place(aServer()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(data); err == nil {
		t.Error("the link leads nowhere: K3s can't unpack its programs")
	}
}

// TestK3sForeignImage: a file of somebody else that has the name of a bundled
// image stays, is told of, and does not keep the node from booting.
func TestK3sForeignImage(t *testing.T) {
	k := aK3s(t)
	var journal strings.Builder
	k.log = slog.New(slog.NewTextHandler(&journal, nil))
	write1(t, k.imageDir, "zzz.tar", "x")
	imageDir := filepath.Join(k.stateDir, "agent/images")
	if err := os.MkdirAll(imageDir, 0o700); err != nil {
		t.Fatal(err)
	}
	write1(t, imageDir, "pause.tar", "theirs")
	if err := k.place(aServer()); err != nil {
		t.Fatal(err)
	}
	if got := read1(t, imageDir, "pause.tar"); got != "theirs" {
		t.Errorf("a foreign file was replaced with %q", got)
	}
	if target, err := os.Readlink(filepath.Join(imageDir, "zzz.tar")); err != nil || target != filepath.Join(k.imageDir, "zzz.tar") {
		t.Errorf("the images after it are not linked: %q, %v", target, err)
	}
	if !strings.Contains(journal.String(), filepath.Join(imageDir, "pause.tar")) {
		t.Errorf("the journal does not name the file: %s", journal.String())
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestK3sCredentials(t *testing.T) {
	k := aK3s(t)
	if err := k.credentials(aServer()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"etcd/server", "etcd/peer", "apiserver-etcd-client"} {
		path := filepath.Join(k.runDir, "pki", name)
		if _, err := tls.LoadX509KeyPair(path+".crt", path+".key"); err != nil {
			t.Error(err)
		}
	}
	peer, err := tls.LoadX509KeyPair(filepath.Join(k.runDir, "pki/etcd/peer.crt"), filepath.Join(k.runDir, "pki/etcd/peer.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{node.PeerName("server-0"), aServer().IP.String()} {
		if err := peer.Leaf.VerifyHostname(name); err != nil {
			t.Errorf("peers must know the member by its name and its address: %v", err)
		}
	}
	if read1(t, k.runDir, "pki/etcd/ca.crt") != read1(t, k.identityDir, guestapi.IdentityEtcdCACert) {
		t.Error("the datastore trusts another authority")
	}
	admin, err := kubeconfig.Parse([]byte(read1(t, k.runDir, "super-admin.conf")))
	if err != nil || admin.TLSServerName != guestapi.FixedServerName {
		t.Errorf("administrator: %+v, %v", admin, err)
	}
}

func TestK3sCredentialsWithoutDatastore(t *testing.T) {
	k := aK3s(t)
	in := aServer()
	in.Config.Datastore = guestapi.DatastoreSQLite
	if err := k.credentials(in); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(k.runDir, "pki")); err == nil {
		t.Error("there is no datastore to make credentials for")
	}
}
