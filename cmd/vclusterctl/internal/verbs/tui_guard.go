package verbs

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/act"
)

// answer waits for an answer of the API server for as long as people do.
func answer[T any](ctx context.Context, s *tuiSession, ask func(context.Context) (T, error)) (T, error) {
	bounded, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	result, err := ask(bounded)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return result, cli.TimedOut("If something was to be changed, look whether it was", "the API server does not answer within %s", s.patience)
	}
	return result, err
}

// done is answer to what has no result.
func done(ctx context.Context, s *tuiSession, do func(context.Context) error) error {
	_, err := answer(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) })
	return err
}

// actions are what can be done. None takes longer than somebody waits, but what
// goes on by its nature: logs, and what has the terminal.
func (s *tuiSession) actions() act.Actions {
	return act.Actions{
		Details: func(ctx context.Context, t act.Target) (describe.Input, error) {
			return answer(ctx, s, func(ctx context.Context) (describe.Input, error) { return s.details(ctx, t) })
		},
		Inventory: func(ctx context.Context, t act.Target) ([]string, error) {
			return answer(ctx, s, func(ctx context.Context) ([]string, error) { return s.inventory(ctx, t) })
		},
		Delete: func(ctx context.Context, t act.Target) error {
			return done(ctx, s, func(ctx context.Context) error { return s.delete(ctx, t) })
		},
		SetPaused: func(ctx context.Context, t act.Target, paused bool) error {
			return done(ctx, s, func(ctx context.Context) error { return s.setPaused(ctx, t, paused) })
		},
		Kubeconfig: func(ctx context.Context, t act.Target) ([]byte, error) {
			return answer(ctx, s, func(ctx context.Context) ([]byte, error) { return s.kubeconfig(ctx, t) })
		},
		SaveKubeconfig: func(ctx context.Context, t act.Target) (string, error) {
			return answer(ctx, s, func(ctx context.Context) (string, error) { return s.saveKubeconfig(ctx, t) })
		},
		Try: func(ctx context.Context, u *unstructured.Unstructured) ([]act.Problem, error) {
			return answer(ctx, s, func(ctx context.Context) ([]act.Problem, error) { return s.try(ctx, u) })
		},
		Create: func(ctx context.Context, u *unstructured.Unstructured) error {
			return done(ctx, s, func(ctx context.Context) error { return s.create(ctx, u) })
		},
		Logs: s.logs, Attach: s.attach, Shell: s.shell,
		Namespaces: func(ctx context.Context) ([]string, error) { return answer(ctx, s, s.namespaces) },
	}
}

// get reads the cluster that was looked at, and no other one of its name.
func (s *tuiSession) get(ctx context.Context, of act.Target) (*v1alpha1.VirtualCluster, error) {
	vc, err := s.target(of).get(ctx)
	if err != nil {
		return nil, err
	}
	if vc.UID != of.UID {
		return nil, cli.NotFound("Look at the other one first, if that is meant",
			"virtual cluster %q in namespace %q was deleted, and another one has its name by now", of.Name, of.Namespace)
	}
	return vc, nil
}

// config says how to reach the API server, unless the kubeconfig leads to another
// one by now.
func (s *tuiSession) config() (*rest.Config, error) {
	config, err := s.RESTConfig()
	if err != nil {
		return nil, err
	}
	if config.Host != s.server {
		return nil, cli.Fail("Open this program anew to look at that host",
			"the kubeconfig changed: context %q leads to %s by now, and what is shown here is of %s", hostContext(s.Factory), config.Host, s.server)
	}
	return config, nil
}

// checkBefore makes sure that a verb which is about to be run, and knows no more
// than names, will find what was looked at.
func (s *tuiSession) checkBefore(t act.Target) error {
	if _, err := s.config(); err != nil {
		return fmt.Errorf("nothing was run: %w", err)
	}
	return done(context.Background(), s, func(ctx context.Context) error {
		_, err := s.get(ctx, t)
		return err
	})
}
