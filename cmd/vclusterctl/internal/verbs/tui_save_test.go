package verbs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tunnel/tunneltest"
)

// leading is a kubeconfig of a cluster with a CA, under some names.
func leading(t *testing.T, ca, token string, names ...string) []byte {
	t.Helper()
	config := clientcmdapi.NewConfig()
	for _, name := range names {
		config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://10.0.0.1", CertificateAuthorityData: []byte(ca)}
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
		config.CurrentContext = name
	}
	data, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestReserve: what is not of this cluster is not written over.
func TestReserve(t *testing.T) {
	mine := leading(t, "mine", "new", "c")
	cases := map[string]struct {
		reason string
		have   []byte
		want   bool
	}{
		"Nothing":  {reason: "It is not there.", want: true},
		"Empty":    {reason: "Nothing is lost of nothing.", have: []byte{}, want: true},
		"Older":    {reason: "It is of this cluster, from before.", have: leading(t, "mine", "old", "b"), want: true},
		"Another":  {reason: "A cluster of that name on another host.", have: leading(t, "theirs", "old", "c")},
		"More":     {reason: "Somebody has added to it.", have: leading(t, "mine", "old", "c", "d")},
		"NoCA":     {reason: "It may be any.", have: leading(t, "", "old", "c")},
		"Unknown":  {reason: "It is something else.", have: []byte("dear diary")},
		"NoConfig": {reason: "So is this.", have: []byte("{}")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "new", "file")
			if tc.have != nil {
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, tc.have, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := reserve(path, mine)
			if got != tc.want || err != nil {
				t.Errorf("%s\nreserve(): %t, %v", tc.reason, got, err)
			}
			if left, err := os.ReadFile(path); err != nil || string(left) != string(tc.have) {
				t.Errorf("%s\nit has changed: %q, %v", tc.reason, left, err)
			}
		})
	}
}

// TestReserveLink: a link leads to what somebody else keeps.
func TestReserveLink(t *testing.T) {
	dir := t.TempDir()
	kept, path := filepath.Join(dir, "kept"), filepath.Join(dir, "file")
	mine := leading(t, "mine", "old", "c")
	if err := os.WriteFile(kept, mine, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(kept, path); err != nil {
		t.Fatal(err)
	}
	if got, err := reserve(path, mine); got || err != nil {
		t.Errorf("reserve(): %t, %v", got, err)
	}
}

// TestSaveKubeconfig: the file is private, written again as it is, and another
// one where there is one of another cluster.
func TestSaveKubeconfig(t *testing.T) {
	secret := &corev1.Secret{ObjectMeta: ofDev("dev-kubeconfig"), Data: map[string][]byte{"config": tunneltest.NewCluster(t, nil).Kubeconfig(t, "https://10.0.0.1:6443")}}
	s := tuiOn(t, interceptor.Funcs{}, virtualCluster("dev", withKubeconfig), secret)
	*s.Flags.KubeConfig = filepath.Join(t.TempDir(), "home", "config")
	dir := filepath.Dir(*s.Flags.KubeConfig)
	save := func() string {
		path, err := s.saveKubeconfig(t.Context(), dev)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode is %v, %v", info.Mode(), err)
		}
		written, err := os.ReadFile(path)
		if err != nil || !sameCluster(written, secret.Data["config"]) {
			t.Errorf("written was %q, %v", written, err)
		}
		return filepath.Base(path)
	}
	const first = "vclusterctl-default-dev.kubeconfig"
	got := []string{save(), save()}
	theirs := leading(t, "theirs", "old", "c")
	if err := os.WriteFile(filepath.Join(dir, first), theirs, 0o600); err != nil {
		t.Fatal(err)
	}
	got = append(got, save(), save())
	second := strings.Replace(first, "dev.", "dev-2.", 1)
	if diff := cmp.Diff([]string{first, first, second, second}, got); diff != "" {
		t.Errorf("files: -want, +got:\n%s", diff)
	}
	if kept, err := os.ReadFile(filepath.Join(dir, first)); err != nil || string(kept) != string(theirs) {
		t.Errorf("that of the other cluster is %q, %v", kept, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
