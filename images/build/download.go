package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vclusterctl/vclusterctl/images"
)

// How long the network has to answer. Where there is none, a look-up of a name
// often hangs instead of failing, and this is what an image build loses.
const (
	checksumTimeout = 3 * time.Second
	binaryTimeout   = 10 * time.Minute
)

// download is one file of a release with the list of its checksums.
type download struct {
	file      string // URL of the file
	checksums string // URL of the list: lines of a SHA-256 and a name
	cache     string // where downloaded files are kept
	timeout   time.Duration
	client    *http.Client
	logf      func(string, ...any)
}

// releasedK3s is K3s's own release of the version that goes with this image.
func releasedK3s(opts options) download {
	arch := architecture()
	name := "k3s"
	if arch != "amd64" {
		name = "k3s-" + arch
	}
	base := "https://github.com/k3s-io/k3s/releases/download/" + url.PathEscape(images.K3sVersion) + "/"
	return download{
		file: base + name, checksums: base + "sha256sum-" + arch + ".txt",
		cache: opts.cache, timeout: checksumTimeout,
		client: http.DefaultClient, logf: opts.logf,
	}
}

// errUnreachable is a network that is not there: no failure of the build.
var errUnreachable = errors.New("not reachable")

// fetch returns the path of the file, or none where the network is not there.
// A file that is not what the list says is an error, and so is half a file.
func (d download) fetch(ctx context.Context) (string, error) {
	path, err := d.kept(ctx)
	if errors.Is(err, errUnreachable) {
		d.logf("distro k3s is left out: %v; give its binary with K3S_BINARY=/path to add it, or K3S_BINARY=%s not to ask", err, withoutK3s)
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("download %s: %w", d.file, err)
	}
	return path, nil
}

// kept returns the file that was downloaded earlier, without asking the network,
// or downloads it. What was kept is held to the checksum that it came with.
func (d download) kept(ctx context.Context) (string, error) {
	k := newKey()
	k.add(d.file)
	name := d.file[strings.LastIndex(d.file, "/")+1:]
	for {
		fresh := false
		dir, err := cached(d.cache, "downloads", k.String(), func(dir string) error {
			fresh = true
			return d.download(ctx, filepath.Join(dir, name))
		})
		if err != nil {
			return "", err
		}
		file := filepath.Join(dir, name)
		if err = intact(file); err == nil {
			return file, nil
		}
		if fresh {
			return "", err
		}
		d.logf("%v; it is downloaded anew", err)
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
}

// sumSuffix names the file with the checksum beside a file.
const sumSuffix = ".sha256"

// download writes the file, and beside it the checksum that its release gives it.
func (d download) download(ctx context.Context, to string) error {
	var list strings.Builder
	if err := d.get(ctx, d.checksums, d.timeout, &list); err != nil {
		return err
	}
	want, err := checksumOf(list.String(), filepath.Base(to))
	if err != nil {
		return fmt.Errorf("%s: %w", d.checksums, err)
	}
	d.logf("downloading %s", d.file)
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	sum := sha256.New()
	err = d.get(ctx, d.file, binaryTimeout, io.MultiWriter(file, sum))
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("the file has the SHA-256 %s, and its release says %s: somebody changed it on the way; try again, or give another with K3S_BINARY=/path", got, want)
	}
	return os.WriteFile(to+sumSuffix, []byte(want), 0o644)
}

// intact says how a file differs from the checksum beside it.
func intact(name string) error {
	want, err := os.ReadFile(name + sumSuffix)
	if err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != string(want) {
		return fmt.Errorf("%s is damaged: it has the SHA-256 %s, and had %s", name, got, want)
	}
	return nil
}

// get writes what an address holds. Half of it is a failure: there is a network.
func (d download) get(ctx context.Context, from string, timeout time.Duration, to io.Writer) error {
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(bounded, http.MethodGet, from, http.NoBody)
	if err != nil {
		return err
	}
	response, err := d.client.Do(request)
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // somebody ends the build
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errUnreachable, err)
	}
	defer response.Body.Close()
	switch {
	case notTheirs(response.StatusCode):
		return fmt.Errorf("%w: %s answers %s", errUnreachable, from, response.Status)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s", from, response.Status)
	}
	if n, err := io.Copy(to, response.Body); err != nil {
		return fmt.Errorf("%s breaks off after %d bytes: %w; try again, give the binary with K3S_BINARY=/path, or leave it out with K3S_BINARY=%s", from, n, err, withoutK3s)
	}
	return nil
}

// notTheirs says whether an answer is not about the file that was asked for: the
// server is in trouble or has had enough of us, or somebody between forbids it.
func notTheirs(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	}
	return status >= http.StatusInternalServerError
}

// checksumOf finds the SHA-256 of a name in a list as sha256sum writes it.
func checksumOf(list, name string) (string, error) {
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) == 2 && strings.TrimPrefix(fields[1], "*") == name && len(fields[0]) == sha256.Size*2 {
			return strings.ToLower(fields[0]), nil
		}
	}
	return "", fmt.Errorf("no SHA-256 of %q in it", name)
}
