package virtualcluster

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// No watch tells when a quota, a policy or a webhook changed its mind, so
	// a refused pod is rehearsed again, ever more seldom.
	firstRetry = time.Second
	lastRetry  = time.Minute
	// An accepted pod is rehearsed again after this time while its
	// StatefulSet fails to make it.
	staleAfter = 15 * time.Second
)

// rehearsal asks the API server whether it would let pods in, and remembers the
// answer as long as the question is the same.
type rehearsal struct {
	client client.Client

	mu    sync.Mutex
	known map[types.NamespacedName]map[string]verdict // by group
}

// verdict is the answer to one trial.
type verdict struct {
	question [sha256.Size]byte
	at       time.Time
	words    string // why the pod is refused; empty if it is not
	retry    time.Duration
}

func newRehearsal(c client.Client) *rehearsal {
	return &rehearsal{client: c, known: map[types.NamespacedName]map[string]verdict{}}
}

func (r *rehearsal) forget(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, key)
}

// rehearse asks about the pods of a scope, and takes the StatefulSets out of
// its plan whose pods would be refused.
func (r *Reconciler) rehearse(ctx context.Context, s *Scope) error {
	s.refusals = map[string]string{}
	for _, t := range s.trials {
		v, err := r.rehearsal.ask(ctx, client.ObjectKeyFromObject(s.vc), t, s.now)
		if err != nil {
			return err
		}
		if v.words == "" {
			s.comeBack(staleAfter)
			continue
		}
		s.refusals[t.group] = v.words
		s.comeBack(v.at.Add(v.retry).Sub(s.now))
		s.plan.drop(t.group)
	}
	return nil
}

// ask returns the verdict on a trial, from memory while it is good.
func (r *rehearsal) ask(ctx context.Context, key types.NamespacedName, t trial, now time.Time) (verdict, error) {
	question, err := hashOf(t.pod)
	if err != nil {
		return verdict{}, err
	}
	held, ok := r.recall(key, t.group)
	ok = ok && held.question == question
	if ok && within(now, held.at, held.retry) {
		return held, nil
	}
	words, err := r.dryRun(ctx, t.pod)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{question: question, at: now, words: words, retry: staleAfter}
	if words != "" {
		v.retry = firstRetry
		if ok && held.words != "" {
			v.retry = min(2*held.retry, lastRetry)
		}
	}
	r.keep(key, t.group, v)
	return v, nil
}

func (r *rehearsal) recall(key types.NamespacedName, group string) (verdict, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.known[key][group]
	return v, ok
}

func (r *rehearsal) keep(key types.NamespacedName, group string, v verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[key] == nil {
		r.known[key] = map[string]verdict{}
	}
	r.known[key][group] = v
}

// dryRun returns the words with which the API server refuses a pod. Nothing is
// stored, and a pod that is already there was let in.
func (r *rehearsal) dryRun(ctx context.Context, pod *corev1.Pod) (string, error) {
	err := r.client.Create(ctx, pod.DeepCopy(), client.DryRunAll, client.DisableReadYourWritesConsistency)
	if err == nil || apierrors.IsAlreadyExists(err) {
		return "", nil
	}
	if refused(err) {
		return trim(err.Error()), nil
	}
	return "", fmt.Errorf("rehearse pod %q: %w", pod.Name, err)
}

// refused tells a verdict about the pod from trouble on the way.
func refused(err error) bool {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || isLeaving(err) {
		return false
	}
	switch code := status.ErrStatus.Code; code {
	case http.StatusConflict, http.StatusTooManyRequests, http.StatusUnauthorized, http.StatusRequestTimeout:
		return false
	default:
		return code >= http.StatusBadRequest && code < http.StatusInternalServerError
	}
}

func hashOf(pod *corev1.Pod) ([sha256.Size]byte, error) {
	data, err := json.Marshal(pod)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("rehearse pod %q: %w", pod.Name, err)
	}
	return sha256.Sum256(data), nil
}
