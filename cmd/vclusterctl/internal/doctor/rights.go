package doctor

import (
	"fmt"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// denied is how an API server says that somebody lacks a right. Refusals of
// admission have the same code and other words.
var denied = regexp.MustCompile(`cannot (\S+) resource "([^"]+)" in API group "([^"]*)"( in the namespace "[^"]*")?`)

// MayNot says whether the API server did not answer because who asks lacks a
// right.
func MayNot(err error) bool { return apierrors.IsForbidden(err) && denied.MatchString(err.Error()) }

// Why says in one line why something could not be seen: which right is missing,
// or what went wrong.
func Why(err error) string {
	if found := denied.FindStringSubmatch(err.Error()); found != nil {
		return fmt.Sprintf("you may not %s %s%s", found[1], qualified(found[2], found[3]), strings.ReplaceAll(found[4], `"`, ""))
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

func qualified(resource, group string) string {
	if group == "" {
		return resource
	}
	return resource + "." + group
}

// Right is what to ask an administrator for, "" where no right is missing.
func Right(err error) string {
	found := denied.FindStringSubmatch(err.Error())
	if found == nil {
		return ""
	}
	return fmt.Sprintf("ask an administrator for the right to %s %s, or have one run this", found[1], qualified(found[2], found[3]))
}
