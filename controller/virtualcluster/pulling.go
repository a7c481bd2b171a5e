package virtualcluster

import (
	"regexp"
	"strings"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// steady keeps the words about an image that cannot be pulled for as long as the
// cause is the same: the kubelet's own change with every try, and each change
// would be a write.
func (s *Scope) steady(t trouble) trouble {
	if t.reason != v1alpha1.ReasonImagePullFailed {
		return t
	}
	for _, name := range []string{v1alpha1.ConditionControlPlaneReady, v1alpha1.ConditionNodesReady} {
		held := s.condition(name)
		about, _, _ := strings.Cut(t.message, "(")
		if held.Reason == t.reason && strings.HasPrefix(held.Message, about) && sameCause(pullCause(held.Message), pullCause(t.message)) {
			t.message = held.Message
			break
		}
	}
	return t
}

// backOff is what the kubelet says while it waits for its next try. Newer ones
// add why the last one failed.
var backOff = regexp.MustCompile(`^(?:ImagePullBackOff(?:: Back-off pulling image "[^"]*")?(?:: |$))?(?:ErrImagePull(?:: |$))?`)

// pullCause is why an image cannot be pulled, in a message about it: empty if it
// says no more than that the kubelet waits.
func pullCause(message string) string {
	_, words, _ := strings.Cut(message, "(")
	if i := strings.LastIndex(words, "); "); i >= 0 {
		words = words[:i]
	}
	return backOff.ReplaceAllString(words, "")
}

// sameCause says whether no other cause than before is known: there is none, or
// it differs in what every try differs in, such as ports and the IDs of requests.
// Long ones may have been cut at different places.
func sameCause(held, now string) bool {
	if now == "" {
		return true
	}
	held, now = withoutNumbers(held), withoutNumbers(now)
	n := min(len(held), len(now))
	return n > 0 && held[:n] == now[:n]
}

var numbers = regexp.MustCompile(`[0-9a-fA-F]*[0-9][0-9a-fA-F]*`)

func withoutNumbers(words string) string { return numbers.ReplaceAllString(words, "0") }
