package profile

import (
	"fmt"
	"slices"
	"strings"
)

// LabelEnforce is the label of a namespace with the Pod Security level that the
// API server enforces in it.
const LabelEnforce = "pod-security.kubernetes.io/enforce"

// levels of Pod Security, the most permissive first.
var levels = []string{"privileged", "baseline", "restricted"}

// PodSecurity is the strictest Pod Security level that lets the node pods in.
type PodSecurity struct {
	Level  string
	Reason string
}

// Admits says whether a namespace that enforces a level lets the node pods in.
func (s PodSecurity) Admits(enforced string) bool {
	return slices.Index(levels, enforced) <= slices.Index(levels, s.Level)
}

// EnforcedIn is the level that the API server names in the words with which it
// refuses a pod: violates PodSecurity "baseline:latest". It is empty where it
// names none.
func EnforcedIn(words string) string {
	_, rest, _ := strings.Cut(words, `PodSecurity "`)
	level, _, found := strings.Cut(rest, ":")
	if !found || !slices.Contains(levels, level) {
		return ""
	}
	return level
}

// Refusal says why a namespace with these labels does not let the node pods in,
// and what to do; it is empty where it does. A namespace without the label
// takes the API server's default, which only a pod can find out.
func (s PodSecurity) Refusal(namespace string, labels map[string]string) string {
	enforced := labels[LabelEnforce]
	if s.Admits(enforced) {
		return ""
	}
	return fmt.Sprintf("namespace %q enforces Pod Security level %q, and node pods need %q (%s): label it %s=%s, or use another namespace",
		namespace, enforced, s.Level, s.Reason, LabelEnforce, s.Level)
}
