package v1alpha1

// Registries says where the nodes inside get images from.
type Registries struct {
	// mirrors are asked for images before the registries that the images are
	// named after. Where all mirrors of an image fail, its registry is asked.
	// Nodes read them at boot: a change applies to a node once its pod is
	// replaced.
	// +optional
	// +listType=map
	// +listMapKey=host
	// +kubebuilder:validation:MaxItems=32
	Mirrors []RegistryMirror `json:"mirrors,omitempty"`
}

// RegistryMirror names the mirrors of one registry.
type RegistryMirror struct {
	// host is the registry as the names of images have it, for example
	// docker.io or registry.example.com:5000; or * for every registry that has
	// no entry of its own.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=259
	// +kubebuilder:validation:XValidation:rule="self == '*' || self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[1-9][0-9]{0,4})?$')",message="must be the host of a registry as the names of images have it, without a scheme and without a path, for example docker.io or registry.example.com:5000; or * for every registry without an entry of its own"
	// +kubebuilder:validation:XValidation:rule="self in ['*', 'localhost'] || self.contains('.') || self.contains(':')",message="must have a '.' or a port: the first part of an image's name is no registry otherwise, and the image comes from docker.io"
	Host string `json:"host,omitempty"`

	// endpoints are the URLs of the mirrors, asked in this order, for example
	// https://mirror.example.com. With a path, that path stands for /v2, for
	// example https://mirror.example.com/v2/proxy. They carry no credentials:
	// pods inside have imagePullSecrets for that.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=512
	// +kubebuilder:validation:items:XValidation:rule="!self.contains('@')",message="must not hold credentials, because everybody who sees the cluster could read them: remove the part up to '@' and use imagePullSecrets inside"
	// +kubebuilder:validation:items:XValidation:rule="self.contains('@') || self.matches('^https?://[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~-]+)*/?$')",message="must be a URL of http or https with a host in lower case, and without a query, for example https://mirror.example.com:5000 or https://mirror.example.com/v2/proxy"
	// +kubebuilder:validation:XValidation:rule="self.all(e, self.exists_one(o, o == e))",message="must not name the same URL twice: remove one"
	Endpoints []string `json:"endpoints,omitempty"`
}
