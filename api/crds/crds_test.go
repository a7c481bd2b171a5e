package crds_test

import (
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/crds"
	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
)

// TestAccepted runs the API server's own admission of CRDs, which also refuses
// CEL rules that do not compile or might cost too much.
func TestAccepted(t *testing.T) {
	scheme := runtime.NewScheme()
	install.Install(scheme)

	crd := read(t)
	scheme.Default(crd)
	internal := &apiextensions.CustomResourceDefinition{}
	if err := scheme.Convert(crd, internal, nil); err != nil {
		t.Fatalf("convert the CRD: %v", err)
	}
	for _, err := range validation.ValidateCustomResourceDefinition(t.Context(), internal) {
		t.Error(err)
	}
}

// TestConfigRules holds the rules of the CRD to the lists in Go, which the
// controller uses: a marker cannot refer to them.
func TestConfigRules(t *testing.T) {
	schema := read(t).Spec.Versions[0].Schema.OpenAPIV3Schema
	rules := schema.Properties["spec"].Properties["config"].XValidations
	for _, pattern := range []string{v1alpha1.ConfigPattern, v1alpha1.ReservedConfigPattern()} {
		found := false
		for _, rule := range rules {
			found = found || strings.Contains(rule.Rule, "k.matches('"+pattern+"')")
		}
		if !found {
			t.Errorf("no rule of spec.config has the pattern of api/v1alpha1/config.go, copy it there:\n%s", pattern)
		}
	}
}

func read(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(crds.VirtualClusters, crd); err != nil {
		t.Fatalf("read the CRD: %v", err)
	}
	return crd
}
