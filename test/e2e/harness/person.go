package harness

import (
	"cmp"
	"os"
	"os/exec"

	"github.com/vclusterctl/vclusterctl/test/terminal"
)

// Sit runs the program with a kubeconfig of its own in a terminal of 80×24, with
// what somebody at one has besides: a shell, and programs in bin.
func (h *Host) Sit(kubeconfig, bin string, args ...string) (*terminal.Terminal, error) {
	cmd := exec.Command(h.Assets.CLI, args...)
	cmd.Env = []string{
		"KUBECONFIG=" + kubeconfig, "HOME=" + h.Dir, "PATH=" + bin + ":" + os.Getenv("PATH"),
		"TERM=" + terminal.Type, "LANG=C.UTF-8", "SHELL=" + cmp.Or(bash(), "/bin/sh"),
	}
	return terminal.Start(cmd, 80, 24)
}

func bash() string {
	path, _ := exec.LookPath("bash") // any other will do
	return path
}
