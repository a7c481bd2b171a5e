package v1alpha1

// The conditions of a VirtualCluster. Ready is the summary of the others; all
// have positive polarity except Stalled, which is present only while nobody
// but the user can go on, and Expiring.
const (
	// ConditionReady: a pod can start inside. Read by people, kstatus, create --wait.
	ConditionReady = "Ready"
	// ConditionRuntimeReady: a node of the host offers the runtime. Read by create --wait and doctor.
	ConditionRuntimeReady = "RuntimeReady"
	// ConditionControlPlaneReady: the inner API serves. Read by create --wait.
	ConditionControlPlaneReady = "ControlPlaneReady"
	// ConditionNodesReady: every wanted node is Ready inside. Read by create --wait.
	ConditionNodesReady = "NodesReady"
	// ConditionKubeconfigReady: the kubeconfig Secret is current. Read by connect, Cluster API, Flux.
	ConditionKubeconfigReady = "KubeconfigReady"
	// ConditionIsolated: the node pods are proven unprivileged. Read by describe and auditors.
	ConditionIsolated = "Isolated"
	// ConditionStateKept: the servers have what they stored since the cluster
	// was made. Read by describe and by whoever runs workloads inside.
	// Ready does not depend on it: a cluster that began anew works.
	ConditionStateKept = "StateKept"
	// ConditionUpToDate: the nodes are made as this controller makes new ones.
	// Read by get -o wide, describe, and whoever plans upgrades. Ready does not
	// depend on it: an outdated cluster keeps running as it is.
	ConditionUpToDate = "UpToDate"
	// ConditionStalled: only the user can go on. Read by kstatus.
	ConditionStalled = "Stalled"
	// ConditionExpiring: the cluster is deleted soon. Present only then. Read by
	// describe and by whoever wants to keep the cluster.
	ConditionExpiring = "Expiring"
)

// Reasons, shared by conditions and events.
const (
	ReasonReady       = "Ready"
	ReasonPending     = "Pending"
	ReasonProgressing = "Progressing"

	ReasonInvalidSpec        = "InvalidSpec"
	ReasonForbidden          = "Forbidden" // the administrator's policy does not allow a field
	ReasonFailed             = "Failed"    // an error that is tried again
	ReasonNameConflict       = "NameConflict"
	ReasonIdentityLost       = "IdentityLost"
	ReasonJoinDamaged        = "JoinDamaged" // credentials to join with, which are made anew once deleted
	ReasonDistroUnavailable  = "DistroUnavailable"
	ReasonVersionUnavailable = "VersionUnavailable"
	ReasonCIDRConflict       = "CIDRConflict"
	ReasonReservedConfig     = "ReservedConfig"

	ReasonRuntimeClassMissing = "RuntimeClassMissing"
	ReasonRuntimeClassInvalid = "RuntimeClassInvalid"
	ReasonRuntimeUnsupported  = "RuntimeUnsupported" // the runtime cannot run nodes like these
	ReasonNoCapableNode       = "NoCapableNode"
	ReasonProbing             = "Probing"           // a probe is under way on nodes that say that they offer the runtime
	ReasonProbeInconclusive   = "ProbeInconclusive" // a probe came to nothing, and is made again
	ReasonProbeFailed         = "ProbeFailed"       // what these nodes say was not found to be true
	ReasonAwaitingNode        = "AwaitingNode"      // pods wait for a node that is yet to come

	ReasonImagePullFailed = "ImagePullFailed"
	ReasonPodRejected     = "PodRejected"
	ReasonUnschedulable   = "Unschedulable"
	ReasonNodeProblem     = "NodeProblem" // the guest reports a problem
	ReasonBooting         = "Booting"
	ReasonProven          = "Proven"
	ReasonSeccompOff      = "SeccompOff"
	ReasonNotProven       = "NotProven"
	ReasonViolated        = "Violated"

	ReasonNotServing   = "NotServing"   // the API served and no longer does
	ReasonHostNodeLost = "HostNodeLost" // the node of the host that a pod is on does not answer

	ReasonPausing  = "Pausing"  // the nodes of a cluster that is to be paused end
	ReasonPaused   = "Paused"   // none of them is there any more
	ReasonResumed  = "Resumed"  // an event: they are wanted again
	ReasonExpiring = "Expiring" // the cluster is deleted soon
	ReasonExpired  = "Expired"  // an event: it was deleted

	ReasonKept      = "Kept"
	ReasonStateLost = "StateLost" // a server came back without what it had stored
	ReasonRestored  = "Restored"  // and then with it again
	ReasonCurrent   = "Current"
	ReasonOutdated  = "Outdated"
)

// Labels and annotations put on every object we own. FieldOwner is the one
// server-side apply field manager.
const (
	FieldOwner = "vclusterctl"

	LabelCluster = "vclusterctl.dev/cluster" // name of the VirtualCluster
	LabelRole    = "vclusterctl.dev/role"    // server or agent
	LabelPool    = "vclusterctl.dev/pool"    // pool name, "server" for servers

	// NodeLabelSeccompPrefix + the profile file's hash marks a host node that
	// has our seccomp profile in its kubelet's seccomp folder.
	NodeLabelSeccompPrefix = "seccomp.vclusterctl.dev/"

	// NodeLabelProvenPrefix + the name of a runtime profile marks a host node on
	// which a probe of that runtime passed; with NodeLabelServersSuffix it marks
	// one that is good for servers that run no pods. The value is NodeLabelProven.
	// A kubelet may not set labels of such names on its own node.
	NodeLabelProvenPrefix  = "vclusterctl.node-restriction.kubernetes.io/"
	NodeLabelServersSuffix = ".control-planes"
	NodeLabelProven        = "proven"

	// AnnotationProbe on a RuntimeReport asks for another probe whenever its
	// value changes.
	AnnotationProbe = "vclusterctl.dev/probe"

	// NodeLabelMissingControllers marks a host node that cannot delegate
	// cgroup controllers to pods. Its value names them, separated by dots.
	NodeLabelMissingControllers = "cgroup.vclusterctl.dev/missing"

	// NodeAnnotationDistros on a host node that runs our own node image lists
	// the distros that this image carries with their versions, as
	// k8s=v1.36.3,k3s=v1.36.3+k3s1.
	NodeAnnotationDistros = "vclusterctl.dev/distros"
)
