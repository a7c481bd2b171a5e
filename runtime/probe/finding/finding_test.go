package finding

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRoundTrip(t *testing.T) {
	want := New([]Finding{{Name: Cgroup, OK: true}, {Name: Overlay, Found: "mount overlayfs: invalid argument"}})
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if f, ok := got.Get(Cgroup); !ok || !f.OK {
		t.Errorf("Get found %+v, %t", f, ok)
	}
	if _, ok := got.Get(Kmsg); ok {
		t.Error("Get found what was never there")
	}
}

// TestEncodeFits: a message that the kubelet cuts is no JSON, so words are
// shortened until all findings fit.
func TestEncodeFits(t *testing.T) {
	findings := make([]Finding, 0, 24)
	for range 24 {
		findings = append(findings, Finding{Name: Controllers, Found: strings.Repeat("<é", 500)})
	}
	data, err := New(findings).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > MaxBytes {
		t.Errorf("%d bytes", len(data))
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Findings) != len(findings) {
		t.Errorf("%d findings are left of %d", len(got.Findings), len(findings))
	}
	if _, err := New(make([]Finding, 500)).Encode(); err == nil {
		t.Error("what cannot fit was encoded")
	}
}

func TestDecodeRefuses(t *testing.T) {
	cases := map[string]struct {
		reason, data, want string
	}{
		"Long":     {reason: "Nobody writes that much.", data: strings.Repeat(" ", MaxBytes+1), want: "bytes long"},
		"NoJSON":   {reason: "The runtime's own words are no report.", data: "oci runtime error", want: "read the report"},
		"Version":  {reason: "Another release may mean something else.", data: `{"version":"probe.vclusterctl.dev/v9","findings":[{"name":"x"}]}`, want: "node image of the same release"},
		"Empty":    {reason: "Nothing proves nothing.", data: `{"version":"` + Version + `"}`, want: "no findings"},
		"TooMuch":  {reason: "A list is bounded.", data: `{"version":"` + Version + `","findings":[` + strings.TrimSuffix(strings.Repeat("{},", 65), ",") + `]}`, want: "too many"},
		"WrongTyp": {reason: "Types are checked.", data: `{"version":"` + Version + `","findings":{}}`, want: "read the report"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(tc.data))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s got error %v, want %q", tc.reason, err, tc.want)
			}
		})
	}
}

func TestDecodeCleans(t *testing.T) {
	got, err := Decode([]byte(`{"version":"` + Version + `","findings":[{"name":"a\u001b[31m","found":"b\nc\u202e"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Finding{{Name: "a [31m", Found: "b c"}}, got.Findings); diff != "" {
		t.Errorf("what goes to a terminal changes its look: -want, +got:\n%s", diff)
	}
}
