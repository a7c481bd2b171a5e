package install

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/vclusterctl/vclusterctl/api/crds"
	"github.com/vclusterctl/vclusterctl/charts"
	"github.com/vclusterctl/vclusterctl/controller/catalogue"
)

// Name of the controller's Deployment, and what it is part of.
const (
	Name = "vclusterctl"

	// VersionLabel holds the version of the controller.
	VersionLabel = "app.kubernetes.io/version"

	partOfLabel = "app.kubernetes.io/part-of"
)

// ControllerLabels select the controller's Deployment and pods.
func ControllerLabels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": Name, "app.kubernetes.io/component": "controller"}
}

// Params are what an administrator chooses.
type Params struct {
	// Namespace to install into; empty means charts.Namespace.
	Namespace string
	// Namespaced makes the controller look after its own namespace only.
	Namespaced bool
	// Image of the controller.
	Image string
	// Version of the controller.
	Version string
	// NodeImage of the catalogue's default version; empty means the chart's.
	NodeImage string
	// NodeDistros are what that image carries, as k8s or k3s=v1.36.3+k3s1;
	// empty means what the chart says.
	NodeDistros []string
	// OwnKernelClasses are patterns of RuntimeClasses of the site's own whose pods
	// have a kernel of their own; the admission policy asks them for no user
	// namespace.
	OwnKernelClasses []string
	// Args are further arguments of the controller.
	Args []string
}

// Manifests are the objects of an installation, in the order in which they are
// to be applied.
type Manifests struct {
	CRDs []*unstructured.Unstructured
	Rest []*unstructured.Unstructured
}

// All are all objects.
func (m Manifests) All() []*unstructured.Unstructured {
	return append(append([]*unstructured.Unstructured{}, m.CRDs...), m.Rest...)
}

// Render gives the objects for the parameters.
func Render(p Params) (Manifests, error) {
	definitions, err := decode(bytes.Join(crds.All(), []byte("\n---\n")))
	if err != nil {
		return Manifests{}, fmt.Errorf("embedded CRDs: %w", err)
	}
	source := charts.Cluster
	if p.Namespaced {
		source = charts.Namespaced
	}
	if p.Namespace != "" {
		// The name stands for nothing else in the manifests; see the test.
		source = bytes.ReplaceAll(source, []byte(charts.Namespace), []byte(p.Namespace))
	}
	rest, err := decode(source)
	if err != nil {
		return Manifests{}, fmt.Errorf("embedded manifests: %w", err)
	}
	for _, u := range rest {
		if err := customise(u, p); err != nil {
			return Manifests{}, fmt.Errorf("%s %q: %w", u.GetKind(), u.GetName(), err)
		}
	}
	return Manifests{CRDs: definitions, Rest: rest}, nil
}

// customise puts the chosen image with its version and arguments in place.
func customise(u *unstructured.Unstructured, p Params) error {
	if labels := u.GetLabels(); p.Version != "" && labels[VersionLabel] != "" {
		labels[VersionLabel] = p.Version
		u.SetLabels(labels)
	}
	if u.GetKind() == "ConfigMap" && u.GetName() == catalogue.ConfigMapName && (p.NodeImage != "" || len(p.NodeDistros) > 0) {
		return offer(u, p)
	}
	if u.GetKind() == "ValidatingAdmissionPolicy" && len(p.OwnKernelClasses) > 0 {
		return trustKernels(u, p.OwnKernelClasses)
	}
	if u.GetKind() != "Deployment" {
		return nil
	}
	containers, found, err := unstructured.NestedSlice(u.Object, "spec", "template", "spec", "containers")
	if err != nil || !found || len(containers) != 1 {
		return fmt.Errorf("want one container, found %d: %w", len(containers), errors.Join(err))
	}
	container := containers[0].(map[string]any)
	container["image"] = cmp.Or(p.Image, container["image"].(string))
	args, _ := container["args"].([]any)
	for _, arg := range p.Args {
		args = append(args, arg)
	}
	container["args"] = args
	return unstructured.SetNestedSlice(u.Object, containers, "spec", "template", "spec", "containers")
}

// offer makes an image, and the distros in it, those of the catalogue's default
// version.
func offer(u *unstructured.Unstructured, p Params) error {
	text, _, err := unstructured.NestedString(u.Object, "data", catalogue.Key)
	if err != nil {
		return err
	}
	c, err := catalogue.Parse([]byte(text))
	if err != nil {
		return err
	}
	distros, versions, err := catalogue.ParseDistros(p.NodeDistros)
	if err != nil {
		return err
	}
	for i := range c.Entries {
		e := &c.Entries[i]
		if e.Version != c.Default {
			continue
		}
		e.Image = cmp.Or(p.NodeImage, e.Image)
		if len(distros) > 0 {
			e.Distros, e.DistroVersions = distros, versions
		}
	}
	if err := c.Validate(); err != nil {
		return err
	}
	changed, err := yaml.Marshal(c)
	if err != nil {
		return err
	}
	return unstructured.SetNestedField(u.Object, string(changed), "data", catalogue.Key)
}

func decode(manifests []byte) ([]*unstructured.Unstructured, error) {
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifests), 4096)
	var found []*unstructured.Unstructured
	for {
		next := map[string]any{}
		err := decoder.Decode(&next)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if len(next) > 0 {
			found = append(found, &unstructured.Unstructured{Object: next})
		}
	}
}
