package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestSort(t *testing.T) {
	objects := map[string]map[string]any{
		"a": {"n": int64(10), "at": "2026-11-21T09:00:00Z", "size": "1Gi", "deep": map[string]any{"x": "1"}},
		"b": {"n": int64(9), "at": "2026-11-21T08:00:00Z", "size": "900Mi", "deep": map[string]any{"x": "2"}},
		"c": {"at": "2026-11-20T08:00:00Z", "size": "10Gi"},
	}
	cases := map[string]struct {
		reason string
		path   string
		want   string
		err    string
	}{
		"Number":   {reason: "Nine comes before ten, and nothing before nine.", path: ".n", want: "c b a"},
		"Time":     {reason: "Stamps sort as text.", path: "{.at}", want: "c b a"},
		"Quantity": {reason: "By size, not by letters.", path: "size", want: "b a c"},
		"Deep":     {reason: "Any field that there is.", path: ".deep.x", want: "c a b"},
		"Stable":   {reason: "Where nobody has the field, nothing moves.", path: ".none", want: "a b c"},
		"Object":   {reason: "What is more than one value has no order.", path: ".deep", err: "holds a map"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			order, err := ParseOrder(tc.path)
			if err != nil {
				t.Fatal(err)
			}
			var list []unstructured.Unstructured
			table := &metav1.Table{}
			for _, n := range []string{"a", "b", "c"} {
				u := unstructured.Unstructured{Object: objects[n]}
				u.SetName(n)
				list = append(list, u)
				table.Rows = append(table.Rows, metav1.TableRow{Object: runtime.RawExtension{Object: u.DeepCopy()}})
			}
			err = order.Sort(list)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("%s\nSort(): got %v, want %q", tc.reason, err, tc.err)
				}
				return
			}
			if err := order.SortRows(table); err != nil {
				t.Fatal(err)
			}
			var got, rows []string
			for i := range list {
				got, rows = append(got, list[i].GetName()), append(rows, table.Rows[i].Object.Object.(*unstructured.Unstructured).GetName())
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" || err != nil {
				t.Errorf("%s\nSort(): %v, -want, +got:\n%s", tc.reason, err, diff)
			}
			if diff := cmp.Diff(got, rows); diff != "" {
				t.Errorf("%s\na table is sorted like a list: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestParseOrder(t *testing.T) {
	for path, reason := range map[string]string{"": "Nothing.", ".": "No field.", "{.a}{.b}": "Two fields.", ".a[": "Half a path."} {
		if _, err := ParseOrder(path); err == nil {
			t.Errorf("%s\nParseOrder(%q) must fail", reason, path)
		}
	}
}
