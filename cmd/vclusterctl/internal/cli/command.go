package cli

import "strings"

// Command is how the user would call this program with other words, to talk to
// the same cluster: with the flags that say which, where they were typed.
func (f *Factory) Command(words ...string) string {
	return f.commandLine(f.Program, f.TypedContext(), words) // another one is found again
}

// Kubectl is how the user would call kubectl to talk to the same cluster. Without
// any context it talks to the one of its pod, as we do.
func (f *Factory) Kubectl(words ...string) string {
	if f.inPod {
		return strings.Join(append([]string{"kubectl"}, words...), " ") + " --kubeconfig /dev/null"
	}
	return f.commandLine("kubectl", *f.Flags.Context, words)
}

func (f *Factory) commandLine(program, context string, words []string) string {
	line := append([]string{program}, words...)
	for _, flag := range []struct{ name, value string }{{"--context", context}, {"--kubeconfig", *f.Flags.KubeConfig}} {
		if flag.value != "" {
			line = append(line, flag.name, shellWord(flag.value))
		}
	}
	return strings.Join(line, " ")
}

// shellWord is a text as one word for a shell.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=,", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
