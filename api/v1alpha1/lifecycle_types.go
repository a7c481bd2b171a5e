package v1alpha1

// Lifecycle says whether a cluster runs, and for how long it exists. Both can
// be changed at any time.
type Lifecycle struct {
	// paused stops the nodes. Everything else is kept: what the cluster has
	// stored, its identity, its kubeconfig, and the volumes of servers and
	// pools. Set back, the same cluster goes on. It cannot be combined with
	// servers.storage.ephemeral, because that state would be lost. Left out,
	// the cluster runs.
	// +optional
	Paused *bool `json:"paused,omitempty"`

	// ttlSeconds is how long after its creation the cluster is deleted, paused
	// or not. An event tells of it beforehand. Raise it to keep the cluster
	// longer, or take it away. Left out, the cluster exists until somebody
	// deletes it.
	// +optional
	// +kubebuilder:validation:Minimum=60
	// +kubebuilder:validation:Maximum=31536000
	TTLSeconds int32 `json:"ttlSeconds,omitempty"`
}

// IsPaused says whether the nodes are to be stopped.
func (l *Lifecycle) IsPaused() bool { return l.Paused != nil && *l.Paused }
