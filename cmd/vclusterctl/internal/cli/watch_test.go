package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// answer is what a server says to one request.
type answer struct {
	// code refuses the request.
	code int
	// events are sent on a watch, which ends then.
	events []string
	// list answers a list.
	list string
}

func tableOf(version string, names ...string) string {
	rows := make([]string, 0, len(names))
	for _, n := range names {
		rows = append(rows, fmt.Sprintf(`{"cells":[%q],"object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":%q}}}`, n, n))
	}
	return fmt.Sprintf(`{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":%q},"columnDefinitions":[],"rows":[%s]}`, version, strings.Join(rows, ","))
}

func event(kind, object string) string {
	return fmt.Sprintf(`{"type":%q,"object":%s}`+"\n", kind, object)
}

func gone() string {
	data, _ := json.Marshal(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Reason: metav1.StatusReasonExpired, Code: http.StatusGone, Message: "too old"})
	return string(data)
}

func TestFollow(t *testing.T) {
	errEnough := errors.New("enough")
	cases := map[string]struct {
		reason  string
		answers []answer
		// enough ends it after so many changes.
		enough int
		want   []string
		asked  []string
		lost   int
		err    string
	}{
		"Changes": {
			reason: "Each change is shown.", enough: 2, want: []string{"a", "b"}, asked: []string{"watch 1"},
			answers: []answer{{events: []string{event("ADDED", tableOf("2", "a")), event("MODIFIED", tableOf("3", "b"))}}},
		},
		"ServerEnds": {
			reason: "A server ends every watch some time: it goes on where it was.", enough: 2, want: []string{"a", "b"}, asked: []string{"watch 1", "watch 2"},
			answers: []answer{{events: []string{event("ADDED", tableOf("2", "a"))}}, {events: []string{event("DELETED", tableOf("3", "b"))}}},
		},
		"Bookmark": {
			reason: "Where it was is known even where nothing changed.", enough: 1, want: []string{"a"}, asked: []string{"watch 1", "watch 9"},
			answers: []answer{{events: []string{event("BOOKMARK", tableOf("9"))}}, {events: []string{event("ADDED", tableOf("10", "a"))}}},
		},
		"Unavailable": {
			reason: "A server that is away is waited for, and said so.", enough: 1, want: []string{"a"}, asked: []string{"watch 1", "watch 1", "watch 1"}, lost: 2,
			answers: []answer{{code: 500}, {code: 503}, {events: []string{event("ADDED", tableOf("2", "a"))}}},
		},
		"TooOld": {
			reason: "What was missed for good is shown as it is now.", enough: 3, want: []string{"x", "y", "a"}, asked: []string{"watch 1", "list ", "watch 20"},
			answers: []answer{{events: []string{event("ERROR", gone())}}, {list: tableOf("20", "x", "y")}, {events: []string{event("ADDED", tableOf("21", "a"))}}},
		},
		"TooOldAtOnce": {
			reason: "The same, said before anything was sent.", enough: 2, want: []string{"x", "a"}, asked: []string{"watch 1", "list ", "watch 20"},
			answers: []answer{{code: 410}, {list: tableOf("20", "x")}, {events: []string{event("ADDED", tableOf("21", "a"))}}},
		},
		"Forbidden": {reason: "What is refused is not tried again.", answers: []answer{{code: 403}}, asked: []string{"watch 1"}, err: "orbidden"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var asked, got []string
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				kind := "list"
				if r.URL.Query().Get("watch") != "" {
					kind = "watch"
				}
				asked = append(asked, kind+" "+r.URL.Query().Get("resourceVersion"))
				a := tc.answers[len(asked)-1]
				w.Header().Set("Content-Type", "application/json")
				if a.code != 0 {
					w.WriteHeader(a.code)
					_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Message: http.StatusText(a.code), Code: int32(a.code), Reason: reasonOf(a.code)})
					return
				}
				_, _ = fmt.Fprint(w, a.list, strings.Join(a.events, ""))
			}))
			defer server.Close()
			lister, err := NewLister(&rest.Config{Host: server.URL}, "team", metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			lost := 0
			lister.Lost = func(error) { lost++ }
			lister.After = func(time.Duration) <-chan time.Time { now := make(chan time.Time); close(now); return now }
			err = lister.Follow(ctx, &metav1.Table{ListMeta: metav1.ListMeta{ResourceVersion: "1"}}, func(table *metav1.Table) error {
				for _, row := range table.Rows {
					got = append(got, row.Cells[0].(string))
				}
				if len(got) == tc.enough {
					return errEnough
				}
				return nil
			})
			if tc.err == "" && !errors.Is(err, errEnough) || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
				t.Fatalf("%s\nFollow(): got %v, want %q", tc.reason, err, tc.err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nshown: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.asked, asked); diff != "" {
				t.Errorf("%s\nasked: -want, +got:\n%s", tc.reason, diff)
			}
			if lost != tc.lost {
				t.Errorf("%s\ntold of %d losses, want %d", tc.reason, lost, tc.lost)
			}
		})
	}
}

func reasonOf(code int) metav1.StatusReason {
	switch code {
	case http.StatusForbidden:
		return metav1.StatusReasonForbidden
	case http.StatusGone:
		return metav1.StatusReasonExpired
	}
	return metav1.StatusReasonInternalError
}
