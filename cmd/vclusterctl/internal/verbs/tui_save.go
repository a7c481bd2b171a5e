package verbs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/kubeconfig"
)

// mostFiles is how many files of one name, and a number, are looked at.
const mostFiles = 99

// saveKubeconfig writes a file beside the user's own kubeconfig, and says which.
// Clusters of other hosts may have the same name: a file that is not of this
// cluster stays as it is, and the next number is taken.
func (s *tuiSession) saveKubeconfig(ctx context.Context, of act.Target) (string, error) {
	data, err := s.kubeconfig(ctx, of)
	if err != nil {
		return "", err
	}
	begin := filepath.Join(filepath.Dir(s.PathOptions().GetDefaultFilename()), kubeconfig.ContextName(of.Namespace, of.Name))
	path := begin + ".kubeconfig"
	for n := 2; n <= mostFiles; n++ {
		ours, err := reserve(path, data)
		if err != nil {
			return "", err
		}
		if ours {
			return path, writePrivate(path, data)
		}
		path = fmt.Sprintf("%s-%d.kubeconfig", begin, n)
	}
	return "", cli.Fail("Remove those that are of no use any more", "%s.kubeconfig and all up to number %d belong to other clusters", begin, mostFiles)
}

// reserve says whether a file may be written: it was not there, and is now, or
// it is a kubeconfig of the same cluster and nothing else.
func reserve(path string, data []byte) (bool, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		return true, file.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	have, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	return err == nil && (len(have) == 0 || sameCluster(have, data)), err
}

// sameCluster says whether two kubeconfigs know one cluster each, the same one.
// That is who has its CA: no two clusters share one.
func sameCluster(a, b []byte) bool {
	one, another := onlyCluster(a), onlyCluster(b)
	return one != nil && another != nil && len(one.CertificateAuthorityData) > 0 &&
		bytes.Equal(one.CertificateAuthorityData, another.CertificateAuthorityData)
}

// onlyCluster is the cluster of a kubeconfig that has no other, nil if it is none.
func onlyCluster(data []byte) *clientcmdapi.Cluster {
	config, err := clientcmd.Load(data)
	if err != nil || len(config.Clusters) != 1 || len(config.Contexts) != 1 || len(config.AuthInfos) != 1 {
		return nil
	}
	for _, cluster := range config.Clusters {
		return cluster
	}
	return nil
}

// writePrivate replaces a file. Nobody sees it half written, and nobody else at
// all.
func writePrivate(path string, data []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".vclusterctl-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
