package profile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
)

// Whatever a RuntimeClass says of its pods is in the question, and in the pods.
func TestQuestionOf(t *testing.T) {
	nodes := []corev1.Node{{}}
	class := func(user, cgroup string) *nodev1.RuntimeClass {
		c := &nodev1.RuntimeClass{Handler: "h", Scheduling: &nodev1.Scheduling{NodeSelector: map[string]string{"a": "b"}}}
		c.Annotations = map[string]string{AnnotationUserNamespace: user, AnnotationWritableCgroup: cgroup}
		return c
	}
	selector := map[string]string{"a": "b"}
	cases := map[string]struct {
		reason string
		class  *nodev1.RuntimeClass
		want   Question
		fails  bool
	}{
		"Plain":   {"What nobody says is Kubernetes' way.", &nodev1.RuntimeClass{Handler: "h"}, Question{Nodes: nodes, Handler: "h", UserNamespace: ByHostUsers, Cgroup: CgroupByHandler}, false},
		"CRIO":    {"Both are asked for by annotation.", class("crio-annotation", "crio-annotation"), Question{nodes, "h", selector, ByCRIOAnnotation, CgroupByCRIOAnnotation}, false},
		"OddUser": {"The rest is known.", class("maybe", "handler"), Question{nodes, "h", selector, "", CgroupByHandler}, true},
		"OddCgrp": {"It is no other's fault.", class("hostUsers", "maybe"), Question{nodes, "h", selector, ByHostUsers, ""}, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := QuestionOf(tc.class, nodes)
			if diff := cmp.Diff(tc.want, got); diff != "" || (err != nil) != tc.fails {
				t.Errorf("%s %v, -want, +got:\n%s", tc.reason, err, diff)
			}
			want := PodOptions{Seccomp: true, UserNamespace: tc.want.UserNamespace, Cgroup: tc.want.Cgroup}
			if diff := cmp.Diff(want, got.PodOptions(true)); diff != "" {
				t.Errorf("pods: -want, +got:\n%s", diff)
			}
		})
	}
}
