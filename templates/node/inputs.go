package node

import (
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// Folders of the files that are made anew at each boot. They are on tmpfs.
const (
	RunDir      = "/run/vcluster"
	ArgsDir     = RunDir + "/args"
	PKIDir      = RunDir + "/pki"
	ManifestDir = RunDir + "/manifests"
)

// Files that several components share.
const (
	KubeadmConfig       = RunDir + "/kubeadm.yaml"
	SuperAdminConfig    = RunDir + "/super-admin.conf"
	KubeletKubeconfig   = RunDir + "/kubelet.conf"
	BootstrapKubeconfig = RunDir + "/bootstrap-kubelet.conf"
	ContainerdSocket    = "unix://" + containerdAddress
	ResolvConf          = RunDir + "/resolv.conf"
	APIPort             = 6443
)

// Images are the references of the images bundled with the node image.
type Images struct {
	// Pause is the sandbox image.
	Pause string
	// CoreDNSRepository and CoreDNSTag name the DNS image in the two parts
	// that kubeadm takes.
	CoreDNSRepository, CoreDNSTag string
	// LocalPath is the local-path-provisioner, Helper the image of the pods
	// with which it makes and removes folders.
	LocalPath, Helper string
}

// Inputs are everything the files of a node depend on.
type Inputs struct {
	Config guestapi.NodeConfig
	Facts  guestapi.Facts
	// Name of the node inside its cluster.
	Name string
	// IP is the node's own IPv4 address.
	IP netip.Addr
	// Nameservers are the machine's or pod's, without search domains.
	Nameservers []string
	// Version of the distro with a leading v. Empty where the node image does
	// not carry it.
	Version string
	Images  Images
	// JoinToken is what pool nodes join with, JoinCA the authority that they
	// verify the API with.
	JoinToken, JoinCA string
	// ServerToken is what a server of K3s guards its cluster with.
	ServerToken string
}

// File is one file of a node.
type File struct {
	Path    string
	Mode    fs.FileMode
	Content string
}

// Files returns every file the node needs before its components start, sorted
// by path. It fails where the configuration can't be turned into a node.
func Files(in Inputs) ([]File, error) {
	plan, err := newPlan(in)
	if err != nil {
		return nil, err
	}
	build := distros[in.Config.Distro](plan)
	var files []File
	if in.Config.Role == guestapi.RoleServer {
		files = build.server()
	} else {
		files = build.agent()
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// distro lists the files that a node of one distro needs.
type distro interface {
	server() []File
	agent() []File
}

// distros by name; a new one is one more entry.
var distros = map[string]func(*plan) distro{
	guestapi.DistroK8s: func(p *plan) distro { return upstream{p} },
	guestapi.DistroK3s: func(p *plan) distro { return k3s{p} },
}

// plan is Inputs with what derives from them.
type plan struct {
	Inputs
	dns netip.Addr
}

func newPlan(in Inputs) (*plan, error) {
	if err := checkConfig(in); err != nil {
		return nil, err
	}
	dns, err := DNSAddress(in.Config.ServiceCIDR)
	if err != nil {
		return nil, err
	}
	return &plan{Inputs: in, dns: dns}, nil
}

func checkConfig(in Inputs) error {
	c := in.Config
	switch {
	case c.APIVersion != guestapi.ConfigVersion:
		return fmt.Errorf("apiVersion: %q is not %q: the node image and the controller differ too much in age", c.APIVersion, guestapi.ConfigVersion)
	case distros[c.Distro] == nil || in.Version == "":
		return fmt.Errorf("distro: %q is not carried by this node image", c.Distro)
	case c.Role != guestapi.RoleServer && c.Role != guestapi.RoleAgent:
		return fmt.Errorf("role: %q is neither server nor agent", c.Role)
	case c.ControlPlaneOnly && (c.Role != guestapi.RoleServer || c.Distro != guestapi.DistroK8s):
		return fmt.Errorf("controlPlaneOnly: is for servers of distro k8s, and this is a node of role %q and distro %q", c.Role, c.Distro)
	case c.Role == guestapi.RoleAgent && c.JoinEndpoint == "":
		return fmt.Errorf("joinEndpoint: an agent needs the address of its cluster's API")
	}
	if _, err := netip.ParsePrefix(c.PodCIDR); err != nil {
		return fmt.Errorf("podCIDR: %w", err)
	}
	return nil
}

// DNSAddress returns the cluster DNS address that kubeadm and the kubelet use
// by convention: the tenth of the service range.
func DNSAddress(serviceCIDR string) (netip.Addr, error) {
	prefix, err := netip.ParsePrefix(serviceCIDR)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("serviceCIDR: %w", err)
	}
	addr := prefix.Masked().Addr()
	for range 10 {
		addr = addr.Next()
	}
	if !prefix.Contains(addr) {
		return netip.Addr{}, fmt.Errorf("serviceCIDR: %q is too small: the cluster DNS takes its tenth address", serviceCIDR)
	}
	return addr, nil
}

// delegated says whether the node can hold its pods to limits.
func (p *plan) delegated() bool {
	return Delegated(p.Facts.CgroupControllers)
}

// stateDir is a path below the part of the state volume that is ours.
func (p *plan) stateDir(name string) string {
	return guestapi.OwnStateDirOf(p.Config.Distro) + "/" + name
}

// raw returns the flags that the user wants of a component.
func (p *plan) raw(component string) map[string]string {
	flags := map[string]string{}
	for key, value := range p.Config.Config {
		if name, ok := strings.CutPrefix(key, component+"."); ok {
			flags[name] = value
		}
	}
	return flags
}

// args renders one component's argument file: the environment file of its
// unit, whose ARGS systemd splits at white space, honouring quotes. Raw
// settings of the user come last and win.
func (p *plan) args(component string, flags map[string]string) File {
	all := maps.Clone(flags)
	maps.Copy(all, p.raw(component))
	words := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		words = append(words, quote("--"+name+"="+all[name]))
	}
	content := "ARGS=" + strings.Join(words, " ") + "\n"
	return File{Path: ArgsDir + "/" + component, Mode: 0o600, Content: content}
}

// quote protects one word from both readers of an argument file: systemd's
// environment file parser and its splitting of $ARGS. A line break would
// otherwise begin another variable, or ARGS once more.
func quote(word string) string {
	if !strings.ContainsAny(word, " \t\r\n'\"\\$`;#") {
		return word
	}
	inner := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word)
	outer := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(`"` + inner + `"`)
	return `"` + outer + `"`
}
