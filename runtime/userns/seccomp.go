package userns

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"

	"github.com/opencontainers/runtime-spec/specs-go"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/profile"
)

// defaults holds, per architecture, what containerd itself makes of a container
// with the capabilities of a node pod.
//
//go:generate go run -C ../../hack/seccompgen . -capabilities ../../runtime/userns/testdata/capabilities.json -out ../../runtime/userns/seccomp
//go:embed seccomp/default-amd64.json seccomp/default-arm64.json
var defaults embed.FS

const (
	// seccompFolder is below the kubelet's seccomp folder.
	seccompFolder = "vclusterctl"
	// present is the value of the label of a node that has the profile.
	present = "present"
	// hashLength of the profile's hash in its name, in hex digits.
	hashLength = 12
	// enosys is the error of a system call that the kernel does not have, on
	// both architectures.
	enosys = uint(38)
)

// architectures that node images exist for, in the order of the hash.
var architectures = []string{"amd64", "arm64"}

// seccompSet is one seccomp profile in its variants per architecture. They
// share one name, because a pod has to name its profile before it is known
// what node it will run on.
type seccompSet struct {
	data map[string][]byte // by architecture
	hash string
}

// newSeccompSet changes containerd's default as the requirements say.
func newSeccompSet(requirements []profile.Requirement) seccompSet {
	allow := profile.Names(requirements, profile.KindSyscall)
	absent := profile.Names(requirements, profile.KindAbsentSyscall)
	set := seccompSet{data: map[string][]byte{}}
	h := sha256.New()
	for _, arch := range architectures {
		set.data[arch] = seccompFor(arch, allow, absent)
		h.Write(set.data[arch])
	}
	set.hash = hex.EncodeToString(h.Sum(nil))[:hashLength]
	return set
}

// seccompFor panics only if an embedded file is broken, which no input can
// cause and the tests of this package would show.
func seccompFor(arch string, allow, absent []string) []byte {
	base, err := defaultSeccomp(arch)
	if err != nil {
		panic(err)
	}
	if len(allow) > 0 {
		base.Syscalls = append(base.Syscalls, specs.LinuxSyscall{Names: allow, Action: specs.ActAllow})
	}
	if len(absent) > 0 {
		base.Syscalls = append(base.Syscalls, specs.LinuxSyscall{Names: absent, Action: specs.ActErrno, ErrnoRet: ptr.To(enosys)})
	}
	data, err := json.MarshalIndent(base, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(data, '\n')
}

func defaultSeccomp(arch string) (specs.LinuxSeccomp, error) {
	var base specs.LinuxSeccomp
	data, err := defaults.ReadFile("seccomp/default-" + arch + ".json")
	if err != nil {
		return base, fmt.Errorf("read containerd's default seccomp profile: %w", err)
	}
	if err := json.Unmarshal(data, &base); err != nil {
		return base, fmt.Errorf("read containerd's default seccomp profile for %q: %w", arch, err)
	}
	return base, nil
}

func (s seccompSet) knowledge() *profile.Seccomp {
	return &profile.Seccomp{
		LocalhostProfile: s.localhostProfile(),
		NodeLabel:        v1alpha1.NodeLabelSeccompPrefix + s.hash,
		NodeLabelValue:   present,
	}
}

// localhostProfile is the file's name below the kubelet's seccomp folder.
func (s seccompSet) localhostProfile() string {
	return path.Join(seccompFolder, "vclusterctl-"+s.hash+".json")
}

func (s seccompSet) nodeLabels() map[string]string {
	return map[string]string{v1alpha1.NodeLabelSeccompPrefix + s.hash: present}
}

// file returns the variant for one architecture.
func (s seccompSet) file(arch string) (*profile.File, error) {
	data, ok := s.data[arch]
	if !ok {
		return nil, fmt.Errorf("no seccomp profile for architecture %q: there is one for each of %q", arch, architectures)
	}
	return &profile.File{Name: s.localhostProfile(), Data: data}, nil
}
