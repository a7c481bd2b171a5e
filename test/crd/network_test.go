package crd

import (
	"strings"
	"testing"
)

func TestCIDRs(t *testing.T) {
	runCreate(t, map[string]createCase{
		"Both":           {reason: "Disjoint.", spec: `network: {podCIDR: 10.244.0.0/16, serviceCIDR: 10.96.0.0/16}`},
		"One":            {reason: "The other is chosen.", spec: `network: {podCIDR: 10.244.0.0/16}`},
		"Largest":        {reason: "A whole class A.", spec: `network: {podCIDR: 10.0.0.0/8, serviceCIDR: 172.16.0.0/12}`},
		"Smallest":       {reason: "Four nodes, a dozen Services.", spec: `network: {podCIDR: 10.0.0.0/22, serviceCIDR: 10.1.0.0/28}`},
		"Word":           {reason: "A word is no network.", spec: `network: {podCIDR: not-a-cidr}`, want: []string{"spec.network.podCIDR", "must be an IPv4 network", "10.244.0.0/16"}},
		"Address":        {reason: "Nor is an address.", spec: `network: {serviceCIDR: 10.96.0.10}`, want: []string{"spec.network.serviceCIDR", "must be an IPv4 network", "10.96.0.0/16"}},
		"Octet":          {reason: "Nor this.", spec: `network: {podCIDR: 10.256.0.0/16}`, want: []string{"spec.network.podCIDR"}},
		"HostBits":       {reason: "Two ways to write a network invite mistakes.", spec: `network: {podCIDR: 10.244.1.0/16}`, want: []string{"spec.network.podCIDR", "written with its first address"}},
		"IPv6":           {reason: "Not before it works.", spec: `network: {podCIDR: "fd00:10::/56"}`, want: []string{"spec.network.podCIDR", "IPv4"}},
		"IPv6Service":    {reason: "Not before it works.", spec: `network: {serviceCIDR: "fd00:10::/112"}`, want: []string{"spec.network.serviceCIDR", "IPv4"}},
		"PodsTooSmall":   {reason: "Each node takes a /24.", spec: `network: {podCIDR: 10.244.0.0/24}`, want: []string{"spec.network.podCIDR", "/8 to /22"}},
		"PodsTooLarge":   {reason: "The node controller cannot split it.", spec: `network: {podCIDR: 10.0.0.0/7}`, want: []string{"spec.network.podCIDR"}},
		"SvcTooSmall":    {reason: "The tenth address is DNS.", spec: `network: {serviceCIDR: 10.96.0.0/29}`, want: []string{"spec.network.serviceCIDR", "/12 to /28"}},
		"SvcTooLarge":    {reason: "The API server refuses it.", spec: `network: {serviceCIDR: 10.0.0.0/11}`, want: []string{"spec.network.serviceCIDR", "/12 to /28"}},
		"Loopback":       {reason: "Never leaves a machine.", spec: `network: {podCIDR: 127.0.0.0/8}`, want: []string{"spec.network.podCIDR"}},
		"LinkLocal":      {reason: "Never leaves a link.", spec: `network: {podCIDR: 169.254.0.0/16}`, want: []string{"spec.network.podCIDR"}},
		"Multicast":      {reason: "Has no hosts.", spec: `network: {serviceCIDR: 224.0.0.0/16}`, want: []string{"spec.network.serviceCIDR"}},
		"Reserved":       {reason: "Most networks drop class E.", spec: `network: {podCIDR: 240.0.0.0/16}`, want: []string{"spec.network.podCIDR", "240.0.0.0/4", "reserved", "10.244.0.0/16"}},
		"ReservedSvc":    {reason: "Most networks drop class E.", spec: `network: {serviceCIDR: 255.0.0.0/16}`, want: []string{"spec.network.serviceCIDR", "240.0.0.0/4", "reserved"}},
		"Same":           {reason: "They are told apart by address.", spec: `network: {podCIDR: 10.96.0.0/16, serviceCIDR: 10.96.0.0/16}`, want: []string{"spec.network", "must not overlap", "leave one out"}},
		"ServiceInPods":  {reason: "They are told apart by address.", spec: `network: {podCIDR: 10.0.0.0/8, serviceCIDR: 10.96.0.0/16}`, want: []string{"spec.network", "must not overlap"}},
		"PodsInService":  {reason: "They are told apart by address.", spec: `network: {podCIDR: 10.96.4.0/22, serviceCIDR: 10.96.0.0/12}`, want: []string{"spec.network", "must not overlap"}},
		"InvalidAndFine": {reason: "The overlap rule copes with what is no network.", spec: `network: {podCIDR: not-a-cidr, serviceCIDR: 10.96.0.0/16}`, want: []string{"spec.network.podCIDR"}},
	})
}

func TestDomainAndAllow(t *testing.T) {
	runCreate(t, map[string]createCase{
		"Domain":       {reason: "One label or several.", spec: `network: {clusterDomain: k8s.example.com}`},
		"TrailingDot":  {reason: "Components add it themselves.", spec: `network: {clusterDomain: cluster.local.}`, want: []string{"spec.network.clusterDomain", "without a trailing dot"}},
		"UpperCase":    {reason: "DNS names are compared as they are.", spec: `network: {clusterDomain: Cluster.Local}`, want: []string{"spec.network.clusterDomain", "lower case"}},
		"Allow":        {reason: "A network, an address, all.", spec: `network: {allow: [{cidr: 10.0.0.0/8}, {cidr: 10.0.0.8/32, ports: [{port: 443}, {protocol: UDP, port: 53}]}, {cidr: 0.0.0.0/0}]}`},
		"AllowNothing": {reason: "A rule needs a destination.", spec: `network: {allow: [{ports: [{port: 443}]}]}`, want: []string{"spec.network.allow[0].cidr", "Required value"}},
		"AllowAddress": {reason: "One address is a /32.", spec: `network: {allow: [{cidr: 10.0.0.8}]}`, want: []string{"spec.network.allow[0].cidr", "10.0.0.8/32"}},
		"AllowBits":    {reason: "As elsewhere.", spec: `network: {allow: [{cidr: 10.0.0.8/24}]}`, want: []string{"spec.network.allow[0].cidr", "first address"}},
		"Port":         {reason: "Ports begin at 1.", spec: `network: {allow: [{cidr: 10.0.0.8/32, ports: [{port: 0}]}]}`, want: []string{"spec.network.allow[0].ports[0].port"}},
		"PortHigh":     {reason: "Ports end at 65535.", spec: `network: {allow: [{cidr: 10.0.0.8/32, ports: [{port: 65536}]}]}`, want: []string{"spec.network.allow[0].ports[0].port", "65535"}},
		"Protocol":     {reason: "Only what a NetworkPolicy knows.", spec: `network: {allow: [{cidr: 10.0.0.8/32, ports: [{protocol: ICMP, port: 1}]}]}`, want: []string{"spec.network.allow[0].ports[0].protocol", `"SCTP"`}},
		"TooMany":      {reason: "Bounded.", spec: `network: {allow: [` + strings.Repeat("{cidr: 10.0.0.8/32},", 65) + `]}`, want: []string{"spec.network.allow", "64"}},
	})
}

func TestExpose(t *testing.T) {
	runCreate(t, map[string]createCase{
		"ClusterIP":        {reason: "Within the host.", spec: `expose: {type: ClusterIP}`},
		"NodePort":         {reason: "On every node of the host.", spec: `expose: {type: NodePort}`},
		"LoadBalancer":     {reason: "With what its provider reads.", spec: `expose: {type: LoadBalancer, annotations: {example.com/Pool: "a b"}}`},
		"Ingress":          {reason: "Reserved, not served.", spec: `expose: {type: Ingress}`, want: []string{"spec.expose.type", `"Ingress"`, `"LoadBalancer"`}},
		"AnnotationKey":    {reason: "The Service would be refused.", spec: `expose: {annotations: {"a b": c}}`, want: []string{"spec.expose.annotations", "keys must be annotation keys"}},
		"AnnotationOurs":   {reason: "Those are the controller's.", spec: `expose: {annotations: {vclusterctl.dev/x: c}}`, want: []string{"spec.expose.annotations", "use another domain"}},
		"AnnotationLong":   {reason: "Bounded.", spec: `expose: {annotations: {a: ` + strings.Repeat("c", 1025) + `}}`, want: []string{"spec.expose.annotations", "1024"}},
		"SANs":             {reason: "Names, wildcards and addresses of both families.", spec: `expose: {extraSANs: [api.example.com, "*.example.com", 192.0.2.1, "2001:db8::1"]}`},
		"SANURL":           {reason: "A certificate holds no URL.", spec: `expose: {extraSANs: ["https://api.example.com"]}`, want: []string{"spec.expose.extraSANs[0]", "must be an IP address"}},
		"SANPort":          {reason: "Nor a port.", spec: `expose: {extraSANs: ["api.example.com:6443"]}`, want: []string{"spec.expose.extraSANs[0]"}},
		"SANWildcardAlone": {reason: "A wildcard of nothing.", spec: `expose: {extraSANs: ["*."]}`, want: []string{"spec.expose.extraSANs[0]"}},
		"SANTwice":         {reason: "A set.", spec: `expose: {extraSANs: [a, a]}`, want: []string{"spec.expose.extraSANs[1]", "Duplicate value"}},
		"SANEmpty":         {reason: "Not a name.", spec: `expose: {extraSANs: [""]}`, want: []string{"spec.expose.extraSANs[0]"}},
	})
}

func TestConfig(t *testing.T) {
	runCreate(t, map[string]createCase{
		"Flags":     {reason: "Those that the product leaves alone.", spec: `config: {kube-apiserver.event-ttl: 2h, kubelet.max-pods: "20", etcd.quota-backend-bytes: "1"}`},
		"Component": {reason: "Only components that read it.", spec: `config: {flannel.iface: eth0}`, want: []string{"spec.config", "<component>.<flag>", "kube-apiserver.event-ttl"}},
		"NoFlag":    {reason: "A component alone.", spec: `config: {kubelet: x}`, want: []string{"spec", "<component>.<flag>"}},
		"Dashes":    {reason: "Without the dashes.", spec: `config: {"kubelet.--max-pods": x}`, want: []string{"spec.config", "<component>.<flag>"}},
		"Reserved":  {reason: "The identity is not the user's.", spec: `config: {kube-apiserver.client-ca-file: /tmp/x}`, want: []string{"spec.config", "reserved", "remove that key", "spec.network"}},
		"Family":    {reason: "Nor any of the datastore's.", spec: `config: {kube-apiserver.etcd-servers: http://x}`, want: []string{"spec.config", "reserved"}},
		"K3s":       {reason: "K3s has keys of its own.", spec: `{distro: k3s, config: {service-node-port-range: 30000-30100, kubelet.max-pods: "20"}}`},
		"K3sOnly":   {reason: "The other distro has not.", spec: `config: {service-node-port-range: 30000-30100}`, want: []string{"spec", "only K3s knows", "set spec.distro to k3s"}},
		"K3sToken":  {reason: "Its secrets are not the user's.", spec: `{distro: k3s, config: {agent-token: x}}`, want: []string{"spec.config", "reserved", "remove that key"}},
		"K3sArgs":   {reason: "Flags of components have one form, and one list of what is reserved.", spec: `{distro: k3s, config: {kubelet-arg: max-pods=20}}`, want: []string{"spec.config", "kubelet.max-pods"}},
		"Long":      {reason: "Bounded.", spec: `config: {kubelet.max-pods: ` + strings.Repeat("1", 1025) + `}`, want: []string{"spec.config", "1024"}},
		"Number":    {reason: "Values are text.", spec: `config: {kubelet.max-pods: 20}`, want: []string{"spec.config.kubelet.max-pods", "must be of type string"}},
	})
}
