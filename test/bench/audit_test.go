package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCountRequests(t *testing.T) {
	line := func(verb, uri, resource, sub, at string) string {
		return `{"verb":"` + verb + `","requestURI":"` + uri + `","requestReceivedTimestamp":"2026-01-01T00:00:` + at +
			`Z","objectRef":{"resource":"` + resource + `","subresource":"` + sub + `"}}` + "\n"
	}
	log := line("create", "/api/v1/x", "secrets", "", "00") + // too early
		line("create", "/api/v1/x", "secrets", "", "10") +
		line("patch", "/apis/y?fieldManager=v", "virtualclusters", "status", "11") +
		line("patch", "/apis/y?dryRun=All", "pods", "", "12") +
		line("update", "/apis/z", "leases", "", "13") +
		line("create", "/apis/e", "events", "", "14") +
		line("get", "/api/v1/x", "secrets", "", "15") +
		line("delete", "/api/v1/x", "secrets", "", "20") // too late
	begin := time.Date(2026, 1, 1, 0, 0, 10, 0, time.UTC)
	got, err := countRequests(log, begin, begin.Add(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := tally{writes: 2, apart: 2, dryRuns: 1, reads: 1, kinds: map[string]int{"create secrets": 1, "patch virtualclusters/status": 1}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(tally{})); diff != "" {
		t.Errorf("countRequests(): -want, +got:\n%s", diff)
	}
	if _, err := countRequests("no JSON\n", begin, begin); err == nil {
		t.Error("a log that cannot be read must not count as none")
	}
}
