package network

import (
	"strings"
	"testing"
)

func TestConflist(t *testing.T) {
	got, err := conflist("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\nFLANNEL_MTU=1400\nFLANNEL_IPMASQ=true\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"subnet": "10.244.3.0/24"`, `"mtu": 1400`, `"dst": "10.244.0.0/16"`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("conflist(): %s is missing in\n%s", want, got)
		}
	}
}

func TestConflistRefuses(t *testing.T) {
	for name, env := range map[string]string{
		"NoSubnet": "FLANNEL_MTU=1400\n",
		"NoMTU":    "FLANNEL_SUBNET=10.244.3.1/24\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := conflist(env); err == nil {
				t.Errorf("conflist(%q): want an error", env)
			}
		})
	}
}
