package profile

import (
	"fmt"
	"slices"
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

// Refusal says why a namespace with these labels does not let the node pods in,
// and what to do; it is empty where it does. A namespace without the label
// takes the API server's default, which only a pod can find out.
func (s PodSecurity) Refusal(namespace string, labels map[string]string) string {
	enforced := labels[LabelEnforce]
	if slices.Index(levels, enforced) <= slices.Index(levels, s.Level) {
		return ""
	}
	return fmt.Sprintf("namespace %q enforces Pod Security level %q, and node pods need %q (%s): label it %s=%s, or use another namespace",
		namespace, enforced, s.Level, s.Reason, LabelEnforce, s.Level)
}
