package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// The pause before a watch is tried again, which doubles while nothing comes.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 10 * time.Second
)

// Follow shows what there is, and then each change as a table of one row. A
// watch that ends or breaks off goes on where it was. What changed too long ago
// for that is shown as it is now.
func (l *Lister) Follow(ctx context.Context, first *metav1.Table, seen func(*metav1.Table) error) error {
	version, pause := first.ResourceVersion, firstPause
	for {
		last, err := l.watch(ctx, version, seen)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case apierrors.IsResourceExpired(err) || apierrors.IsGone(err):
			if last, err = l.again(ctx, seen); err != nil {
				return err
			}
		case err != nil && final(err):
			return err
		case err != nil:
			l.Lost(err)
		}
		if last != version {
			version, pause = last, firstPause
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-l.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// again lists anew.
func (l *Lister) again(ctx context.Context, seen func(*metav1.Table) error) (string, error) {
	table, err := l.Table(ctx)
	if err != nil {
		return "", err
	}
	return table.ResourceVersion, seen(table)
}

// watch shows each change after a resource version until the server ends it,
// and gives the version it came to.
func (l *Lister) watch(ctx context.Context, version string, seen func(*metav1.Table) error) (string, error) {
	options := l.Options
	options.Watch, options.ResourceVersion, options.AllowWatchBookmarks = true, version, true
	w, err := l.table(options).Watch(ctx)
	if err != nil {
		return version, err
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		if e.Type == watch.Error {
			return version, apierrors.FromObject(e.Object)
		}
		table, ok := e.Object.(*metav1.Table)
		if !ok {
			return version, fmt.Errorf("watch VirtualClusters: got a %T", e.Object)
		}
		if table.ResourceVersion != "" {
			version = table.ResourceVersion
		}
		if e.Type == watch.Bookmark {
			continue
		}
		if err := decodeRows(table); err != nil {
			return version, ended{err}
		}
		if err := seen(table); err != nil {
			return version, ended{err}
		}
	}
	return version, nil
}

// ended is an error of ours, which trying again does not mend.
type ended struct{ error }

// Unwrap gives the error itself.
func (e ended) Unwrap() error { return e.error }

// final says whether trying again makes no sense: the server understood and
// refused.
func final(err error) bool {
	if _, own := errors.AsType[ended](err); own {
		return true
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	code := status.Status().Code
	return code >= http.StatusBadRequest && code < http.StatusInternalServerError && code != http.StatusTooManyRequests
}
