package kubeconfig

import (
	"encoding/json"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/runtime"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// markerName is the kubeconfig extension that tells our contexts, clusters and
// users from anybody else's. Other programs carry extensions along unread.
const markerName = "vclusterctl.dev"

// marker is the content of the extension.
type marker struct {
	Owner string `json:"owner"`
	// PreviousContext, on a context, is what was current before it. It becomes
	// current again when the context goes.
	PreviousContext string `json:"previousContext,omitempty"`
}

// readMarker returns the marker among an entry's extensions, if there is a
// readable one. An unreadable one is somebody else's.
func readMarker(extensions map[string]runtime.Object) (marker, bool) {
	raw, ok := extensions[markerName].(*runtime.Unknown)
	if !ok {
		return marker{}, false
	}
	var m marker
	if err := json.Unmarshal(raw.Raw, &m); err != nil {
		return marker{}, false
	}
	return m, m.Owner != ""
}

// withMarker returns extensions with m among them.
func withMarker(extensions map[string]runtime.Object, m marker) (map[string]runtime.Object, error) {
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode kubeconfig extension: %w", err)
	}
	marked := map[string]runtime.Object{}
	maps.Copy(marked, extensions)
	marked[markerName] = &runtime.Unknown{Raw: raw, ContentType: runtime.ContentTypeJSON}
	return marked, nil
}

// relink makes every marked context that would give way to context from give
// way to context to instead, so that a chain of connections outlives any of
// its links.
func relink(cfg *clientcmdapi.Config, from, to string) error {
	for name, c := range cfg.Contexts {
		m, ok := readMarker(c.Extensions)
		if !ok || m.PreviousContext != from {
			continue
		}
		m.PreviousContext = to
		if name == to {
			m.PreviousContext = ""
		}
		extensions, err := withMarker(c.Extensions, m)
		if err != nil {
			return err
		}
		c.Extensions = extensions
	}
	return nil
}
