package controller

import (
	"runtime"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var buildInfo = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "vclusterctl_build_info",
	Help: "The version of the controller; the value is always 1.",
}, []string{"version", "commit", "go_version"})

var registerBuildInfo = sync.OnceFunc(func() { metrics.Registry.MustRegister(buildInfo) })

func publishBuild(version, commit string) {
	registerBuildInfo()
	buildInfo.WithLabelValues(version, commit, runtime.Version()).Set(1)
}
