package cli

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"
)

// Order is what objects are sorted by.
type Order struct{ path *jsonpath.JSONPath }

// ParseOrder reads a JSONPath in any of the ways that kubectl takes it:
// {.metadata.name}, .metadata.name or metadata.name.
func ParseOrder(path string) (*Order, error) {
	inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(path), "{"), "}")
	inner = strings.TrimPrefix(inner, ".")
	if inner == "" || strings.ContainsAny(inner, "{}") {
		return nil, fmt.Errorf("%q: want the path of a field, for example .metadata.creationTimestamp", path)
	}
	parsed := jsonpath.New("sort").AllowMissingKeys(true)
	if err := parsed.Parse("{." + inner + "}"); err != nil {
		return nil, fmt.Errorf("%q: want the path of a field, for example .metadata.creationTimestamp: %w", path, err)
	}
	return &Order{path: parsed}, nil
}

// Sort sorts objects; those without the field come first.
func (o *Order) Sort(objects []unstructured.Unstructured) error {
	return sortBy(objects, o, func(u unstructured.Unstructured) map[string]any { return u.Object })
}

// SortRows sorts a table whose rows have the whole objects.
func (o *Order) SortRows(table *metav1.Table) error {
	return sortBy(table.Rows, o, func(r metav1.TableRow) map[string]any {
		u, ok := r.Object.Object.(*unstructured.Unstructured)
		if !ok {
			return nil
		}
		return u.Object
	})
}

func sortBy[T any](items []T, o *Order, object func(T) map[string]any) error {
	type keyed struct {
		item T
		key  any
	}
	all := make([]keyed, 0, len(items))
	for _, item := range items {
		key, err := o.key(object(item))
		if err != nil {
			return err
		}
		all = append(all, keyed{item, key})
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return compare(a.key, b.key) })
	for i := range all {
		items[i] = all[i].item
	}
	return nil
}

// key is the value of an object's field, nil where it has none.
func (o *Order) key(object map[string]any) (any, error) {
	found, err := o.path.FindResults(object)
	if err != nil {
		return nil, fmt.Errorf("--sort-by: %w", err)
	}
	if len(found) == 0 || len(found[0]) == 0 || !found[0][0].IsValid() {
		return nil, nil
	}
	value := found[0][0]
	if value.Kind() == reflect.Interface {
		value = value.Elem()
	}
	switch value.Kind() {
	case reflect.Map, reflect.Slice:
		return nil, fmt.Errorf("--sort-by: the field holds a %s, want one with a single value", value.Kind())
	case reflect.Invalid:
		return nil, nil
	}
	return value.Interface(), nil
}

// compare orders values of one field: numbers by their size, quantities by
// theirs, texts by their letters, and nothing before anything.
func compare(a, b any) int {
	if a == nil || b == nil {
		return boolToInt(a != nil) - boolToInt(b != nil)
	}
	x, xok := number(a)
	y, yok := number(b)
	if xok && yok {
		return x.Cmp(y)
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// number is a value that has a size.
func number(v any) (resource.Quantity, bool) {
	q, err := resource.ParseQuantity(fmt.Sprint(v))
	return q, err == nil
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
