package verbs

import (
	"os"

	"github.com/vclusterctl/vclusterctl/host"
)

// findImage is where the node image is.
func findImage(getenv func(string) string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	return host.FindImage(host.Search{Getenv: getenv, WorkDir: dir, Executable: program, Exists: exists})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
