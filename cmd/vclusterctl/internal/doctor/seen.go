package doctor

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Seen is what an API server said to one question. Value is good for nothing
// where there is an error.
type Seen[T any] struct {
	Value T
	Err   error
}

// Unseen is the finding about what could not be asked: with the right that is
// missing, or what went wrong.
func Unseen(group, check string, err error) Finding {
	return Finding{Group: group, Check: check, Outcome: Unknown, Found: Why(err), Fix: Right(err)}
}

// List asks for all objects of a kind that the options select.
func List[L any, T any, P interface {
	*L
	client.ObjectList
}](ctx context.Context, c client.Reader, items func(P) []T, options ...client.ListOption) Seen[[]T] {
	var all L
	err := c.List(ctx, P(&all), options...)
	return Seen[[]T]{Value: items(&all), Err: err}
}
