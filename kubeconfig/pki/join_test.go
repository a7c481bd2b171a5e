package pki

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

func newJoin(t *testing.T, id Identity) map[string][]byte {
	t.Helper()
	files, err := NewJoin(id, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestNewJoin(t *testing.T) {
	id := newIdentity(t)
	files := newJoin(t, id)
	want := []string{guestapi.JoinCACert, guestapi.JoinGuestToken, guestapi.JoinGuestCert, guestapi.JoinGuestKey, guestapi.JoinToken}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(files))); diff != "" {
		t.Errorf("keys: -want, +got:\n%s", diff)
	}
	if err := ValidateJoin(id, files); err != nil {
		t.Errorf("new join credentials: %v", err)
	}
	for name, data := range id.Files() {
		if bytes.HasSuffix([]byte(name), []byte(".key")) && bytes.Contains(bytes.Join(slices.Collect(maps.Values(files)), nil), data) {
			t.Errorf("the join credentials hold %q", name)
		}
	}
	if raw, err := base64.RawURLEncoding.DecodeString(string(files[guestapi.JoinGuestToken])); err != nil || len(raw) != 32 {
		t.Errorf("guest token: %d bytes, %v", len(raw), err)
	}
}

func TestGuestCertificateServes(t *testing.T) {
	id := newIdentity(t)
	files := newJoin(t, id)
	pair, err := tls.X509KeyPair(files[guestapi.JoinGuestCert], files[guestapi.JoinGuestKey])
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason string
		roots  []byte
		name   string
		want   bool
	}{
		"Right":        {reason: "The pinned authority and the one name verify.", roots: files[guestapi.JoinCACert], name: guestapi.ServerName, want: true},
		"WrongName":    {reason: "It serves no other name.", roots: files[guestapi.JoinCACert], name: guestapi.FixedServerName},
		"WrongCluster": {reason: "Another cluster's authority refuses it.", roots: newIdentity(t).ServerCA(), name: guestapi.ServerName},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if err := handshake(t, pair, tc.roots, tc.name); (err == nil) != tc.want {
				t.Errorf("%s handshake: %v", tc.reason, err)
			}
		})
	}
}

// handshake connects a client that trusts roots to a server that serves pair.
func handshake(t *testing.T, pair tls.Certificate, roots []byte, name string) error {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	clock := func() time.Time { return now }
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, Time: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: pool, ServerName: name, Time: clock})
	if err != nil {
		return err //nolint:wrapcheck // a test helper
	}
	return conn.Close() //nolint:wrapcheck // a test helper
}

func TestValidateJoin(t *testing.T) {
	id := newIdentity(t)
	good := newJoin(t, id)
	other := newJoin(t, newIdentity(t))
	sameCluster := newJoin(t, id)
	cases := map[string]struct {
		reason string
		change map[string][]byte
		want   []string
	}{
		"Good":         {reason: "Fresh credentials are whole."},
		"OtherCluster": {reason: "Credentials of another cluster are named one by one.", change: other, want: []string{`"ca.crt" is not the authority`, `"guest.crt": not a serving certificate of this cluster`}},
		"Missing":      {reason: "What is missing is named.", change: map[string][]byte{"token": nil, "guest-token": nil}, want: []string{`"token" is missing`, `"guest-token" is missing`}},
		"TokenForm":    {reason: "kubeadm would refuse the token.", change: map[string][]byte{"token": []byte("ABC.def")}, want: []string{`"token": does not match`}},
		"TokenNewline": {reason: "A hand-edited token often ends in a newline.", change: map[string][]byte{"token": append(slices.Clone(good["token"]), '\n')}, want: []string{`"token": does not match`}},
		"GuestToken":   {reason: "A short token can be guessed.", change: map[string][]byte{"guest-token": []byte("c2hvcnQ")}, want: []string{`"guest-token": holds 5 bytes`}},
		"NotBase64":    {reason: "A broken token is named.", change: map[string][]byte{"guest-token": []byte("???")}, want: []string{`"guest-token": not base64url`}},
		"Pair":         {reason: "A key of an earlier certificate does not serve.", change: map[string][]byte{"guest.key": sameCluster["guest.key"]}, want: []string{`key "guest.key" does not belong`}},
		"Junk":         {reason: "A broken certificate is named.", change: map[string][]byte{"guest.crt": []byte("junk")}, want: []string{`"guest.crt": not a PEM certificate`}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			checkMessage(t, tc.reason, ValidateJoin(id, changed(good, tc.change)), tc.want)
		})
	}
}

func TestJoinMadeAnewFitsRunningNodes(t *testing.T) {
	id := newIdentity(t)
	first := newJoin(t, id)
	again, err := NewJoin(id, now.Add(time.Hour), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{guestapi.JoinCACert, guestapi.JoinToken, guestapi.JoinGuestToken} {
		if string(first[key]) != string(again[key]) {
			t.Errorf("%q must be the same for the same identity", key)
		}
	}
	other := newJoin(t, newIdentity(t))
	for _, key := range []string{guestapi.JoinToken, guestapi.JoinGuestToken} {
		if string(first[key]) == string(other[key]) {
			t.Errorf("%q must differ between identities", key)
		}
	}
}

func TestJoinTokens(t *testing.T) {
	seen := map[string]bool{}
	letters := map[rune]bool{}
	for range 200 {
		token, err := bootstrapToken(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !kubeadmJoin.form.MatchString(token) || seen[token] {
			t.Errorf("token %q is malformed or repeated", token)
		}
		seen[token] = true
		for _, r := range token {
			letters[r] = true
		}
	}
	if len(letters) != len(tokenAlphabet)+1 {
		t.Errorf("tokens use %d characters, want %d", len(letters), len(tokenAlphabet)+1)
	}
}

func TestRandomStringSkipsTheTail(t *testing.T) {
	got, err := randomString(bytes.NewReader([]byte{255, 252, 251, 0, 36}), 3)
	if err != nil {
		t.Fatal(err)
	}
	if got != "z00" {
		t.Errorf("got %q, want %q: 252 and above must be thrown away", got, "z00")
	}
}

func TestRenewal(t *testing.T) {
	creds, err := newIdentity(t).ClientCert("jane", nil, 90*time.Hour, now.Add(clockSkew), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason string
		after  time.Duration
		want   bool
	}{
		"New":      {reason: "A new certificate stays.", after: 0},
		"Before":   {reason: "More than a third is left.", after: 59 * time.Hour},
		"After":    {reason: "Less than a third is left.", after: 61 * time.Hour, want: true},
		"TooLate":  {reason: "An expired one certainly.", after: 100 * time.Hour, want: true},
		"NotYet":   {reason: "A clock that was set back is no reason.", after: -time.Hour},
		"Boundary": {reason: "RenewAt and NeedsRenewal agree.", after: 60*time.Hour + clockSkew, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := NeedsRenewal(creds.Cert, now.Add(tc.after))
			if err != nil || got != tc.want {
				t.Errorf("%s got %t, %v", tc.reason, got, err)
			}
		})
	}
	got, err := NeedsRenewal([]byte("junk"), now)
	if !got {
		t.Error("an unreadable certificate must be renewed")
	}
	checkMessage(t, "And it is an error.", err, []string{"not a PEM certificate"})
}
