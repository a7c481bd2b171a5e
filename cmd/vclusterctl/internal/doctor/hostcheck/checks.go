package hostcheck

import "github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/doctor"

// Groups of findings, in the order in which they are printed.
const (
	groupHost       = "host"
	groupNodes      = "nodes"
	groupRuntime    = "runtime " // and its name
	groupNamespace  = "namespace "
	groupController = "controller"
)

// The checks, as scripts may know them.
const (
	checkVersion       = "kubernetes"
	checkStorage       = "storage class"
	checkNetworkPolicy = "network policy"
	checkPodRanges     = "pod ranges"

	checkUsable       = "schedulable"
	checkPressure     = "pressure"
	checkArchitecture = "architecture"
	checkControllers  = "cgroup controllers"
	checkKubelet      = "kubelet settings"
	checkCapacity     = "capacity"

	checkClass       = "runtime class"
	checkOS          = "operating system"
	checkLabels      = "labels"
	checkKubeletAge  = "kubelet"
	checkKernel      = "kernel"
	checkRuntime     = "container runtime"
	checkHandler     = "handler"
	checkUserns      = "user namespaces"
	checkSeccomp     = "seccomp profile"
	checkSupport     = "support"
	checkTraps       = "known trouble"
	checkProbe       = "probe"
	checkPodSecurity = "pod security"
	checkAdmission   = "admission"

	checkNamespace  = "namespace"
	checkLimitRange = "limit range"
	checkQuota      = "quota"

	checkDefinition  = "definition"
	checkInstalled   = "installed"
	checkControllerV = "version"
)

// hostChecks are asked once for a host.
var hostChecks = []func(*facts) []doctor.Finding{
	kubernetesVersion,   // the API server is new enough
	defaultStorageClass, // a volume for the state of servers can be had
	networkPolicyEngine, // somebody enforces what keeps clusters apart
	podRanges,           // clusters can be given ranges that the host does not use

	usableNodes,       // pods can be placed on them
	nodePressure,      // and are not evicted at once
	architectures,     // node images exist for them
	cgroupControllers, // limits inside can hold
	kubeletSettings,   // the kubelets do not get in the way
	capacity,          // there is room for one more cluster
}

// runtimeChecks are asked for each runtime.
var runtimeChecks = []func(*facts, *way) []doctor.Finding{
	support,         // it carries whole clusters
	runtimeClass,    // pods can ask for it
	nodeProblems,    // what nodes lack, in the words of the profile
	nodeStrengths,   // what the others have
	seccompProfiles, // its seccomp profile is on the nodes
	traps,           // what is known to go wrong
	proofs,          // what was tried
	podSecurity,     // the namespace lets its pods in
	admission,       // and so does everybody else
}

// lastChecks are about what is around.
var lastChecks = []func(*facts) []doctor.Finding{
	namespace,   // it is there
	limitRanges, // it does not starve node pods
	quotas,      // it has room

	definition,        // the API server knows virtual clusters
	controllerRunning, // somebody looks after them
	controllerVersion, // in this program's version
}
