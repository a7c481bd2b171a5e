package pki

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// authority is one self-signed certificate authority of an identity.
type authority struct {
	certKey    string // key of the certificate in the files
	keyKey     string // key of the private key in the files
	commonName string
}

// signingKey is one key pair that signs service account tokens.
type signingKey struct {
	privateKey string
	publicKey  string // empty where the distro derives it from the private key
}

// layout says which files make up the identity of a distro, what each
// authority is for, and what its nodes join with. Distros differ in nothing
// else.
type layout struct {
	// authorities in the order in which the fingerprint covers them.
	authorities []authority
	signingKeys []signingKey
	// clientCA signs client certificates of the API server, serverCA its
	// serving certificate. Both are certKeys of authorities.
	clientCA string
	serverCA string
	join     joinForm
}

// joinForm is what the join token of a distro looks like.
type joinForm struct {
	form *regexp.Regexp
	make func(io.Reader) (string, error)
}

// kubeadmJoin is a bootstrap token, k3sJoin a password.
var (
	kubeadmJoin = joinForm{regexp.MustCompile(`^[a-z0-9]{6}\.[a-z0-9]{16}$`), bootstrapToken}
	k3sJoin     = joinForm{regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`), secretToken}
)

// layouts holds one layout per distro; a new distro is one more entry.
var layouts = map[v1alpha1.Distro]layout{
	v1alpha1.DistroK8s: {
		// The common names are the ones kubeadm gives.
		authorities: []authority{
			{guestapi.IdentityCACert, guestapi.IdentityCAKey, "kubernetes"},
			{guestapi.IdentityFrontProxyCert, guestapi.IdentityFrontProxyKey, "front-proxy-ca"},
			{guestapi.IdentityEtcdCACert, guestapi.IdentityEtcdCAKey, "etcd-ca"},
		},
		signingKeys: []signingKey{{guestapi.IdentitySAKey, guestapi.IdentitySAPub}},
		clientCA:    guestapi.IdentityCACert,
		serverCA:    guestapi.IdentityCACert,
		join:        kubeadmJoin,
	},
	v1alpha1.DistroK3s: {
		authorities: []authority{
			{guestapi.IdentityServerCACert, guestapi.IdentityServerCAKey, "k3s-server-ca"},
			{guestapi.IdentityClientCACert, guestapi.IdentityClientCAKey, "k3s-client-ca"},
			{guestapi.IdentityRequestHeaderCACert, guestapi.IdentityRequestHeaderCAKey, "k3s-request-header-ca"},
			{guestapi.IdentityEtcdCACert, guestapi.IdentityEtcdCAKey, "etcd-ca"},
		},
		signingKeys: []signingKey{{guestapi.IdentityServiceKey, ""}},
		clientCA:    guestapi.IdentityClientCACert,
		serverCA:    guestapi.IdentityServerCACert,
		join:        k3sJoin,
	},
}

func layoutOf(distro v1alpha1.Distro) (layout, error) {
	l, ok := layouts[distro]
	if !ok {
		return layout{}, fmt.Errorf("no identity layout for distro %q: use one of %s", distro, knownDistros())
	}
	return l, nil
}

func knownDistros() string {
	names := make([]string, 0, len(layouts))
	for d := range layouts {
		names = append(names, fmt.Sprintf("%q", d))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// fileKeys lists the keys of all files of the layout.
func (l layout) fileKeys() []string {
	var keys []string
	for _, a := range l.authorities {
		keys = append(keys, a.certKey, a.keyKey)
	}
	for _, k := range l.signingKeys {
		keys = append(keys, k.privateKey)
		if k.publicKey != "" {
			keys = append(keys, k.publicKey)
		}
	}
	return keys
}
