package tui_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/tuitest"
)

// TestCreate: the whole way, with a mistake that only the API server knows.
func TestCreate(t *testing.T) {
	w := begin(t, nil, tuitest.Cluster("dev"))
	w.untilShows("live")
	w.Press("n")
	w.Type("-a") // at once: nobody types too fast
	w.untilShows("name: dev-2-a")
	w.actions.Problems = []act.Problem{{Field: "spec.version", Message: "no image for v1.99.0 is installed"}}
	w.Press("tab", "tab", "right", "tab")
	w.Type("v1.99.0")
	w.Press("tab")
	w.untilShows("no image for v1.99.0")
	golden.RequireEqual(t, w.View())
	w.Press("ctrl+s")
	w.untilShows("This is not right yet")
	if w.actions.Was("create default/dev-2-a") {
		t.Error("it was applied although the API server would refuse it")
	}
	w.actions.Problems = nil
	w.Press("shift+tab", "ctrl+u")
	w.Type("v1.36.3")
	w.Press("tab")
	w.untilShows("would take it")
	w.Press("ctrl+s")
	w.untilShows("Created dev-2-a")
	if !w.actions.Was("create default/dev-2-a") {
		t.Errorf("done was %v", w.actions.Done)
	}
	server := w.watch()
	server.Add(tuitest.Cluster("dev-2-a"))
	w.untilShows("▌ dev-2-a")
}

// TestCreateElsewhere: a cluster of another namespace is shown there.
func TestCreateElsewhere(t *testing.T) {
	w := begin(t, nil)
	w.untilShows("live")
	w.Press("n", "tab", "ctrl+u")
	w.Type("team-a")
	w.Press("ctrl+s")
	w.untilShows("namespace team-a")
	if !w.actions.Was("create team-a/dev") {
		t.Errorf("done was %v", w.actions.Done)
	}
}

// TestCreateEsc: what cannot be stopped any more says so, and how it went; what
// can be is.
func TestCreateEsc(t *testing.T) {
	for name, tc := range map[string]struct {
		failed error
		shows  string
	}{
		"Well": {shows: "Created dev."},
		"Ill":  {failed: errors.New("the quota is used up"), shows: "the quota is used up"},
	} {
		t.Run(name, func(t *testing.T) {
			asked, answer := make(chan struct{}), make(chan error)
			w := begin(t, func(c *tui.Config) {
				c.Session.Create = func(context.Context, *unstructured.Unstructured) error { close(asked); return <-answer }
			})
			w.untilShows("live")
			w.Press("n")
			w.untilShows("would take it")
			w.Press("ctrl+s")
			w.Step() // the last look
			<-asked
			w.Press("esc")
			w.untilShows("It goes on")
			w.untilShows("Creating…")
			answer <- tc.failed
			w.untilShows(tc.shows)
		})
	}
}

// TestCreateEscInTime: whoever leaves during the last look has made nothing.
func TestCreateEscInTime(t *testing.T) {
	looks, answer := make(chan struct{}, 2), make(chan struct{}, 2)
	w := begin(t, func(c *tui.Config) {
		c.Session.Try = func(context.Context, *unstructured.Unstructured) ([]act.Problem, error) {
			looks <- struct{}{}
			<-answer
			return nil, nil
		}
	})
	w.untilShows("live")
	w.Press("n")
	<-looks
	answer <- struct{}{}
	w.untilShows("would take it")
	w.Press("ctrl+s")
	<-looks
	w.Press("esc")
	w.untilShows("No virtual clusters")
	answer <- struct{}{}
	w.Step()
	w.clock.Step(time.Second)
	w.Step() // and whatever would come of it is before the tick
	if len(w.actions.Done) > 0 {
		t.Errorf("done was %v", w.actions.Done)
	}
}

// TestCreateMistakes: what needs no API server is not asked of one.
func TestCreateMistakes(t *testing.T) {
	cases := map[string]struct {
		tabs int
		text string
		want string
	}{
		"Name":      {0, "Dev_1", "lower case letters"},
		"NoName":    {0, "", "is needed"},
		"Namespace": {1, "No Such", "want the name"},
		"Version":   {3, "1.36", "full version"},
		"Workers":   {5, "many", "number up to 1000"},
		"Storage":   {6, "big", "such as 10Gi"},
		"Lifetime":  {9, "5s", "at least 1m"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := begin(t, nil)
			w.untilShows("live")
			w.Press("n")
			for range tc.tabs {
				w.Press("tab")
			}
			w.Press("ctrl+u")
			w.Type(tc.text)
			w.Press("tab")
			w.untilShows(tc.want)
			w.Press("ctrl+s")
			if len(w.actions.Done) > 0 {
				t.Errorf("done was %v", w.actions.Done)
			}
			w.Press("esc")
			w.untilShows("No virtual clusters")
		})
	}
}

// TestCreateAll: every field gets to the object.
func TestCreateAll(t *testing.T) {
	w := begin(t, nil)
	w.untilShows("live")
	w.Press("n", "tab", "tab", "right", "tab")
	w.Type("v1.36.3")
	w.Press("tab")
	for range slices.Index(v1alpha1.RuntimeProfiles(), v1alpha1.RuntimeUserns) {
		w.Press("right")
	}
	w.Press("tab")
	w.Type("3")
	w.Press("tab")
	w.Type("20Gi")
	w.Press("tab", "tab", "right", "tab")
	w.Type("8h")
	w.Press("tab")
	w.untilShows("would take it")
	golden.RequireEqual(t, w.View())
}
