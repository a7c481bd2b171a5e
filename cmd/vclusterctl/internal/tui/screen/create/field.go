package create

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/spec"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/input"
	"github.com/vclusterctl/vclusterctl/cmd/vclusterctl/internal/tui/theme"
)

// workers is the name of the pool that the form makes.
const workers = "workers"

// Field is one line of the form: a text, or a choice of several values.
type Field struct {
	Label, Help string
	// Choices are the values there are; the first one is to leave it open. A
	// text has none.
	Choices []string
	// Required says that it cannot be left open.
	Required bool

	// paths are those of the fields of the object that it sets.
	paths []string
	// check finds mistakes that need no API server; nil if there are none.
	check func(value string) error
	// put writes the value where it belongs.
	put func(value string, f *spec.Flags)

	text   textinput.Model
	chosen int
	// problem is what is wrong with the value.
	problem string
}

// Value is what is said, empty for what is left open.
func (f *Field) Value() string {
	if f.Choices == nil {
		return strings.TrimSpace(f.text.Value())
	}
	if f.chosen == 0 {
		return ""
	}
	return f.Choices[f.chosen]
}

// Shown is the value as people see it: a choice always has one.
func (f *Field) Shown() string {
	if f.Choices == nil {
		return f.Value()
	}
	return f.Choices[f.chosen]
}

// Set says a value.
func (f *Field) Set(value string) error {
	if f.Choices == nil {
		f.text.SetValue(value)
		return nil
	}
	i := slices.IndexFunc(f.Choices, func(c string) bool { return strings.EqualFold(c, value) })
	if i < 0 {
		return fmt.Errorf("want one of %s", strings.Join(f.Choices, ", "))
	}
	f.chosen = i
	return nil
}

func (f *Field) turn(by int) {
	if n := len(f.Choices); n > 0 {
		f.chosen = ((f.chosen+by)%n + n) % n
	}
}

// Defaults are what the form begins with.
type Defaults struct {
	Name, Namespace string
}

const (
	fieldName = iota
	fieldNamespace
)

// Fields are the lines of the form.
func Fields(t *theme.Theme, d Defaults) []*Field {
	all := []*Field{
		{Label: "Name", Required: true, Help: "Lower case letters, digits and '-'.", paths: []string{"metadata.name"}, check: spec.CheckName},
		{Label: "Namespace", Required: true, Help: "Its node pods run there.", paths: []string{"metadata.namespace", "metadata"}, check: checkNamespace},
		{
			Label: "Distro", Help: "What runs inside: K3s, or upstream Kubernetes (k8s).", paths: []string{"spec.distro"},
			Choices: append([]string{"chosen for you"}, texts(v1alpha1.Distros())...),
			put:     func(v string, f *spec.Flags) { f.Distro = v },
		},
		{
			Label: "Version", Help: "Of Kubernetes, such as v1.36.3; empty for the newest installed.", paths: []string{"spec.version"},
			check: func(v string) error { return spec.Flags{Version: v}.Check() },
			put:   func(v string, f *spec.Flags) { f.Version = v },
		},
		{
			Label: "Runtime", Help: "What isolates the node pods; auto is sysbox where the nodes have it, else userns.", paths: []string{"spec.runtime"},
			Choices: texts(v1alpha1.RuntimeProfiles()),
			put:     func(v string, f *spec.Flags) { f.Runtimes = []string{v} },
		},
		{
			Label: "Workers", Help: "Nodes beside the server, in a pool called " + workers + ".", paths: []string{"spec.pools"},
			check: checkWorkers,
			put:   func(v string, f *spec.Flags) { f.Pools = append(f.Pools, workers+"="+v) },
		},
		{
			Label: "Storage", Help: "Of the server, such as 10Gi; empty for the default.", paths: []string{"spec.servers.storage"},
			check: checkQuantity, put: set("servers.storage.size"),
		},
		{
			Label: "Ephemeral", Help: "Keep the server's state in its pod: it is lost with the pod.", paths: []string{"spec.servers.storage.ephemeral"},
			Choices: []string{"no", "yes"},
			put:     func(_ string, f *spec.Flags) { set("servers.storage.ephemeral")("true", f) },
		},
		{
			Label: "API at", Help: "How the API is reached from outside the host cluster.", paths: []string{"spec.expose"},
			Choices: texts(v1alpha1.ExposeTypes()),
			put:     func(v string, f *spec.Flags) { f.Expose = v },
		},
		{
			Label: "Lifetime", Help: "It is deleted after that time, such as 8h; empty for never.", paths: []string{"spec.lifecycle"},
			check: checkLifetime, put: putLifetime,
		},
	}
	for _, f := range all {
		f.text = input.New(t, "")
	}
	all[fieldName].text.SetValue(d.Name)
	all[fieldNamespace].text.SetValue(d.Namespace)
	return all
}

func texts[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

func set(path string) func(string, *spec.Flags) {
	return func(v string, f *spec.Flags) { f.Set = append(f.Set, path+"="+v) }
}

func checkNamespace(v string) error {
	if wrong := validation.IsDNS1123Label(v); len(wrong) > 0 {
		return fmt.Errorf("%q: want the name of a namespace", v)
	}
	return nil
}

func checkWorkers(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 0 || n > v1alpha1.MaxPoolNodes {
		return fmt.Errorf("%q: want a number up to %d", v, v1alpha1.MaxPoolNodes)
	}
	return nil
}

func checkQuantity(v string) error {
	if _, err := resource.ParseQuantity(v); err != nil {
		return fmt.Errorf("%q: want a size such as 10Gi", v)
	}
	return nil
}

// minLifetime is what the API takes at least.
const minLifetime = time.Minute

func checkLifetime(v string) error {
	if d, err := time.ParseDuration(v); err != nil || d < minLifetime {
		return fmt.Errorf("%q: want a time of at least 1m, such as 90m or 8h", v)
	}
	return nil
}

func putLifetime(v string, f *spec.Flags) {
	d, _ := time.ParseDuration(v) // it was checked
	set("lifecycle.ttlSeconds")(strconv.Itoa(int(d/time.Second)), f)
}

// Examine says what is wrong with the value before anybody is asked, empty if
// nothing is. The words of a check begin with what they are about, which is
// seen here.
func (f *Field) Examine() string {
	v := f.Value()
	switch {
	case v == "" && f.Required:
		return "is needed"
	case v == "" || f.check == nil:
		return ""
	}
	err := f.check(v)
	if err == nil {
		return ""
	}
	if _, rest, ok := strings.Cut(err.Error(), ": "); ok {
		return rest
	}
	return err.Error()
}

// Build makes the object of what all fields say.
func Build(fields []*Field) (*unstructured.Unstructured, error) {
	u := spec.New()
	u.SetName(fields[fieldName].Value())
	u.SetNamespace(fields[fieldNamespace].Value())
	var flags spec.Flags
	for _, f := range fields {
		if v := f.Value(); v != "" && f.put != nil && f.Examine() == "" {
			f.put(v, &flags)
		}
	}
	return u, flags.Apply(u)
}

// FieldOf is the line that sets a field of the object: the one whose path says
// most; nil if there is none.
func FieldOf(fields []*Field, path string) *Field {
	var best *Field
	length := 0
	for _, f := range fields {
		for _, p := range f.paths {
			rest, ok := strings.CutPrefix(path, p)
			if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') && len(p) > length {
				best, length = f, len(p)
			}
		}
	}
	return best
}
