// Package act declares what the TUI can do to clusters beyond looking at them.
// It does nothing itself.
package act

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/describe"
)

// Target is a cluster. The UID tells it from another one that has its name by
// now.
type Target struct {
	types.NamespacedName

	UID types.UID
}

// Problem is what is wrong with a field of a new cluster.
type Problem struct {
	// Field is its path, such as spec.version; empty for the whole.
	Field, Message string
}

// LogRequest says which lines of which node.
type LogRequest struct {
	Target

	Node   string
	Tail   int
	Follow bool
}

// Actions are functions that may block: they are called in commands, never
// while a message is taken.
type Actions struct {
	// Details finds what belongs to a cluster: its pods and events.
	Details func(context.Context, Target) (describe.Input, error)
	// Inventory tells what deleting a cluster takes along, one thing a line.
	Inventory func(context.Context, Target) ([]string, error)
	Delete    func(context.Context, Target) error
	SetPaused func(ctx context.Context, t Target, paused bool) error

	// Kubeconfig is the administrator's. SaveKubeconfig puts it into a file
	// that nobody else can read, and gives its path.
	Kubeconfig     func(context.Context, Target) ([]byte, error)
	SaveKubeconfig func(context.Context, Target) (string, error)

	// Try lets the API server check a new cluster and keeps nothing. It fails
	// only if that could not be done. Create makes it, and fails where one of
	// that name exists: none is ever changed.
	Try    func(context.Context, *unstructured.Unstructured) ([]Problem, error)
	Create func(context.Context, *unstructured.Unstructured) error

	// Logs gives line after line, until the context or the log ends, or emit
	// fails.
	Logs func(ctx context.Context, r LogRequest, emit func(line string) error) error

	// Attach and Shell take over the terminal.
	Attach func(Target) tea.ExecCommand
	Shell  func(t Target, node string) tea.ExecCommand

	Namespaces func(context.Context) ([]string, error)
}
