package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// set writes a value given as text at a path. The Go type of the field says
// what the text means, so that a version "1.36" stays a text, and a field that
// does not exist is found out here.
func set(into map[string]any, path []string, text string, t reflect.Type, at string) error {
	key, rest := path[0], path[1:]
	field, err := fieldType(t, key, at)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return set(child(into, key), rest, text, field, at+"."+key)
	}
	value, err := parse(text, field)
	if err != nil {
		return fmt.Errorf("%s.%s: %w", at, key, err)
	}
	into[key] = value
	return nil
}

// fieldType is the type of a field by its name in JSON, or of a map's values.
func fieldType(t reflect.Type, key, at string) (reflect.Type, error) {
	t = pointed(t)
	switch t.Kind() {
	case reflect.Map:
		return pointed(t.Elem()), nil
	case reflect.Struct:
		if f, ok := fields(t)[key]; ok {
			return pointed(f), nil
		}
		return nil, fmt.Errorf("%s has no field %q, want one of %s", at, key, strings.Join(names(t), ", "))
	case reflect.Slice:
		return nil, fmt.Errorf("%s is a list: write it in a file and use -f", at)
	}
	return nil, fmt.Errorf("%s is a single value and has no field %q", at, key)
}

func parse(text string, t reflect.Type) (any, error) {
	switch {
	case isScalar(t), t.Kind() == reflect.String:
		return text, checkScalar(text, t)
	case t.Kind() == reflect.Bool:
		return strconv.ParseBool(text)
	case t.Kind() == reflect.Int32 || t.Kind() == reflect.Int64:
		return strconv.ParseInt(text, 10, t.Bits())
	case t.Kind() == reflect.Slice && pointed(t.Elem()).Kind() == reflect.String:
		return list(text), nil
	}
	return nil, fmt.Errorf("holds more than one value: set the fields below it, or write it in a file and use -f")
}

// isScalar says whether a struct is a single value in JSON, as quantities are.
func isScalar(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

func checkScalar(text string, t reflect.Type) error {
	if !isScalar(t) {
		return nil
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(quoted, reflect.New(t).Interface()); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	return nil
}

func list(text string) []any {
	var items []any
	for item := range strings.SplitSeq(text, ",") {
		items = append(items, item)
	}
	return items
}

func pointed(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// fields are a struct's fields by their names in JSON, those of embedded
// structs among them.
func fields(t reflect.Type) map[string]reflect.Type {
	found := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" {
			found[name] = f.Type
			continue
		}
		maps.Copy(found, fields(pointed(f.Type)))
	}
	return found
}

func names(t reflect.Type) []string {
	var all []string
	for name := range fields(t) {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// child is the object below a key, made if there is none.
func child(parent map[string]any, key string) map[string]any {
	if m, ok := parent[key].(map[string]any); ok {
		return m
	}
	m := map[string]any{}
	parent[key] = m
	return m
}

// splitPath splits at dots; a backslash keeps a dot in a key.
func splitPath(path string) []string {
	const kept = "\x00"
	parts := strings.Split(strings.ReplaceAll(path, `\.`, kept), ".")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], kept, ".")
	}
	return parts
}
