package datastore

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

const testQuota = 16 << 20

func TestMendRecoversFromOldVersions(t *testing.T) {
	etcd := startEtcd(t)
	fill(t, etcd, func(int) string { return "same key" })
	before, err := etcd.status(t.Context())
	if err != nil || !before.full() {
		t.Fatalf("the store must be full for this test: %+v, %v", before, err)
	}
	problem, err := Mend(t.Context(), etcd, false)
	if err != nil || problem != nil {
		t.Fatalf("Mend(): %+v, %v", problem, err)
	}
	if err := put(t.Context(), etcd, "after", 1); err != nil {
		t.Errorf("a mended store must take writes: %v", err)
	}
	after, err := etcd.status(t.Context())
	if err != nil || after.full() || !roomy(after) {
		t.Errorf("a mended store must have room: %+v, %v", after, err)
	}
}

func TestMendSaysWhatIsInTheWay(t *testing.T) {
	etcd := startEtcd(t)
	last := stuff(t, etcd)
	problem, err := Mend(t.Context(), etcd, true) // everything is compacted already
	if err != nil || problem == nil || problem.Reason != ReasonFull {
		t.Fatalf("Mend(): %+v, %v", problem, err)
	}
	for i := range last {
		if err := etcd.post(t.Context(), "/v3/kv/deleterange", map[string]any{"key": encode(fmt.Sprint(i))}, nil); err != nil {
			t.Fatalf("deleting must work in a full store: %v", err)
		}
	}
	refuse(t, etcd)
	if problem, err := Mend(t.Context(), etcd, true); err != nil || problem != nil {
		t.Fatalf("Mend() after deletion: %+v, %v", problem, err)
	}
	if err := put(t.Context(), etcd, "after", 1); err != nil {
		t.Errorf("a mended store must take writes: %v", err)
	}
}

func TestMendLeavesAHealthyStoreAlone(t *testing.T) {
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		_, _ = w.Write([]byte(`{"header":{"revision":"7","member_id":"1"},"dbSize":"99","dbSizeInUse":"99","dbSizeQuota":"100","errors":["memberID:1 alarm:CORRUPT "]}`))
	}))
	defer server.Close()
	problem, err := Mend(t.Context(), Etcd{URL: server.URL, Client: server.Client()}, false)
	if err != nil || problem != nil {
		t.Errorf("Mend(): %+v, %v", problem, err)
	}
	if len(paths) != 1 {
		t.Errorf("only the alarm of a full store is ours to take back: %v", paths)
	}
}

func TestMendReportsRefusals(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/status") {
			_, _ = w.Write([]byte(`{"header":{"revision":"7"},"dbSize":"1","dbSizeInUse":"1","dbSizeQuota":"100","errors":["alarm:NOSPACE"]}`))
			return
		}
		http.Error(w, "not now", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	_, err := Mend(t.Context(), Etcd{URL: server.URL, Client: server.Client()}, false)
	if err == nil || !strings.Contains(err.Error(), "not now") {
		t.Errorf("Mend(): %v", err)
	}
}

func TestWatchReportsAtOnce(t *testing.T) {
	answer := `{"header":{"revision":"7"},"dbSize":"100","dbSizeInUse":"99","dbSizeQuota":"100","errors":["alarm:NOSPACE"]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	ctx, stop := context.WithCancel(t.Context())
	var got []*guestapi.Problem
	Watch(ctx, Etcd{URL: server.URL, Client: server.Client()}, func(p *guestapi.Problem) {
		got = append(got, p)
		stop()
	}, slog.New(slog.DiscardHandler))
	if len(got) != 1 || got[0] == nil || got[0].Reason != ReasonFull {
		t.Errorf("a full store must be reported at once: %+v", got)
	}
}

// fullStore answers as a member that refuses writes, and counts the tries to make
// room, each of which mending gets to answer.
func fullStore(t *testing.T, mending http.HandlerFunc) (etcd Etcd, tries *int) {
	t.Helper()
	tries = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/compaction") {
			*tries++
			mending(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"header":{"revision":"7"},"dbSize":"1","dbSizeInUse":"1","dbSizeQuota":"104857600","errors":["alarm:NOSPACE"]}`))
	}))
	t.Cleanup(server.Close)
	return Etcd{URL: server.URL, Client: server.Client()}, tries
}

// TestLookTellsBeforeItMends: while room is made, writes fail.
func TestLookTellsBeforeItMends(t *testing.T) {
	var told []*guestapi.Problem
	etcd, tries := fullStore(t, func(w http.ResponseWriter, _ *http.Request) {
		if len(told) != 1 || told[0] == nil || told[0].Reason != ReasonFull || !strings.Contains(told[0].Message, "quota of 100 MiB") {
			t.Errorf("a store that refuses writes is not told of while room is made: %+v", told)
		}
		_, _ = w.Write([]byte("{}"))
	})
	k := &keeper{etcd: etcd, report: func(p *guestapi.Problem) { told = append(told, p) }, log: slog.New(slog.DiscardHandler), now: time.Now}
	k.look(t.Context())
	if *tries != 1 || len(told) != 2 || told[1] != nil {
		t.Errorf("it was mended, with %d tries, and is not told to be: %+v", *tries, told)
	}
}

// TestLookTellsWhatItCannotMend: a store that stays full stays told of, with why,
// and is not defragmented with every look.
func TestLookTellsWhatItCannotMend(t *testing.T) {
	etcd, tries := fullStore(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no space for a copy", http.StatusServiceUnavailable)
	})
	var told []*guestapi.Problem
	now := time.Unix(1000, 0)
	k := &keeper{
		etcd: etcd, report: func(p *guestapi.Problem) { told = append(told, p) }, log: slog.New(slog.DiscardHandler),
		now: func() time.Time { return now },
	}
	for range 2 * mendEvery / period {
		k.look(t.Context())
		now = now.Add(period)
	}
	if *tries != 2 {
		t.Errorf("room was tried to be made %d times in two minutes", *tries)
	}
	if len(told) != 2 || told[1] == nil || !strings.Contains(told[1].Message, "no space for a copy") {
		t.Errorf("want the refusal, and then why it stays: %+v", told)
	}
}

// stuff fills the store with what can't be dropped: etcd counts the size of its
// file, which shrinks a few times before that is so.
func stuff(t *testing.T, etcd Etcd) int {
	t.Helper()
	var written int
	for range 10 {
		written += fill(t, etcd, func(i int) string { return fmt.Sprint(written + i) })
		problem, err := Mend(t.Context(), etcd, false)
		if err != nil {
			t.Fatal(err)
		}
		if problem != nil {
			return written
		}
	}
	t.Fatal("the store never got full")
	return 0
}

// refuse brings a store that has been emptied back to its alarm: what was
// deleted stays in the file as an old version.
func refuse(t *testing.T, etcd Etcd) {
	t.Helper()
	fill(t, etcd, func(int) string { return "same key" })
}

// fill writes until the store is full and returns how many writes that took.
func fill(t *testing.T, etcd Etcd, key func(int) string) int {
	t.Helper()
	for i := range 100 {
		if err := put(t.Context(), etcd, key(i), 500<<10); err != nil {
			if !strings.Contains(err.Error(), "database space exceeded") {
				t.Fatal(err)
			}
			return i
		}
	}
	t.Fatal("the store took more than its quota")
	return 0
}

func put(ctx context.Context, etcd Etcd, key string, size int) error {
	return etcd.post(ctx, "/v3/kv/put", map[string]any{"key": encode(key), "value": encode(strings.Repeat("x", size))}, nil)
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// startEtcd runs the etcd of the node image, if there is one, until the test
// ends.
func startEtcd(t *testing.T) Etcd {
	t.Helper()
	client, peer := "http://"+freePort(t), "http://"+freePort(t)
	var out bytes.Buffer
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary(t), "--data-dir", t.TempDir(), "--name", "a", "--log-level", "error", "--unsafe-no-fsync",
		"--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
		"--initial-advertise-peer-urls", peer, "--initial-cluster", "a="+peer, "--quota-backend-bytes", fmt.Sprint(testQuota))
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	etcd := Etcd{URL: client, Client: &http.Client{}}
	deadline := time.Now().Add(time.Minute)
	for put(t.Context(), etcd, "ready", 1) != nil {
		if time.Now().After(deadline) {
			stop()
			_ = cmd.Wait()
			t.Fatalf("etcd did not come up: %s", out.String())
		}
	}
	return etcd
}

func binary(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if dir == "" {
		dir = "../../../../dist/testbin"
	}
	path, err := filepath.Abs(filepath.Join(dir, "etcd"))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		if os.Getenv("VCLUSTERCTL_REQUIRE_ENVTEST") != "" {
			t.Fatal(err)
		}
		t.Skipf("needs etcd (make testbin): %v", err)
	}
	return path
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
