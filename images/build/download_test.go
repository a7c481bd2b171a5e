package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func sumOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// release serves a file and its list of checksums, and counts the downloads.
func release(t *testing.T, list http.HandlerFunc, content string) (d download, asked *int, said *strings.Builder) {
	t.Helper()
	asked, said = new(int), &strings.Builder{}
	mux := http.NewServeMux()
	mux.HandleFunc("/sums.txt", list)
	mux.HandleFunc("/k3s", func(w http.ResponseWriter, _ *http.Request) {
		*asked++
		_, _ = w.Write([]byte(content))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return download{
		file: server.URL + "/k3s", checksums: server.URL + "/sums.txt", cache: t.TempDir(), timeout: 200 * time.Millisecond,
		client: server.Client(), logf: func(format string, args ...any) { fmt.Fprintf(said, format+"\n", args...) },
	}, asked, said
}

func lists(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

func answers(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestDownload(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	cases := map[string]struct {
		reason string
		list   http.HandlerFunc
		err    string // what the error says
		notice string // what is said where it is none
	}{
		"Good":     {reason: "What matches its checksum is kept.", list: lists("00  other\n" + sumOf("a binary") + "  k3s\n")},
		"Binary":   {reason: "sha256sum marks files read as binary.", list: lists(sumOf("a binary") + " *k3s\n")},
		"Mismatch": {reason: "What was changed on the way must not get into an image.", list: lists(sumOf("another") + "  k3s\n"), err: "its release says " + sumOf("another")},
		"Unlisted": {reason: "Without a checksum nothing is trusted.", list: lists(sumOf("a binary") + "  k3s-airgap\n"), err: `no SHA-256 of "k3s"`},
		"NoSuch":   {reason: "A release that is not there is a mistake of ours.", list: answers(http.StatusNotFound), err: "404 Not Found"},
		"Down":     {reason: "A server that is down is like no network.", list: answers(http.StatusBadGateway), notice: "502 Bad Gateway"},
		"Proxy":    {reason: "Whoever filters the network does not want us to ask.", list: answers(http.StatusForbidden), notice: "403 Forbidden"},
		"Limited":  {reason: "So does who has been asked too often.", list: answers(http.StatusTooManyRequests), notice: "429 Too Many Requests"},
		"Hangs":    {reason: "Nor does it matter how the network is not there.", list: hang, notice: "K3S_BINARY=/path"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			d, _, said := release(t, tc.list, "a binary")
			path, err := d.fetch(t.Context())
			if !strings.Contains(errorText(err), tc.err) || (err == nil) != (tc.err == "") {
				t.Fatalf("%s got error %v", tc.reason, err)
			}
			if (path != "") != (tc.err == "" && tc.notice == "") || !strings.Contains(said.String(), tc.notice) {
				t.Fatalf("%s got %q, said %q", tc.reason, path, said)
			}
			left, err := os.ReadDir(filepath.Join(d.cache, "downloads"))
			if err != nil || len(left) > 1 || path == "" && len(left) > 0 {
				t.Errorf("%s left %v, %v", tc.reason, left, err)
			}
			if path == "" {
				return
			}
			content, err := os.ReadFile(path)
			if err != nil || string(content) != "a binary" {
				t.Errorf("kept %q, %v", content, err)
			}
		})
	}
}

// What was downloaded once is there without a network, if it still is what it was.
func TestDownloadOnce(t *testing.T) {
	cases := map[string]struct {
		reason string
		then   func(t *testing.T, d *download, kept string)
		asked  int
		notice string // what is said where the second time yields nothing
	}{
		"Again": {reason: "Nobody is asked for what is there.", then: func(*testing.T, *download, string) {}, asked: 1},
		"Offline": {
			reason: "An image that is built anew without a network has K3s as before.",
			then:   func(_ *testing.T, d *download, _ string) { goOffline(d) },
			asked:  1,
		},
		"Damaged": {
			reason: "A kept file that changed is not used.",
			then:   func(t *testing.T, _ *download, kept string) { t.Helper(); damage(t, kept) },
			asked:  2,
		},
		"DamagedOffline": {
			reason: "Not even where there is no other.",
			then:   func(t *testing.T, d *download, kept string) { t.Helper(); damage(t, kept); goOffline(d) },
			asked:  1, notice: "left out",
		},
		"OtherRelease": {
			reason: "A kept file is that of one release.",
			then:   func(_ *testing.T, d *download, _ string) { goOffline(d); d.file = "http://127.0.0.1:1/v2/k3s" },
			asked:  1, notice: "left out",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			d, asked, said := release(t, lists(sumOf("a binary")+"  k3s\n"), "a binary")
			kept, err := d.fetch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			tc.then(t, &d, kept)
			path, err := d.fetch(t.Context())
			if err != nil || (path == "") != (tc.notice != "") || !strings.Contains(said.String(), tc.notice) {
				t.Fatalf("%s got %q, %v, said %q", tc.reason, path, err, said)
			}
			if *asked != tc.asked {
				t.Errorf("%s downloaded %d times, want %d", tc.reason, *asked, tc.asked)
			}
			if content, err := os.ReadFile(path); path != "" && (err != nil || string(content) != "a binary") {
				t.Errorf("%s kept %q, %v", tc.reason, content, err)
			}
		})
	}
}

func goOffline(d *download) {
	d.client = &http.Client{Transport: noNetwork{}}
}

// noNetwork answers nothing.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) { return nil, errFake }

func damage(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, []byte("a binary!"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// A transfer that breaks off shows that there is a network. Without K3s the
// image would not be what was asked for, and nobody would know.
func TestDownloadBreaksOff(t *testing.T) {
	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("half"))
	}
	for name, broken := range map[string]string{"List": "/sums.txt", "File": "/k3s"} {
		t.Run(name, func(t *testing.T) {
			d, _, said := release(t, lists(""), "")
			mux := http.NewServeMux()
			mux.HandleFunc("/", lists(sumOf("a binary")+"  k3s\n"))
			mux.HandleFunc(broken, half)
			server := httptest.NewServer(mux)
			t.Cleanup(server.Close)
			d.file, d.checksums = server.URL+"/k3s", server.URL+"/sums.txt"
			path, err := d.fetch(t.Context())
			if path != "" || !strings.Contains(errorText(err), broken+" breaks off after 4 bytes") {
				t.Errorf("got %q, %v, said %q", path, err, said)
			}
		})
	}
}

// Somebody who ends the build wants no image without K3s.
func TestDownloadEnded(t *testing.T) {
	d, _, said := release(t, lists(sumOf("a binary")+"  k3s\n"), "a binary")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, said %q", err, said)
	}
}

func TestDownloadNobodyThere(t *testing.T) {
	d, _, said := release(t, lists(""), "")
	d.checksums = "http://127.0.0.1:1/sums.txt"
	if path, err := d.fetch(t.Context()); path != "" || err != nil || !strings.Contains(said.String(), "left out") {
		t.Errorf("got %q, %v, said %q", path, err, said)
	}
}
