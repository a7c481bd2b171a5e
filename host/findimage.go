package host

import (
	"fmt"
	"path/filepath"
	"strings"
)

const (
	// ImageEnv names the variable that says where the node image is.
	ImageEnv = "VCLUSTERCTL_NODE_IMAGE"
	// imageFile is what the node image archive is called.
	imageFile = "node.tar"
)

// Search is where FindImage looks from.
type Search struct {
	// Getenv reads the environment.
	Getenv func(string) string
	// WorkDir is the current directory, Executable the path of the program.
	WorkDir, Executable string
	// Exists says whether there is a file of that name.
	Exists func(path string) bool
}

// FindImage returns the path of the node image archive: the one that ImageEnv
// names, or the one that a build in the current directory or beside the program
// left, or the one that a package installed. Where there is none it returns an
// ErrNoImage that names the places and the remedy.
func FindImage(s Search) (string, error) {
	if named := s.Getenv(ImageEnv); named != "" {
		if s.Exists(named) {
			return named, nil
		}
		return "", fmt.Errorf("%w at %q, which %s names: correct or unset the variable", ErrNoImage, named, ImageEnv)
	}
	places := s.places()
	for _, path := range places {
		if s.Exists(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w at %s: build it with \"make image\", name it with --image, or set %s", ErrNoImage, strings.Join(places, ", "), ImageEnv)
}

func (s Search) places() []string {
	beside := filepath.Dir(s.Executable)
	return []string{
		filepath.Join(s.WorkDir, "dist", imageFile),
		filepath.Join(beside, "..", "dist", imageFile),
		filepath.Join(beside, imageFile),
		filepath.Join("/usr/local/share/vclusterctl", imageFile),
		filepath.Join("/usr/share/vclusterctl", imageFile),
	}
}
