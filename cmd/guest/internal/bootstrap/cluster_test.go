package bootstrap

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFitDNS(t *testing.T) {
	const in = "spec:\n  replicas: 2\n      containers:\n        readinessProbe:\n          httpGet:\n"
	const want = "spec:\n  replicas: 1\n      containers:\n        readinessProbe:\n          periodSeconds: 1\n          httpGet:\n"
	got, err := fitDNS([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("fitDNS(): -want +got:\n%s", diff)
	}
}

func TestFitDNSRefusesTheUnknown(t *testing.T) {
	for name, in := range map[string]string{
		"NoReplicas": "        readinessProbe:\n",
		"NoProbe":    "  replicas: 2\n",
		"Twice":      "  replicas: 2\n  replicas: 2\n        readinessProbe:\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := fitDNS([]byte(in)); err == nil {
				t.Error("a manifest that is not understood must not be applied half changed")
			}
		})
	}
}
