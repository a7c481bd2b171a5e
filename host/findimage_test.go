package host

import (
	"errors"
	"slices"
	"testing"
)

func TestFindImage(t *testing.T) {
	cases := map[string]struct {
		reason string
		env    string
		files  []string
		want   string
		err    error
	}{
		"Named":          {reason: "The variable wins over every place.", env: "/x/n.tar", files: []string{"/x/n.tar", "/src/dist/node.tar"}, want: "/x/n.tar"},
		"NamedMissing":   {reason: "A variable that leads nowhere is an error, not ignored.", env: "/x/n.tar", files: []string{"/src/dist/node.tar"}, err: ErrNoImage},
		"WorkDir":        {reason: "A build in the current directory comes before an installed one.", files: []string{"/src/dist/node.tar", "/usr/share/vclusterctl/node.tar"}, want: "/src/dist/node.tar"},
		"BesideBin":      {reason: "The program finds the build it is from, wherever it is called.", files: []string{"/repo/dist/node.tar"}, want: "/repo/dist/node.tar"},
		"Installed":      {reason: "A package puts it below share.", files: []string{"/usr/share/vclusterctl/node.tar"}, want: "/usr/share/vclusterctl/node.tar"},
		"NowhereToFind":  {reason: "Without any the error is ErrNoImage.", err: ErrNoImage},
		"BesideUnpacked": {reason: "A release archive has program and image side by side.", files: []string{"/repo/bin/node.tar"}, want: "/repo/bin/node.tar"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := FindImage(Search{
				Getenv:     func(string) string { return tc.env },
				WorkDir:    "/src",
				Executable: "/repo/bin/vclusterctl",
				Exists:     func(path string) bool { return slices.Contains(tc.files, path) },
			})
			if !errors.Is(err, tc.err) || got != tc.want {
				t.Errorf("\n%s\nFindImage(...): got %q, %v; want %q, %v", tc.reason, got, err, tc.want, tc.err)
			}
		})
	}
}
