package main

import (
	_ "embed"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// kubectlComplete is how kubectl finds out what may follow "kubectl
// vclusterctl".
//
//go:embed kubectl_complete-vclusterctl
var kubectlComplete []byte

// completions writes one file for each shell, called as that shell looks for
// it, and one for kubectl.
func completions(root *cobra.Command, dir string) error {
	for name, write := range map[string]func(string) error{
		"vclusterctl.bash": func(file string) error { return root.GenBashCompletionFileV2(file, true) },
		"_vclusterctl":     root.GenZshCompletionFile,
		"vclusterctl.fish": func(file string) error { return root.GenFishCompletionFile(file, true) },
		"vclusterctl.ps1":  root.GenPowerShellCompletionFileWithDesc,
	} {
		if err := write(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "kubectl_complete-vclusterctl"), kubectlComplete, 0o755)
}
