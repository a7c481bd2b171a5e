package verbs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	utilwait "k8s.io/apimachinery/pkg/util/wait"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/access"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/cli"
)

func TestKubeconfigFlags(t *testing.T) {
	type want struct {
		Code         int
		Name, Server string
		Raw          bool
		User         access.User
	}
	cases := map[string]struct {
		reason string
		args   []string
		want   want
	}{
		"Defaults": {reason: "The administrator's.", args: []string{"dev"}, want: want{Name: "dev", User: access.User{TTL: 24 * time.Hour}}},
		"User": {
			reason: "Somebody else's.", args: []string{"dev", "--user=ann", "--group=a,b", "--group=c", "--ttl=1h", "--server=https://x"},
			want: want{Name: "dev", Server: "https://x", User: access.User{Name: "ann", Groups: []string{"a", "b", "c"}, TTL: time.Hour}},
		},
		"Raw":           {reason: "Unchanged.", args: []string{"dev", "--raw"}, want: want{Name: "dev", Raw: true, User: access.User{TTL: 24 * time.Hour}}},
		"RawWithServer": {reason: "Unchanged means unchanged.", args: []string{"dev", "--raw", "--server=https://x"}, want: want{Code: cli.ExitUsage}},
		"RawWithUser":   {reason: "The controller wrote none for a user.", args: []string{"dev", "--raw", "--user=x"}, want: want{Code: cli.ExitUsage}},
		"GroupAlone":    {reason: "Groups of whom?", args: []string{"dev", "--group=x"}, want: want{Code: cli.ExitUsage}},
		"TooShort":      {reason: "The API server gives no shorter ones.", args: []string{"dev", "--user=x", "--ttl=1m"}, want: want{Code: cli.ExitUsage}},
		"TooLong":       {reason: "Nor can longer ones be asked for.", args: []string{"dev", "--user=x", "--ttl=613201h"}, want: want{Code: cli.ExitUsage}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := testFactory(t)
			var got want
			verb := NewCmdKubeconfig(f, func(_ context.Context, o *KubeconfigOptions) error {
				got = want{Name: o.Name, Server: o.Server, Raw: o.Raw, User: o.User}
				return nil
			})
			got.Code, _ = call(t, f, verb, tc.args...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestExplainSigning(t *testing.T) {
	late := fmt.Errorf("have it signed: %w", utilwait.ErrorInterrupted(nil))
	cases := map[string]struct {
		reason      string
		err         error
		interrupted bool
		want        int
	}{
		"Late":        {reason: "Nobody signed in time.", err: late, want: cli.ExitTimeout},
		"Interrupted": {reason: "That is no matter of time.", err: late, interrupted: true, want: cli.ExitError},
		"Refused":     {reason: "Nor is that.", err: errors.New("boom"), want: cli.ExitError},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tc.interrupted {
				cancel()
			}
			tg := &target{Factory: testFactory(t), namespace: "default", name: "dev"}
			if got := tg.Explain(tg.explainSigning(ctx, tc.err)); got.Code != tc.want {
				t.Errorf("%s\ngot exit code %d for %v, want %d", tc.reason, got.Code, got, tc.want)
			}
		})
	}
}
