package access

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509/pkix"
	"fmt"
	"math"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/certificate/csr"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// A request for a certificate says in seconds for how long, and an API server
// takes no less than MinTTL.
const (
	MinTTL = 10 * time.Minute
	MaxTTL = math.MaxInt32 * time.Second
)

// User is somebody to make a kubeconfig for.
type User struct {
	Name   string
	Groups []string
	TTL    time.Duration
}

// ForUser makes a kubeconfig for a user out of the administrator's. The cluster
// itself signs the certificate, so no key of its authorities is needed, and the
// private key never leaves this process but in the result. A cluster may sign for
// a shorter time than it is asked to: then early is when that ends.
func ForUser(ctx context.Context, admin []byte, u User) (data []byte, early *time.Time, err error) {
	config, err := clientcmd.RESTConfigFromKubeConfig(admin)
	if err != nil {
		return nil, nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to %s: %w", config.Host, err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	signed, err := sign(ctx, c, key, u)
	if err == nil {
		early, err = endsEarly(signed, u.TTL)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("have %s sign a certificate for user %q: %w", config.Host, u.Name, err)
	}
	data, err = buildFor(admin, key, signed)
	return data, early, err
}

// endsEarly is when a certificate ends that is good for a shorter time than was
// asked for. Its beginning is never later than the moment it was signed.
func endsEarly(signed []byte, ttl time.Duration) (*time.Time, error) {
	certs, err := cert.ParseCertsPEM(signed)
	if err != nil {
		return nil, err
	}
	if end := certs[0].NotAfter; end.Sub(certs[0].NotBefore) < ttl {
		return &end, nil
	}
	return nil, nil //nolint:nilnil // it does not
}

func buildFor(admin []byte, key *ecdsa.PrivateKey, signed []byte) ([]byte, error) {
	params, err := kubeconfig.Parse(admin)
	if err != nil {
		return nil, err
	}
	params.ClientCert = signed
	if params.ClientKey, err = keyutil.MarshalPrivateKeyToPEM(key); err != nil {
		return nil, fmt.Errorf("encode the key: %w", err)
	}
	return kubeconfig.Build(params)
}

// sign asks for a certificate, approves of it and waits for it.
func sign(ctx context.Context, c kubernetes.Interface, key crypto.Signer, u User) ([]byte, error) {
	request, err := cert.MakeCSR(key, &pkix.Name{CommonName: u.Name, Organization: u.Groups}, nil, nil)
	if err != nil {
		return nil, err
	}
	requests := c.CertificatesV1().CertificateSigningRequests()
	made, err := requests.Create(ctx, signingRequest(request, u), metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	made.Status.Conditions = append(made.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue,
		Reason: "Administrator", Message: "made by vclusterctl kubeconfig",
	})
	if _, err := requests.UpdateApproval(ctx, made.Name, made, metav1.UpdateOptions{}); err != nil {
		return nil, err
	}
	return csr.WaitForCertificate(ctx, c, made.Name, made.UID)
}

func signingRequest(request []byte, u User) *certificatesv1.CertificateSigningRequest {
	return &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "vclusterctl-"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request:           request,
			SignerName:        certificatesv1.KubeAPIServerClientSignerName,
			ExpirationSeconds: ptr.To(int32(u.TTL / time.Second)),
			Usages:            []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth},
		},
	}
}
