package report

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// listener is a guest that writes down what it is asked.
type listener struct {
	answer func(http.ResponseWriter, *http.Request)

	mu    sync.Mutex
	asked []string
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var told guestapi.ReportRequest
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&told); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	said, err := json.Marshal(told)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if want := map[string]string{http.MethodGet: "Bearer reader", http.MethodPost: "Bearer control"}[r.Method]; r.Header.Get("Authorization") != want {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	l.mu.Lock()
	l.asked = append(l.asked, r.Method+" "+r.URL.RequestURI()+" "+string(said))
	l.mu.Unlock()
	l.answer(w, r)
}

func (l *listener) heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked
}

// pollerOf asks a listener without the way there, which other tests go.
func pollerOf(t *testing.T, l *listener, wanted string) *poller {
	t.Helper()
	return &poller{
		target: Target{UID: "boot-1", Pod: "dev-server-0", Address: "10.0.0.9", Token: "reader", Control: "control", Told: wanted},
		client: &http.Client{Transport: direct{l}},
	}
}

type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

func fine(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte(`{"boot":"boot-1","revision":3}`))
}

// postRefused is a guest older than POST.
func postRefused(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	fine(w, r)
}

func TestTellsWhatIsWanted(t *testing.T) {
	cases := map[string]struct {
		reason string
		guest  func(http.ResponseWriter, *http.Request)
		wanted string
		want   []string
	}{
		"Server": {
			"A server is told.", fine, `{"wanted":{"server":1,"work":2}}`,
			[]string{`POST /report {"wanted":{"server":1,"work":2}}`, `POST /report {"after":3,"wanted":{"server":1,"work":2}}`},
		},
		"Pool": {
			"A pool node is not.", fine, "",
			[]string{`GET /report {}`, `GET /report?after=3 {}`},
		},
		"Older": {
			"An older guest is asked as it knows it, and offered the other way once.", postRefused, `{"wanted":{"server":1}}`,
			[]string{`POST /report {"wanted":{"server":1}}`, `GET /report {}`, `GET /report?after=3 {}`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := &listener{answer: tc.guest}
			p := pollerOf(t, l, tc.wanted)
			for _, after := range []int64{-1, 3} {
				if r, err := p.ask(t.Context(), after); err != nil || r.Revision != 3 {
					t.Fatalf("%s\nask() = %+v, %v", tc.reason, r, err)
				}
			}
			if got, want := strings.Join(l.heard(), "\n"), strings.Join(tc.want, "\n"); got != want {
				t.Errorf("%s\nthe guest was asked\n%s\nwant\n%s", tc.reason, got, want)
			}
		})
	}
}

// TestToldAnswers: whoever is told something answers within the same bounds.
func TestToldAnswers(t *testing.T) {
	cases := map[string]func(http.ResponseWriter, *http.Request){
		"Refused": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) },
		"Redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusTemporaryRedirect)
		},
		"TooLarge": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"boot":"boot-1","version":"` + strings.Repeat("x", guestapi.ReportMaxBytes) + `"}`))
		},
		"OtherBoot": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"boot":"boot-2"}`)) },
		"NoJSON":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>`)) },
	}
	for name, answer := range cases {
		t.Run(name, func(t *testing.T) {
			p := pollerOf(t, &listener{answer: answer}, `{"wanted":{"server":1}}`)
			p.client.CheckRedirect = refuseRedirect
			if r, err := p.ask(t.Context(), -1); err == nil {
				t.Errorf("ask() = %+v, want an error", r)
			}
		})
	}
}

// TestTrackTellsAtOnce: a server does not wait for the end of a long poll to
// hear that other nodes are wanted.
func TestTrackTellsAtOnce(t *testing.T) {
	told := make(chan string, 10)
	g := newGuest(t)
	g.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request guestapi.ReportRequest
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			t.Error(err)
		}
		if request.After != nil { // a long poll without news
			<-r.Context().Done()
			return
		}
		said, err := json.Marshal(request.Wanted)
		if err != nil {
			t.Error(err)
		}
		told <- string(said)
		fine(w, r)
	})
	s, _ := running(t, g.dial)
	target := g.target()
	for _, wanted := range []string{`{"server":1,"work":2}`, `{"server":1,"work":1}`} {
		target.Told = `{"wanted":` + wanted + `}`
		s.Track(dev, []Target{target})
		if got := await(t, "word of what is wanted", told); got != wanted {
			t.Errorf("the guest was told %s, want %s", got, wanted)
		}
	}
}

// TestStateIDIsTheFirst: a tenant that is root in a node could name its state
// anew with every report.
func TestStateIDIsTheFirst(t *testing.T) {
	held := next(nil, guestapi.Report{}, 0)
	for _, id := range []string{"one", "two", "three"} {
		held = next(held, guestapi.Report{StateID: id}, 0)
	}
	if held.StateID != "one" {
		t.Errorf("the state is called %q, want the first name heard", held.StateID)
	}
	if got := sanitise(guestapi.Report{StateID: "a b\x1b[1m" + strings.Repeat("c", 100), Timeline: []guestapi.Milestone{{Time: time.Now()}}}).StateID; len(got) > maxName || strings.ContainsAny(got, " \x1b[") {
		t.Errorf("the name of a state is kept as %q", got)
	}
}
