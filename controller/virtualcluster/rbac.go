package virtualcluster

// What the controller may do. Nothing here is a wildcard, and what has no
// namespace is only read. charts/vclusterctl turns the rules on objects with a
// namespace into a Role where it is installed for one namespace.
//
// Deleting a VirtualCluster is for those whose time has come, and deleting a
// volume for those of nodes that a pool lost while it was paused: a StatefulSet,
// which may be created anyway, would delete any volume just as well.
//
// Creating pods is asked for by nothing but dry runs, which are authorised like
// the real thing; creating StatefulSets amounts to the same.

//+kubebuilder:rbac:groups=vclusterctl.dev,resources=virtualclusters,verbs=get;list;watch;delete
//+kubebuilder:rbac:groups=vclusterctl.dev,resources=virtualclusters/status,verbs=get;patch
//+kubebuilder:rbac:groups=vclusterctl.dev,resources=virtualclusters/finalizers,verbs=update
//+kubebuilder:rbac:groups=apps,resources=statefulsets,verbs=get;list;watch;create;patch;delete
//+kubebuilder:rbac:groups="",resources=services,verbs=get;list;watch;create;patch
//+kubebuilder:rbac:groups="",resources=configmaps,verbs=get;list;watch;create;patch;delete
//+kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch;create;patch
//+kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch;create
//+kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get;list;watch;delete
//+kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch
//+kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
//+kubebuilder:rbac:groups="",resources=nodes,verbs=get;list;watch
//+kubebuilder:rbac:groups=node.k8s.io,resources=runtimeclasses,verbs=get;list;watch
//+kubebuilder:rbac:groups=networking.k8s.io,resources=servicecidrs,verbs=get;list;watch
