package install

import (
	"encoding/json"
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kernelsVariable is that of the chart's admission policy which lists the
// RuntimeClasses that give pods a kernel of their own.
const kernelsVariable = "ownKernelClasses"

// classPattern is what a pattern of RuntimeClasses may be made of: the policy's
// expression quotes nothing.
var classPattern = regexp.MustCompile(`^[a-z0-9*?]([a-z0-9.*?-]*[a-z0-9*?])?$`)

// CheckClassPattern refuses what can be no pattern of a RuntimeClass's name.
func CheckClassPattern(pattern string) error {
	if !classPattern.MatchString(pattern) {
		return fmt.Errorf("%q is no pattern of a RuntimeClass: want small letters, digits, \"-\" and \".\", with * for any characters and ? for one, as kata-*", pattern)
	}
	return nil
}

// trustKernels has an admission policy let pods of these RuntimeClasses in
// without a user namespace. Others of the policies have no such list.
func trustKernels(u *unstructured.Unstructured, patterns []string) error {
	variables, _, err := unstructured.NestedSlice(u.Object, "spec", "variables")
	if err != nil {
		return err
	}
	for _, v := range variables {
		variable := v.(map[string]any)
		if variable["name"] != kernelsVariable {
			continue
		}
		var classes []string
		if err := json.Unmarshal([]byte(variable["expression"].(string)), &classes); err != nil {
			return fmt.Errorf("variable %s: %w", kernelsVariable, err)
		}
		text, err := json.Marshal(append(classes, patterns...))
		if err != nil {
			return err
		}
		variable["expression"] = string(text)
	}
	return unstructured.SetNestedSlice(u.Object, variables, "spec", "variables")
}
