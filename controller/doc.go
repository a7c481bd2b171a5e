// Package controller is the controller of virtual clusters as one manager: its
// cache, its leader election, its probes and metrics, and the reconcilers. Its
// rights are generated from the markers in its packages by hack/render-charts.
package controller
