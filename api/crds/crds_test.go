package crds_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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
	for _, pattern := range []string{v1alpha1.ConfigPattern, v1alpha1.ReservedConfigPattern(), v1alpha1.ReservedK3sPattern()} {
		found := false
		for _, rule := range rules {
			found = found || strings.Contains(rule.Rule, "k.matches('"+pattern+"')")
		}
		if !found {
			t.Errorf("no rule of spec.config has the pattern of api/v1alpha1/config.go, copy it there:\n%s", pattern)
		}
	}
}

// TestRules holds the rest of the CRD to what Go says of it.
func TestRules(t *testing.T) {
	schema := read(t).Spec.Versions[0].Schema.OpenAPIV3Schema
	spec := schema.Properties["spec"]
	network := spec.Properties["network"]
	pools := spec.Properties["pools"].Items.Schema.Properties
	cases := map[string]struct {
		schema apiextensionsv1.JSONSchemaProps
		want   []string
	}{
		"metadata.name":    {*schema, []string{"matches('" + v1alpha1.NamePattern + "')", fmt.Sprintf("size(self.metadata.name) <= %d\"", v1alpha1.MaxNameLength)}},
		"version":          {spec.Properties["version"], []string{"matches('" + v1alpha1.VersionPattern + "')"}},
		"distro":           {spec.Properties["distro"], enum(v1alpha1.Distros())},
		"runtime.profile":  {spec.Properties["runtime"].Properties["profile"], enum(v1alpha1.RuntimeProfiles())},
		"expose.type":      {spec.Properties["expose"].Properties["type"], enum(v1alpha1.ExposeTypes())},
		"servers.replicas": {spec.Properties["servers"].Properties["replicas"], []string{fmt.Sprintf("self <= %d\"", v1alpha1.MaxServers)}},
		"pools.replicas":   {pools["replicas"], []string{fmt.Sprintf(`"maximum":%d,`, v1alpha1.MaxPoolNodes)}},
		"lifecycle.ttlSeconds": {spec.Properties["lifecycle"].Properties["ttlSeconds"], []string{
			fmt.Sprintf(`"minimum":%d}`, v1alpha1.MinTTLSeconds), fmt.Sprintf(`"maximum":%d,`, v1alpha1.MaxTTLSeconds),
		}},
		"pools.name": {pools["name"], []string{"self != '" + v1alpha1.ServersPool + "'"}},
		"network.podCIDR": {network.Properties["podCIDR"], []string{
			fmt.Sprintf("prefixLength() >= %d && cidr(self).prefixLength() <= %d\"", v1alpha1.PodCIDRMinBits, v1alpha1.PodCIDRMaxBits), v1alpha1.ReservedCIDR,
		}},
		"network.serviceCIDR": {network.Properties["serviceCIDR"], []string{
			fmt.Sprintf("prefixLength() >= %d && cidr(self).prefixLength() <= %d\"", v1alpha1.ServiceCIDRMinBits, v1alpha1.ServiceCIDRMaxBits), v1alpha1.ReservedCIDR,
		}},
	}
	for field, tc := range cases {
		text := encode(t, tc.schema)
		for _, want := range tc.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: api/v1alpha1/rules.go says %s, the CRD does not: %s", field, want, text)
			}
		}
	}
}

// enum is how a schema lists all values of a field.
func enum[T ~string](values []T) []string {
	quoted := make([]string, 0, len(values))
	for _, v := range slices.Sorted(slices.Values(values)) {
		quoted = append(quoted, strconv.Quote(string(v)))
	}
	return []string{`"enum":[` + strings.Join(quoted, ",") + `]`}
}

// encode gives a schema with its enumeration sorted, as one text.
func encode(t *testing.T, schema apiextensionsv1.JSONSchemaProps) string {
	t.Helper()
	slices.SortFunc(schema.Enum, func(a, b apiextensionsv1.JSON) int { return bytes.Compare(a.Raw, b.Raw) })
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(schema); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func read(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(crds.VirtualClusters, crd); err != nil {
		t.Fatalf("read the CRD: %v", err)
	}
	return crd
}
