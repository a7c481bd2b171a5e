package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tunnel/tunneltest"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// signer answers for an API server whose controller signs certificates for most
// at once, or never where that is 0.
type signer struct {
	t    *testing.T
	most time.Duration
	made certificatesv1.CertificateSigningRequest
}

func (s *signer) serve(w http.ResponseWriter, r *http.Request) {
	s.made.TypeMeta = metav1.TypeMeta{APIVersion: "certificates.k8s.io/v1", Kind: "CertificateSigningRequest"}
	switch {
	case r.Method == http.MethodPost:
		s.read(r)
		s.made.Name, s.made.UID = "x", "u"
	case strings.HasSuffix(r.URL.Path, "/approval"):
		s.read(r)
		if s.most > 0 {
			s.made.Status.Certificate = s.sign()
		}
	case r.URL.Query().Get("sendInitialEvents") != "": // it does not stream lists
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	case r.URL.Query().Get("watch") != "":
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return
	default:
		s.write(w, certificatesv1.CertificateSigningRequestList{
			TypeMeta: metav1.TypeMeta{APIVersion: "certificates.k8s.io/v1", Kind: "CertificateSigningRequestList"},
			Items:    []certificatesv1.CertificateSigningRequest{s.made},
		})
		return
	}
	s.write(w, s.made)
}

func (s *signer) read(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(body, nil, &s.made)
	}
	if err != nil {
		s.t.Error(err)
	}
}

func (s *signer) write(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.t.Error(err)
	}
}

// sign signs as Kubernetes does, which lets certificates begin a little earlier.
func (s *signer) sign() []byte {
	block, _ := pem.Decode(s.made.Spec.Request)
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	now := time.Now()
	life := min(s.most, time.Duration(*s.made.Spec.ExpirationSeconds)*time.Second)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: request.Subject, NotBefore: now.Add(-time.Minute), NotAfter: now.Add(life)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, request.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
}

func TestForUser(t *testing.T) {
	cases := map[string]struct {
		reason string
		most   time.Duration
		ttl    time.Duration
		early  time.Duration
	}{
		"AsAsked": {reason: "The certificate lives as long as it was asked to.", most: 24 * time.Hour, ttl: time.Hour},
		"Longest": {reason: "The longest time that can be asked for is asked for.", most: MaxTTL, ttl: MaxTTL},
		"Cut":     {reason: "The cluster signs for a shorter time, which is told.", most: 24 * time.Hour, ttl: 48 * time.Hour, early: 24 * time.Hour},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := &signer{t: t, most: tc.most}
			c := tunneltest.NewCluster(t, s.serve)
			data, early, err := ForUser(t.Context(), c.Kubeconfig(t, "https://"+c.Address), User{Name: "ann", Groups: []string{"team"}, TTL: tc.ttl})
			if err != nil {
				t.Fatalf("%s\nForUser(): %v", tc.reason, err)
			}
			if (early != nil) != (tc.early != 0) || early != nil && time.Until(*early).Round(time.Hour) != tc.early {
				t.Errorf("%s\nit ends early at %v, want that in %s", tc.reason, early, tc.early)
			}
			params, err := kubeconfig.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode(params.ClientCert)
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil || cert.Subject.String() != "CN=ann,O=team" {
				t.Errorf("%s\nthe certificate is that of %v, %v", tc.reason, cert.Subject, err)
			}
		})
	}
}

// TestForUserUnsigned: who waits in vain is told so in the way that callers look
// for.
func TestForUserUnsigned(t *testing.T) {
	c := tunneltest.NewCluster(t, (&signer{t: t}).serve)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, _, err := ForUser(ctx, c.Kubeconfig(t, "https://"+c.Address), User{Name: "ann", TTL: time.Hour})
	if !wait.Interrupted(err) || !strings.Contains(err.Error(), `sign a certificate for user "ann"`) {
		t.Errorf("ForUser(): got %v", err)
	}
}
