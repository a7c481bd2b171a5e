package images

// Versions of what is bundled. A change here needs the same change in the
// go.mod of the component.
const (
	KubernetesVersion = "v1.36.3"
	EtcdVersion       = "v3.6.16"
	ContainerdVersion = "v2.4.2"
	RuncVersion       = "v1.5.2"
	CNIVersion        = "v1.9.1"
	FlannelVersion    = "v0.28.4"
	CoreDNSVersion    = "v1.14.2"
	KubeRouterVersion = "v2.10.0"
	LocalPathVersion  = "v0.0.30"
	PauseVersion      = "v0.1.0"
	BusyboxVersion    = "v1.37.0"
	// GVisorVersion is what tests build; no image has it.
	GVisorVersion = "v0.0.0-20260905035102-160fafc42237"
	// K3sVersion is what an image build downloads; one that is given may be
	// another of the same Kubernetes.
	K3sVersion         = KubernetesVersion + "+k3s1"
	DebianCodename     = "trixie"
	kubernetesDistro   = "k8s"
	referencePrefix    = "localhost/vclusterctl/"
	bundledImageSuffix = ".tar"
)

// Labels of the node image.
const (
	// DistrosLabel lists the distros that the image carries, separated by
	// commas.
	DistrosLabel = "vclusterctl.dev/distros"
	// KubernetesVersionLabel holds the version of distro k8s.
	KubernetesVersionLabel = "vclusterctl.dev/kubernetes-version"
	// K3sVersionLabel holds the version of distro k3s, where it is carried.
	K3sVersionLabel = "vclusterctl.dev/k3s-version"
)

// NodeRef is the reference of the node image.
func NodeRef() string { return referencePrefix + "node:" + KubernetesVersion }

// ControllerRef is the reference of the controller's image for a version of
// this project.
func ControllerRef(version string) string { return referencePrefix + "controller:" + version }

// Repository is the common prefix of all references, without a slash at its
// end: what kubeadm calls an image repository.
func Repository() string { return referencePrefix[:len(referencePrefix)-1] }

// Distros lists the distros that every node image carries.
func Distros() []string { return []string{kubernetesDistro} }

// Bundled is an image that ships as an archive inside the node image, so that
// no kubelet has to pull it.
type Bundled struct {
	// Name is the last part of the reference's repository.
	Name string `json:"name"`
	// Ref is the full reference.
	Ref string `json:"ref"`
	// File is the archive's name below guestapi.BundledImageDir.
	File string `json:"file"`
}

// Names of the bundled images.
const (
	Pause     = "pause"
	CoreDNS   = "coredns"
	LocalPath = "local-path-provisioner"
	Busybox   = "busybox"
)

// BundledImages lists the bundled images, sorted by name.
func BundledImages() []Bundled {
	return []Bundled{
		bundled(Busybox, BusyboxVersion),
		bundled(CoreDNS, CoreDNSVersion),
		bundled(LocalPath, LocalPathVersion),
		bundled(Pause, PauseVersion),
	}
}

// Ref is the reference of a bundled image, or the empty string where no image
// of that name is bundled.
func Ref(name string) string {
	for _, image := range BundledImages() {
		if image.Name == name {
			return image.Ref
		}
	}
	return ""
}

func bundled(name, version string) Bundled {
	return Bundled{Name: name, Ref: referencePrefix + name + ":" + version, File: name + bundledImageSuffix}
}
