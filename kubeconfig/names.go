package kubeconfig

// HostContext is the context of the embedded host.
const HostContext = "vclusterctl-host"

// ContextName is the context of a virtual cluster in the user's kubeconfig.
// Distinct clusters can share one: "c" in namespace "a-b" and "b-c" in namespace
// "a" do. An Entry's Owner tells them apart.
func ContextName(namespace, name string) string {
	return "vclusterctl-" + namespace + "-" + name
}
