package virtualcluster

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/vclusterctl/vclusterctl/controller/report"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
	"github.com/vclusterctl/vclusterctl/templates/guestapi"
)

// targets are the guests to ask: one per pod that has an address and lives.
func targets(s *Scope) []report.Target {
	join := s.children.secrets[cluster.JoinSecretName(s.vc.Name)]
	if join == nil {
		return nil
	}
	var out []report.Target
	for _, p := range s.pods {
		if p.Status.PodIP == "" || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
			continue
		}
		out = append(out, report.Target{
			UID:     p.UID,
			Pod:     p.Name,
			Address: p.Status.PodIP,
			CA:      string(join.Data[guestapi.JoinCACert]),
			Token:   string(join.Data[guestapi.JoinGuestToken]),
		})
	}
	return out
}
