package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/printable"
)

// Exit codes that scripts may rely on.
const (
	ExitDone     = 0
	ExitError    = 1
	ExitUsage    = 2
	ExitNotFound = 3
	ExitTimeout  = 4
	ExitRefused  = 5
)

// Error is a failure together with the exit code it ends the program with and
// what the user can do about it.
type Error struct {
	Code   int
	Err    error
	Remedy string
}

// Error is the failure as one line.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the failure below.
func (e *Error) Unwrap() error { return e.Err }

// Fail is a failure with a remedy that ends the program with exit code 1.
func Fail(remedy, format string, args ...any) error {
	return &Error{Code: ExitError, Err: fmt.Errorf(format, args...), Remedy: remedy}
}

// Usagef is a mistake in how the program was called.
func Usagef(format string, args ...any) error {
	return &Error{Code: ExitUsage, Err: fmt.Errorf(format, args...)}
}

// NotFound says that something named by the user does not exist.
func NotFound(remedy, format string, args ...any) error {
	return &Error{Code: ExitNotFound, Err: fmt.Errorf(format, args...), Remedy: remedy}
}

// TimedOut says that something did not come about in time.
func TimedOut(remedy, format string, args ...any) error {
	return &Error{Code: ExitTimeout, Err: fmt.Errorf(format, args...), Remedy: remedy}
}

// Interrupted says that somebody did not want to wait for the end.
func Interrupted(remedy string) *Error {
	return &Error{Code: ExitError, Err: interrupted{}, Remedy: remedy}
}

type interrupted struct{}

// Error implements error.
func (interrupted) Error() string { return "interrupted" }

// Unwrap gives what such an interruption looks like from below.
func (interrupted) Unwrap() error { return context.Canceled }

// Refused says that the host cannot do what was asked for, found out before
// anything was changed.
func Refused(remedy, format string, args ...any) error {
	return &Error{Code: ExitRefused, Err: fmt.Errorf(format, args...), Remedy: remedy}
}

// Explain gives any error its exit code and remedy.
func (f *Factory) Explain(err error) *Error {
	var known *Error
	switch {
	case errors.As(err, &known):
		return &Error{Code: known.Code, Err: err, Remedy: known.Remedy}
	case errors.Is(err, context.Canceled):
		return Interrupted("")
	case Unanswered(err): // before our own waits: net calls some of them so, too
		return &Error{Code: ExitError, Err: err, Remedy: "Is the cluster up and reachable from here, and --kubeconfig and --context right?"}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: ExitTimeout, Err: err, Remedy: "Raise --timeout, or look at the cluster with: " + f.Command("list", "-A")}
	case NotInstalled(err):
		return f.notInstalled()
	case apierrors.IsNotFound(err):
		return &Error{Code: ExitNotFound, Err: err, Remedy: f.missing(err)}
	case apierrors.IsInvalid(err):
		return &Error{Code: ExitError, Err: invalid(err)}
	case utilnet.IsConnectionRefused(err):
		return &Error{Code: ExitError, Err: err, Remedy: "Is the cluster up, and --kubeconfig and --context right?"}
	}
	return &Error{Code: ExitError, Err: err}
}

// Unanswered says whether it was the network that gave up, and not somebody's
// wait that ended while the network was asked.
func Unanswered(err error) bool {
	if dial, ok := errors.AsType[*net.OpError](err); ok {
		return dial.Timeout()
	}
	return utilnet.IsTimeout(err) && !errors.Is(err, context.DeadlineExceeded)
}

// notInstalled explains an API server without VirtualClusters. It may be that of
// a virtual cluster.
func (f *Factory) notInstalled() *Error {
	if inside := f.inside(); inside != "" {
		return &Error{
			Code: ExitRefused, Err: fmt.Errorf("this is inside virtual cluster %q, which knows no VirtualClusters: they are looked after from outside", inside),
			Remedy: "Leave its shell first, with: exit\nor say where the clusters are with --kubeconfig and --context",
		}
	}
	return &Error{
		Code: ExitRefused, Err: errors.New("the cluster does not know VirtualClusters: the controller is not installed"),
		Remedy: "Install it with: " + f.Command("install"),
	}
}

// unchecked begins what an API server appends to the mistakes it found. It is
// no mistake of the user's.
const unchecked = "some validation rules were not checked"

// invalid says what the API server refuses in an object, and no more.
func invalid(err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return err
	}
	var mistakes []string
	for _, cause := range status.Status().Details.Causes {
		if !strings.Contains(cause.Message, unchecked) {
			mistakes = append(mistakes, strings.TrimPrefix(cause.Field+": "+cause.Message, "<nil>: ")) // of the whole object
		}
	}
	if len(mistakes) == 0 {
		return err
	}
	context, _, _ := strings.Cut(err.Error(), status.Status().Message)
	return errors.New(context + strings.Join(mistakes, "; "))
}

// missing is the remedy where the API server did not find something.
func (f *Factory) missing(err error) string {
	if namespace := MissingNamespace(err); namespace != "" {
		return "Make it with: " + f.Kubectl("create", "namespace", namespace)
	}
	return "See what exists with: " + f.Command("list", "-A")
}

// MissingNamespace is the namespace that the API server did not find, and "" if
// the error is about something else.
func MissingNamespace(err error) string {
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) {
		return ""
	}
	if details := status.Status().Details; details != nil && details.Kind == "namespaces" {
		return details.Name
	}
	return ""
}

// NotInstalled says whether the error means that the API server has no
// VirtualCluster resource.
func NotInstalled(err error) bool {
	if meta.IsNoMatchError(err) {
		return strings.Contains(err.Error(), v1alpha1.GroupName)
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || !apierrors.IsNotFound(err) {
		return false
	}
	details := status.Status().Details
	if apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) && details.Group == v1alpha1.GroupName {
		return true // it has no such path, whatever the name at its end
	}
	return details == nil || details.Name == "" && details.Kind == "" || details.Name == "" && details.Group == v1alpha1.GroupName
}

// Print writes the error as one line and, below it, its remedy.
func (e *Error) Print(w io.Writer) {
	fmt.Fprintf(w, "error: %s\n", OneLine(e.Err.Error()))
	if e.Remedy != "" {
		fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(e.Remedy, "\n", "\n  "))
	}
}

// OneLine folds a text into one line that is safe to print, whoever has written
// it.
func OneLine(s string) string { return printable.Line(s) }
