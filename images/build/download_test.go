package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
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
		file: server.URL + "/k3s", checksums: server.URL + "/sums.txt", dir: t.TempDir(), timeout: 200 * time.Millisecond,
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
			left, err := os.ReadDir(d.dir)
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

func TestDownloadOnce(t *testing.T) {
	d, asked, _ := release(t, lists(sumOf("a binary")+"  k3s\n"), "a binary")
	for range 2 {
		if _, err := d.fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if *asked != 1 {
		t.Errorf("downloaded %d times", *asked)
	}
}

func TestDownloadNobodyThere(t *testing.T) {
	d, _, said := release(t, lists(""), "")
	d.checksums = "http://127.0.0.1:1/sums.txt"
	if path, err := d.fetch(t.Context()); path != "" || err != nil || !strings.Contains(said.String(), "left out") {
		t.Errorf("got %q, %v, said %q", path, err, said)
	}
}
