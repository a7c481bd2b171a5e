package tui

import (
	"context"
	"fmt"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/row"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/screen"
)

// Question is asked before something is done to a cluster. It names what is
// lost, and what is kept.
type Question struct {
	// Title asks, Texts and what Find finds explain.
	Title string
	Texts []string
	Find  func(context.Context) ([]string, error)
	// Yes is the verb, Doing says that it is under way.
	Yes, Doing string
	Bad        bool
	Do         func(context.Context) error
}

// AlreadySo says why there is nothing to ask; empty if there is.
func AlreadySo(verb screen.Verb, r *row.Row) string {
	switch {
	case r.State == row.Deleting:
		return "is being deleted already."
	case verb == screen.Pause && r.State == row.Paused:
		return "is paused already; resume it instead."
	case verb == screen.Resume && r.State != row.Paused:
		return "is not paused."
	}
	return ""
}

// Ask is the question before a verb.
func Ask(actions act.Actions, verb screen.Verb, r *row.Row) Question {
	where := fmt.Sprintf("%s in namespace %s", r.Key.Name, r.Key.Namespace)
	nodes := fmt.Sprintf("%d nodes", r.Wanted)
	if r.Wanted == 1 {
		nodes = "1 node"
	}
	t := target(*r)
	switch verb {
	case screen.Pause:
		return Question{
			Title: "Pause " + where + "?", Yes: "Pause", Doing: "Pausing " + r.Key.Name, Bad: true,
			Texts: []string{
				"Lost is what runs inside: " + nodes + " stop, and the API with them, until it is resumed.",
				"Kept are what it has stored, its identity and its kubeconfig.",
			},
			Do: func(ctx context.Context) error { return actions.SetPaused(ctx, t, true) },
		}
	case screen.Resume:
		return Question{
			Title: "Resume " + where + "?", Yes: "Resume", Doing: "Resuming " + r.Key.Name,
			Texts: []string{"Nothing is lost: " + nodes + " start with what the cluster had stored."},
			Do:    func(ctx context.Context) error { return actions.SetPaused(ctx, t, false) },
		}
	default:
		return Question{
			Title: "Delete " + where + "?", Yes: "Delete", Doing: "Deleting " + r.Key.Name, Bad: true,
			Texts: []string{"It cannot be brought back. Lost are:"},
			Find:  func(ctx context.Context) ([]string, error) { return actions.Inventory(ctx, t) },
			Do:    func(ctx context.Context) error { return actions.Delete(ctx, t) },
		}
	}
}
