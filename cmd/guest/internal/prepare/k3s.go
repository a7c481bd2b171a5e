package prepare

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
	"github.com/vclusterctl/vclusterctl/kubeconfig/pki"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
	"github.com/vclusterctl/vclusterctl/templates/node"
)

// k3s prepares nodes of distro k3s. Its paths are fields for the tests only.
type k3s struct {
	identityDir string // the identity, as it was handed in
	stateDir    string // K3s's own folder on the state volume
	ownDir      string // ours beside it
	shareDir    string // what the image has of K3s beside its binary
	imageDir    string // the bundled images
	runDir      string // files of this boot
	now         func() time.Time
	log         *slog.Logger
}

func newK3s() k3s {
	return k3s{
		identityDir: guestapi.IdentityDir,
		stateDir:    guestapi.K3sStateDir,
		ownDir:      guestapi.OwnStateDirOf(guestapi.DistroK3s),
		shareDir:    guestapi.K3sShareDir,
		imageDir:    guestapi.BundledImageDir,
		runDir:      node.RunDir,
		now:         time.Now,
		log:         slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
}

// inputs leaves the version empty where the image carries no K3s.
func (k k3s) inputs(in *node.Inputs) error {
	var err error
	if in.Version, err = readTrimmed(filepath.Join(k.shareDir, filepath.Base(guestapi.K3sVersionFile))); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("read the version of K3s: %w", err)
	}
	if in.Config.Role != guestapi.RoleServer {
		return nil
	}
	id, err := k.identity()
	if err != nil {
		return err
	}
	if in.ServerToken, err = id.ServerToken(); err != nil {
		return fmt.Errorf("derive the server token: %w", err)
	}
	return nil
}

func (k k3s) identity() (pki.Identity, error) { return readIdentity(k.identityDir, v1alpha1.DistroK3s) }

// place readies the state volume. K3s keeps its authorities there, so they are
// written only where none are; a volume of another identity is refused before.
func (k k3s) place(in node.Inputs) error {
	if in.Config.Role == guestapi.RoleServer {
		if err := guardState(k.identityDir, guestapi.IdentityServerCACert, k.ownDir); err != nil {
			return err
		}
		if err := k.placeAuthorities(); err != nil {
			return err
		}
	}
	if err := k.dropEmpty(); err != nil {
		return err
	}
	if err := k.placePassword(in); err != nil {
		return fmt.Errorf("keep the node's password: %w", err)
	}
	if err := k.linkData(); err != nil {
		return fmt.Errorf("link the programs of K3s: %w", err)
	}
	if err := k.linkImages(); err != nil {
		return fmt.Errorf("link the bundled images: %w", err)
	}
	return nil
}

// k3sAuthorities are the files of the identity that K3s reads, under the same
// names, instead of making its own.
var k3sAuthorities = []string{
	guestapi.IdentityServerCACert, guestapi.IdentityServerCAKey,
	guestapi.IdentityClientCACert, guestapi.IdentityClientCAKey,
	guestapi.IdentityRequestHeaderCACert, guestapi.IdentityRequestHeaderCAKey,
	guestapi.IdentityServiceKey,
}

func (k k3s) placeAuthorities() error {
	for _, name := range k3sAuthorities {
		target := filepath.Join(k.stateDir, "server/tls", name)
		there, err := isPEM(target)
		if err != nil {
			return fmt.Errorf("place the authorities: %w", err)
		}
		if there {
			continue
		}
		content, err := os.ReadFile(filepath.Join(k.identityDir, name))
		if err != nil {
			return &Stop{Reason: "IdentityIncomplete", Err: fmt.Errorf("read the identity: %w", err)}
		}
		// Half a file would be taken for the whole one at the next boot.
		if err := replaceFile(target, string(content)); err != nil {
			return fmt.Errorf("place the authorities: %w", err)
		}
	}
	return nil
}

// isPEM says whether a file holds anything that K3s could read. A machine that
// lost its power leaves empty files behind.
func isPEM(path string) (bool, error) {
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return false, nil
	}
	block, _ := pem.Decode(content)
	return block != nil, err
}

// placePassword gives the node the password that its cluster will know it by: a
// node that comes back with another one is refused for ever. K3s would draw lots
// and keep the password on the volume, which a node without one, and one whose
// pool shrank and grew again, loses. So it is made of the token that the node
// has, and its name: whoever has the token of the pools could join under any
// name of theirs, but not as a server. The image links K3s's folder to this one.
func (k k3s) placePassword(in node.Inputs) error {
	path := filepath.Join(k.ownDir, "node/password")
	have, err := readTrimmed(path)
	if have != "" || err != nil && !os.IsNotExist(err) {
		return err
	}
	token := in.JoinToken
	if in.Config.Role == guestapi.RoleServer {
		token = in.ServerToken
	}
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("vclusterctl.dev/node password/" + in.Name))
	return replaceFile(path, hex.EncodeToString(mac.Sum(nil))+"\n")
}

// linkData spares K3s unpacking the programs in its binary onto the volume: the
// image has them unpacked. A volume with programs of its own keeps them.
func (k k3s) linkData() error {
	source, target := filepath.Join(k.shareDir, "data"), filepath.Join(k.stateDir, "data")
	if _, err := os.Stat(source); err != nil {
		return unlink(target) // an earlier image had them
	}
	if _, err := os.Lstat(target); err == nil {
		return nil
	}
	return os.Symlink(source, target)
}

// linkImages links the archives of the bundled images to where K3s imports
// images from, and removes links to archives that are gone. A file that somebody
// put there under the name of one is theirs, and K3s imports it instead.
func (k k3s) linkImages() error {
	dir := filepath.Join(k.stateDir, "agent/images")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := k.unlinkImages(dir); err != nil {
		return err
	}
	archives, err := filepath.Glob(filepath.Join(k.imageDir, "*.tar"))
	if err != nil {
		return err
	}
	for _, archive := range archives {
		err := os.Symlink(archive, filepath.Join(dir, filepath.Base(archive)))
		switch {
		case errors.Is(err, fs.ErrExist):
			k.log.Warn("left a file alone that is in the way of a bundled image; remove it to have that image imported", "error", err)
		case err != nil:
			return err
		}
	}
	return nil
}

func (k k3s) unlinkImages(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if target, err := os.Readlink(path); err == nil && strings.HasPrefix(target, k.imageDir+"/") {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// unlink removes a symbolic link, and nothing else.
func unlink(path string) error {
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil //nolint:nilerr // what is not there need not go
	}
	return os.Remove(path)
}

// credentials are made anew at each boot, on tmpfs: those of the datastore, and
// the kubeconfig with which the guest looks into the cluster. K3s makes its
// own, but only once it runs.
func (k k3s) credentials(in node.Inputs) error {
	id, err := k.identity()
	if err != nil {
		return err
	}
	if in.Config.Datastore != guestapi.DatastoreSQLite {
		if err := k.datastoreCredentials(id, in); err != nil {
			return fmt.Errorf("credentials of the datastore: %w", err)
		}
	}
	return k.adminKubeconfig(id)
}

func (k k3s) datastoreCredentials(id pki.Identity, in node.Inputs) error {
	addresses := []netip.Addr{netip.MustParseAddr("127.0.0.1"), in.IP}
	for file, name := range map[string]string{
		"etcd/server": in.Name, "etcd/peer": in.Name, "apiserver-etcd-client": "kube-apiserver",
	} {
		made, err := id.Issue(pki.Leaf{
			Authority: guestapi.IdentityEtcdCACert, Name: name, DNSNames: []string{"localhost", in.Name, node.PeerName(in.Name)}, Addresses: addresses,
		}, k.now(), rand.Reader)
		if err != nil {
			return err
		}
		if err := writePair(k.runDir, file, made); err != nil {
			return err
		}
	}
	ca := id.Files()[guestapi.IdentityEtcdCACert]
	return writeFile(node.File{Path: filepath.Join(k.runDir, "pki/etcd/ca.crt"), Mode: 0o600, Content: string(ca)})
}

func (k k3s) adminKubeconfig(id pki.Identity) error {
	admin := pki.Leaf{Authority: guestapi.IdentityClientCACert, Name: "kubernetes-super-admin", Groups: []string{"system:masters"}}
	access := kubeconfig.Params{
		Name: "default", Server: fmt.Sprintf("https://127.0.0.1:%d", node.APIPort), TLSServerName: guestapi.FixedServerName,
	}
	return writeKubeconfig(filepath.Join(k.runDir, filepath.Base(node.SuperAdminConfig)), id, admin, access, k.now())
}
