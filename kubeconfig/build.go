package kubeconfig

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
)

// Params is the access to one cluster as one user.
type Params struct {
	// Name of the cluster: the name of the cluster, user and context inside.
	Name string
	// Server is the https URL of the API server.
	Server string
	// TLSServerName is the name to verify instead of the host of Server.
	TLSServerName string
	// CA holds the PEM certificates to verify the API server with.
	CA []byte
	// ClientCert and ClientKey, as PEM, are who the user is.
	ClientCert []byte
	ClientKey  []byte
}

// Build returns a kubeconfig with everything inline. Equal parameters give
// equal bytes.
func Build(p Params) ([]byte, error) {
	if err := p.validate(); err != nil {
		return nil, fmt.Errorf("build kubeconfig %q: %w", p.Name, err)
	}
	data, err := clientcmd.Write(*p.config())
	if err != nil {
		return nil, fmt.Errorf("build kubeconfig %q: %w", p.Name, err)
	}
	return data, nil
}

// Parse reads the access that the current context of a kubeconfig gives. It
// accepts what Build makes: everything inline and a client certificate.
func Parse(data []byte) (Params, error) {
	e, err := currentEntry(data)
	if err != nil {
		return Params{}, fmt.Errorf("parse kubeconfig: %w", err)
	}
	p := Params{
		Name:          e.context.Cluster,
		Server:        e.cluster.Server,
		TLSServerName: e.cluster.TLSServerName,
		CA:            e.cluster.CertificateAuthorityData,
		ClientCert:    e.user.ClientCertificateData,
		ClientKey:     e.user.ClientKeyData,
	}
	if err := p.validate(); err != nil {
		return Params{}, fmt.Errorf("parse kubeconfig: %w", err)
	}
	return p, nil
}

func (p Params) config() *clientcmdapi.Config {
	cfg := clientcmdapi.NewConfig()
	cfg.CurrentContext = p.Name
	cfg.Contexts[p.Name] = &clientcmdapi.Context{Cluster: p.Name, AuthInfo: p.Name}
	cfg.Clusters[p.Name] = &clientcmdapi.Cluster{
		Server:                   p.Server,
		TLSServerName:            p.TLSServerName,
		CertificateAuthorityData: p.CA,
	}
	cfg.AuthInfos[p.Name] = &clientcmdapi.AuthInfo{
		ClientCertificateData: p.ClientCert,
		ClientKeyData:         p.ClientKey,
	}
	return cfg
}

func (p Params) validate() error {
	if p.Name == "" {
		return errors.New("the name is empty")
	}
	if err := validateServer(p.Server); err != nil {
		return err
	}
	if _, err := cert.ParseCertsPEM(p.CA); err != nil {
		return fmt.Errorf("the certificate authority holds no PEM certificate: %w", err)
	}
	if _, err := tls.X509KeyPair(p.ClientCert, p.ClientKey); err != nil {
		return fmt.Errorf("the client certificate and key are no pair: %w", err)
	}
	return nil
}

// validateServer refuses what would send a client certificate nowhere, or
// without TLS.
func validateServer(server string) error {
	u, err := url.Parse(server)
	if err != nil {
		return fmt.Errorf("the server is no URL: %w", err)
	}
	if u.Scheme != "https" || u.Hostname() == "" {
		return fmt.Errorf("the server must look like https://HOST:PORT, not %q", server)
	}
	return nil
}
