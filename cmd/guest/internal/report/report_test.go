package report

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newStore() *Store {
	return NewStore(guestapi.Report{Boot: "uid"}, func() time.Time { return start })
}

func TestUpdateCountsOnlyChanges(t *testing.T) {
	s := newStore()
	broken := &guestapi.Problem{Reason: "UnitFailed", Message: "a.service is broken"}
	s.SetProblem("a.service", broken)
	s.SetProblem("a.service", broken)
	if got := s.Current().Revision; got != 2 {
		t.Errorf("an update that changes nothing must not count: revision %d, want 2", got)
	}
	s.SetProblem("a.service", nil)
	if got := s.Current(); got.Revision != 3 || len(got.Problems) != 0 {
		t.Errorf("a cleared problem must go: %+v", got)
	}
}

func TestProblemsOfOneReasonStayApart(t *testing.T) {
	s := newStore()
	s.SetProblem("b.service", &guestapi.Problem{Reason: "UnitFailed", Message: "b"})
	s.SetProblem("a.service", &guestapi.Problem{Reason: "UnitFailed", Message: "a"})
	s.SetProblem("b.service", nil)
	want := []guestapi.Problem{{Reason: "UnitFailed", Message: "a"}}
	if diff := cmp.Diff(want, s.Current().Problems); diff != "" {
		t.Errorf("problems: -want +got:\n%s", diff)
	}
}

func TestTimelineIsOrderedAndOnce(t *testing.T) {
	s := newStore()
	s.Pass(guestapi.MilestoneAPI)
	s.PassAt(guestapi.MilestoneInit, start.Add(-time.Second))
	s.PassAt(guestapi.MilestoneAPI, start.Add(time.Hour))
	want := []guestapi.Milestone{{Name: guestapi.MilestoneInit, Time: start.Add(-time.Second)}, {Name: guestapi.MilestoneAPI, Time: start}}
	if diff := cmp.Diff(want, s.Current().Timeline); diff != "" {
		t.Errorf("timeline: -want +got:\n%s", diff)
	}
}

func TestWaitWakesOnChange(t *testing.T) {
	s := newStore()
	got := make(chan guestapi.Report)
	go func() { got <- s.Wait(t.Context(), 1) }()
	s.Pass(guestapi.MilestoneAPI)
	if r := <-got; r.Revision != 2 {
		t.Errorf("Wait(): revision %d, want 2", r.Revision)
	}
}

func TestWaitGivesUpWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := newStore().Wait(ctx, 1); r.Revision != 1 {
		t.Errorf("Wait(): revision %d, want the current one", r.Revision)
	}
}

func TestEndpoints(t *testing.T) {
	errNotYet := errors.New("etcd is not up")
	tests := map[string]struct {
		reason string
		path   string
		token  string
		ready  error
		code   int
	}{
		"Live":          {reason: "Alive without credentials.", path: "/livez", code: http.StatusOK},
		"Ready":         {reason: "The kubelet probes without credentials.", path: "/readyz", code: http.StatusOK},
		"NotReady":      {reason: "The reason is the node's own.", path: "/readyz", ready: errNotYet, code: http.StatusServiceUnavailable},
		"ReportNoToken": {reason: "The report is not for everybody.", path: "/report", code: http.StatusUnauthorized},
		"ReportWrong":   {reason: "Another cluster's token.", path: "/report", token: "other", code: http.StatusUnauthorized},
		"Report":        {reason: "With the token.", path: "/report", token: "secret", code: http.StatusOK},
		"BadRevision":   {reason: "A revision is a number.", path: "/report?after=x", token: "secret", code: http.StatusBadRequest},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := &Handler{Store: newStore(), Token: "secret", Ready: func(context.Context) error { return tc.ready }}
			request := httptest.NewRequest(http.MethodGet, tc.path, nil)
			if tc.token != "" {
				request.Header.Set("Authorization", "Bearer "+tc.token)
			}
			recorder := httptest.NewRecorder()
			h.Mux().ServeHTTP(recorder, request)
			if recorder.Code != tc.code {
				t.Errorf("%s\nGET %s: want %d, got %d %s", tc.reason, tc.path, tc.code, recorder.Code, recorder.Body)
			}
		})
	}
}

func TestReportIsJSON(t *testing.T) {
	h := &Handler{Store: newStore(), Token: "secret", Ready: func(context.Context) error { return nil }}
	request := httptest.NewRequest(http.MethodGet, "/report?after=0", nil)
	request.Header.Set("Authorization", "Bearer secret")
	recorder := httptest.NewRecorder()
	h.Mux().ServeHTTP(recorder, request)
	var got guestapi.Report
	if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil || got.Boot != "uid" {
		t.Errorf("GET /report: %+v, %v", got, err)
	}
}

// TestTold: a reader that says what it wants is heard, and gets the report as
// any other.
func TestTold(t *testing.T) {
	cases := map[string]struct {
		reason string
		body   string
		token  string
		code   int
		want   map[string]int32

		control string
	}{
		"Wanted":   {"The list arrives.", `{"wanted":{"server":1,"work":3}}`, "secret", http.StatusOK, map[string]int32{"server": 1, "work": 3}, "secret"},
		"Nothing":  {"No list is none.", `{"after":0}`, "secret", http.StatusOK, nil, "secret"},
		"Empty":    {"Nor is one of nothing.", `{"wanted":{}}`, "secret", http.StatusOK, nil, "secret"},
		"Newer":    {"A newer reader says more.", `{"wanted":{"server":1},"more":true}`, "secret", http.StatusOK, map[string]int32{"server": 1}, "secret"},
		"Reader":   {"Whoever may read may not tell: every pool node knows that token.", `{"wanted":{"server":1}}`, "readers", http.StatusUnauthorized, nil, "secret"},
		"PoolNode": {"A guest without an identity takes no orders.", `{"wanted":{"server":1}}`, "", http.StatusUnauthorized, nil, ""},
		"Broken":   {"Half a list is none.", `{"wanted":{"server"`, "secret", http.StatusBadRequest, nil, "secret"},
		"TooLarge": {"There is a limit.", `{"wanted":{"` + strings.Repeat("x", guestapi.RequestMaxBytes) + `":1}}`, "secret", http.StatusBadRequest, nil, "secret"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got map[string]int32
			h := &Handler{Store: newStore(), Token: "readers", Control: tc.control, Wanted: func(_ context.Context, r guestapi.ReportRequest) { got = r.Wanted }}
			request := httptest.NewRequest(http.MethodPost, "/report", strings.NewReader(tc.body))
			request.Header.Set("Authorization", "Bearer "+tc.token)
			recorder := httptest.NewRecorder()
			h.Mux().ServeHTTP(recorder, request)
			if recorder.Code != tc.code {
				t.Errorf("%s\nPOST /report: want %d, got %d %s", tc.reason, tc.code, recorder.Code, recorder.Body)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nwanted: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}
