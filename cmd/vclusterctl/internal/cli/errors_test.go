package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

func TestExplain(t *testing.T) {
	boom := errors.New("boom")
	resource := v1alpha1.Resource("virtualclusters")
	noRoute := &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound}}
	noKind := &meta.NoKindMatchError{GroupKind: schema.GroupKind{Group: v1alpha1.GroupName, Kind: "VirtualCluster"}}
	otherKind := &meta.NoKindMatchError{GroupKind: schema.GroupKind{Group: "other.dev", Kind: "Thing"}}
	cases := map[string]struct {
		reason string
		err    error
		want   int
	}{
		"Any":            {reason: "What is not known is an error.", err: boom, want: ExitError},
		"Usage":          {reason: "Mistakes in the call have a code of their own.", err: Usagef("no"), want: ExitUsage},
		"WrappedUsage":   {reason: "Wrapping does not hide the code.", err: fmt.Errorf("more: %w", Usagef("no")), want: ExitUsage},
		"NotFound":       {reason: "Our own.", err: NotFound("", "no"), want: ExitNotFound},
		"APINotFound":    {reason: "The API server's.", err: fmt.Errorf("x: %w", apierrors.NewNotFound(resource, "dev")), want: ExitNotFound},
		"Timeout":        {reason: "Our own.", err: TimedOut("", "late"), want: ExitTimeout},
		"Deadline":       {reason: "A context's.", err: fmt.Errorf("x: %w", context.DeadlineExceeded), want: ExitTimeout},
		"DialTimeout":    {reason: "Nobody set a time that could be raised.", err: request(blackHole(t)), want: ExitError},
		"NoHandshake":    {reason: "Nor here.", err: request(silence{}), want: ExitError},
		"RequestTimeout": {reason: "A wait of ours ends in the middle of a request, too.", err: request(context.DeadlineExceeded), want: ExitTimeout},
		"Interrupted":    {reason: "Ctrl-C is an error, and no time-out.", err: fmt.Errorf("x: %w", context.Canceled), want: ExitError},
		"Refused":        {reason: "Our own.", err: Refused("", "no"), want: ExitRefused},
		"NoCRD":          {reason: "A cluster without the CRD cannot do it.", err: fmt.Errorf("x: %w", noKind), want: ExitRefused},
		"NoCRDByRoute":   {reason: "The same, asked for by path.", err: fmt.Errorf("x: %w", noRoute), want: ExitRefused},
		"OtherKind":      {reason: "Another missing kind is not ours.", err: otherKind, want: ExitError},
		"AnotherMissing": {reason: "Any other object that is missing.", err: apierrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, "x"), want: ExitNotFound},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := NewFactory("vclusterctl", Streams{}).Explain(tc.err)
			if diff := cmp.Diff(tc.want, got.Code); diff != "" {
				t.Errorf("%s\nExplain(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// request is how an error comes back from a request.
func request(err error) error {
	return fmt.Errorf("list: %w", &url.Error{Op: "Get", URL: hostServer, Err: err})
}

// blackHole is the error of a dialer that has had no answer.
func blackHole(t *testing.T) error {
	t.Helper()
	dialer := net.Dialer{Timeout: time.Nanosecond}
	_, err := dialer.DialContext(t.Context(), "tcp", "127.0.0.1:1")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a dialer's time-out is no longer a deadline: %v", err)
	}
	return err
}

// silence is what package http says of a server that does not shake hands.
type silence struct{}

func (silence) Error() string   { return "net/http: TLS handshake timeout" }
func (silence) Timeout() bool   { return true }
func (silence) Temporary() bool { return true }

// TestUnanswered: no time is to be raised, the way there is to be looked at.
func TestUnanswered(t *testing.T) {
	for _, err := range []error{blackHole(t), silence{}} {
		if got := NewFactory("vclusterctl", Streams{}).Explain(request(err)).Remedy; !strings.Contains(got, "reachable from here") {
			t.Errorf("Explain(%v): got remedy %q", err, got)
		}
	}
}

// TestInterrupted: what becomes of what was begun is for the verb to say, as it
// may undo it.
func TestInterrupted(t *testing.T) {
	f := NewFactory("vclusterctl", Streams{})
	if got := f.Explain(fmt.Errorf("x: %w", context.Canceled)); got.Remedy != "" {
		t.Errorf("nothing is known of %q", got.Remedy)
	}
	if got := f.Explain(fmt.Errorf("x: %w", Interrupted("It goes on."))); got.Remedy != "It goes on." || !errors.Is(got, context.Canceled) {
		t.Errorf("got %v with %q", got, got.Remedy)
	}
}

func TestMissingNamespace(t *testing.T) {
	err := apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "team")
	want := "Make it with: kubectl create namespace team"
	if diff := cmp.Diff(want, NewFactory("vclusterctl", Streams{}).Explain(err).Remedy); diff != "" {
		t.Errorf("Explain(): -want, +got:\n%s", diff)
	}
}

// TestInvalid: the field and what is wrong with it, without what the API server
// says about itself.
func TestInvalid(t *testing.T) {
	mistakes := field.ErrorList{
		field.Invalid(field.NewPath("spec", "servers", "replicas"), 0, "should be greater than or equal to 1"),
		field.NotSupported(field.NewPath("spec", "distro"), "foo", []string{"k3s", "k8s"}),
		field.Invalid(nil, nil, "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"),
	}
	err := fmt.Errorf("apply virtual cluster %q: %w", "dev",
		apierrors.NewInvalid(schema.GroupKind{Group: v1alpha1.GroupName, Kind: "VirtualCluster"}, "dev", mistakes))
	var out bytes.Buffer
	NewFactory("vclusterctl", Streams{}).Explain(err).Print(&out)
	want := `error: apply virtual cluster "dev": spec.servers.replicas: Invalid value: 0: should be greater than or equal to 1; ` +
		`spec.distro: Unsupported value: "foo": supported values: "k3s", "k8s"` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("Print(): -want, +got:\n%s", diff)
	}
}

func TestErrorPrint(t *testing.T) {
	var out bytes.Buffer
	NewFactory("vclusterctl", Streams{}).Explain(Fail("Do this.\nOr that.", "read %q:\n it \x1b[31mfailed\u202e\b", "x")).Print(&out)
	want := "error: read \"x\": it failed\n  Do this.\n  Or that.\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("Print(): -want, +got:\n%s", diff)
	}
}
