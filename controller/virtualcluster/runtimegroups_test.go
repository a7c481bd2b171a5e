package virtualcluster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/vclusterctl/vclusterctl/api/v1alpha1"
	"github.com/vclusterctl/vclusterctl/runtime/catalog"
	"github.com/vclusterctl/vclusterctl/runtime/kata"
	"github.com/vclusterctl/vclusterctl/runtime/sysbox"
	"github.com/vclusterctl/vclusterctl/runtime/userns"
	"github.com/vclusterctl/vclusterctl/templates/cluster"
)

// asks is a spec whose servers and pools ask for runtimes; an empty one is the
// cluster's.
func asks(whole, servers v1alpha1.RuntimeProfile, pools ...v1alpha1.RuntimeProfile) v1alpha1.VirtualClusterSpec {
	spec := v1alpha1.VirtualClusterSpec{Runtime: v1alpha1.Runtime{Profile: whole}}
	spec.Servers.Runtime.Profile = servers
	for i, p := range pools {
		spec.Pools = append(spec.Pools, v1alpha1.Pool{Name: string(rune('a' + i)), Runtime: v1alpha1.Runtime{Profile: p}})
	}
	return spec
}

// groupsCase is what groups ask for and a node offers, and what each gets.
type groupsCase struct {
	reason string
	spec   v1alpha1.VirtualClusterSpec
	node   handlers
	change func(*Scope)
	want   *v1alpha1.RuntimeStatus
	stop   string   // the reason, where not all have one
	words  []string // of the condition
	silent string   // what it does not say
}

func testGroups(t *testing.T, cases map[string]groupsCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := hostScope(t, hostNode(tc.node))
			s.vc.Spec = tc.spec
			if tc.change != nil {
				tc.change(s)
			}
			choose(t, s)
			if diff := cmp.Diff(tc.want, s.vc.Status.Runtime); diff != "" {
				t.Errorf("%s -want, +got:\n%s", tc.reason, diff)
			}
			c := s.condition(v1alpha1.ConditionRuntimeReady)
			if tc.stop == "" && c.Status != yes || tc.stop != "" && (c.Status != no || c.Reason != tc.stop) {
				t.Errorf("%s RuntimeReady is %s/%s (%s), want %q", tc.reason, c.Status, c.Reason, c.Message, tc.stop)
			}
			for _, word := range tc.words {
				if !strings.Contains(c.Message, word) {
					t.Errorf("%s the message does not say %q: %s", tc.reason, word, c.Message)
				}
			}
			if tc.silent != "" && strings.Contains(c.Message, tc.silent) {
				t.Errorf("%s the message says %q: %s", tc.reason, tc.silent, c.Message)
			}
		})
	}
}

// TestRuntimeOfEach: each group gets what it asks for.
func TestRuntimeOfEach(t *testing.T) {
	testGroups(t, map[string]groupsCase{
		"All": {
			reason: "Nobody is named where all are alike.", spec: asks("", "", ""), node: handlers{userns.Handler: true},
			want: &v1alpha1.RuntimeStatus{Summary: "userns", Servers: "userns", Pools: "userns"}, silent: "servers",
		},
		"AlikeByName": {
			reason: "Nor where they say one and the same by themselves.", spec: asks("userns", "userns", "userns"), node: handlers{userns.Handler: true},
			want: &v1alpha1.RuntimeStatus{Summary: "userns", Servers: "userns", Pools: "userns"}, silent: "servers",
		},
		"Servers": {
			reason: "Servers of their own, pools as the cluster.", spec: asks("", "userns", "", ""), node: handlers{userns.Handler: true, sysbox.Handler: true},
			want:  &v1alpha1.RuntimeStatus{Summary: "userns/sysbox", Servers: "userns", Pools: "sysbox"},
			words: []string{`servers: 1/1 nodes of the host offer runtime "userns"`, `; pools "a", "b": 1/1 nodes of the host offer runtime "sysbox"`},
		},
		"Pools": {
			reason: "One pool of its own, all else as the cluster.", spec: asks("userns", "", "", "sysbox"), node: handlers{userns.Handler: true, sysbox.Handler: true},
			want:  &v1alpha1.RuntimeStatus{Summary: "userns/userns,sysbox", Servers: "userns", Pools: "userns,sysbox"},
			words: []string{`servers and pool "a": 1/1`, `pool "b": 1/1`},
		},
	})
}

// TestRuntimeOfSome: a group is named that gets none, and why.
func TestRuntimeOfSome(t *testing.T) {
	testGroups(t, map[string]groupsCase{
		"PoolWithout": {
			reason: "The pool is named that has none, and nobody else.", spec: asks("userns", "", "", "sysbox"), node: handlers{userns.Handler: true},
			want: &v1alpha1.RuntimeStatus{Summary: "userns", Servers: "userns", Pools: "userns"},
			stop: v1alpha1.ReasonNoCapableNode, words: []string{`pool "b": no node offers runtime "sysbox"`}, silent: "servers",
		},
		"ServersWithout": {
			reason: "The pools' is known all the same.", spec: asks("userns", "sysbox", ""), node: handlers{userns.Handler: true},
			want: &v1alpha1.RuntimeStatus{Summary: "userns", Pools: "userns"},
			stop: v1alpha1.ReasonNoCapableNode, words: []string{`servers: no node offers runtime "sysbox"`}, silent: `pool "a"`,
		},
		"UserBeforeHost": {
			reason: "What only the user can mend stalls, whoever else waits.", spec: asks("", "sysbox", "kata"), node: handlers{kata.Handler: true},
			stop: v1alpha1.ReasonRuntimeUnsupported, words: []string{`servers: no node`, `pool "a": spec.pools[0] cannot run under runtime "kata"`},
		},
		"Unknown": {
			reason: "The field is named that asks for it.", spec: asks("userns", "", "", "theirs"), node: handlers{userns.Handler: true},
			want: &v1alpha1.RuntimeStatus{Summary: "userns", Servers: "userns", Pools: "userns"},
			stop: v1alpha1.ReasonInvalidSpec, words: []string{`pool "b": spec.pools[1].runtime.profile "theirs" is not known`},
		},
	})
}

// TestRuntimeOfEachStays: what groups have decides what comes to them.
func TestRuntimeOfEachStays(t *testing.T) {
	testGroups(t, map[string]groupsCase{
		"Held": {
			reason: "A pool that comes later takes what its siblings have.", spec: asks("", "", ""), node: handlers{userns.Handler: true, sysbox.Handler: true},
			change: func(s *Scope) { serversUnder(s, userns.ClassName) },
			want:   &v1alpha1.RuntimeStatus{Summary: "userns", Servers: "userns", Pools: "userns"},
		},
		"HeldByOthers": {
			reason: "Servers that ask by name are no siblings.", spec: asks("", "userns", ""), node: handlers{userns.Handler: true, sysbox.Handler: true},
			change: func(s *Scope) { serversUnder(s, userns.ClassName) },
			want:   &v1alpha1.RuntimeStatus{Summary: "userns/sysbox", Servers: "userns", Pools: "sysbox"},
		},
		"GoneButThere": {
			reason: "What nodes have is told while the host no longer offers it.", spec: asks("", "", ""), node: handlers{},
			change: func(s *Scope) { serversUnder(s, sysbox.ClassName) },
			want:   &v1alpha1.RuntimeStatus{Summary: "sysbox", Servers: "sysbox"},
			stop:   v1alpha1.ReasonNoCapableNode,
		},
	})
}

// TestClassOfTheSite: a RuntimeClass with another name is used as the profile's
// own would be, and known by its handler.
func TestClassOfTheSite(t *testing.T) {
	s := hostScope(t, hostNode(handlers{"kata-clh": false}))
	s.runtimeClasses["big"] = &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "big"}, Handler: "kata-clh"}
	s.vc.Spec.Runtime = v1alpha1.Runtime{Profile: v1alpha1.RuntimeKata, ClassName: "big"}
	smallMachine(&s.vc.Spec.Servers.Resources, &s.vc.Spec.Servers.Storage)
	choose(t, s)
	s.want(t, v1alpha1.ConditionRuntimeReady, yes, v1alpha1.ReasonReady)
	if got := s.shapeOf(cluster.Servers(s.vc.Spec)).RuntimeClassName; got != "big" {
		t.Errorf("the pods get RuntimeClass %q", got)
	}
	if p := s.runtimeOf(&corev1.PodSpec{RuntimeClassName: ptr.To("big")}); p == nil || p.Knowledge().Name != v1alpha1.RuntimeKata {
		t.Errorf("a pod under the class is taken for %v", p)
	}
	s.vc.Spec.Runtime.ClassName = "gone"
	choose(t, s)
	c := s.want(t, v1alpha1.ConditionRuntimeReady, no, v1alpha1.ReasonRuntimeClassMissing)
	if !strings.Contains(c.Message, "correct spec.runtime.className") {
		t.Errorf("the message has no remedy: %s", c.Message)
	}
	s.runtimeClasses["big"].Handler = "runc"
	s.vc.Spec.Runtime.ClassName = "big"
	choose(t, s)
	c = s.want(t, v1alpha1.ConditionRuntimeReady, no, v1alpha1.ReasonNoCapableNode)
	if !strings.Contains(c.Message, `handler "runc"`) {
		t.Errorf("a pod with all capabilities under runc: %s", c.Message)
	}
}

// TestAllowedClasses: what a policy says of names that are not ours.
func TestAllowedClasses(t *testing.T) {
	cases := map[string]struct {
		reason  string
		asked   v1alpha1.Runtime
		allowed []string
		want    string // a part of the refusal
	}{
		"None":    {reason: "Nothing is asked for.", asked: v1alpha1.Runtime{}},
		"Own":     {reason: "The profile's own needs no leave.", asked: v1alpha1.Runtime{Profile: "kata", ClassName: kata.ClassName}},
		"Others":  {reason: "That of another profile does.", asked: v1alpha1.Runtime{Profile: "userns", ClassName: kata.ClassName}, want: "not allowed"},
		"Site":    {reason: "So does one of the site's.", asked: v1alpha1.Runtime{Profile: "kata", ClassName: "kata-clh"}, allowed: []string{"sysbox-runc"}, want: `allowed: "sysbox-runc"`},
		"Name":    {reason: "Given by name.", asked: v1alpha1.Runtime{Profile: "kata", ClassName: "kata-clh"}, allowed: []string{"kata-clh"}},
		"Pattern": {reason: "Or for all of a kind.", asked: v1alpha1.Runtime{Profile: "kata", ClassName: "kata-clh"}, allowed: []string{"kata-*"}},
		"Auto":    {reason: "An object older than the CRD's rule.", asked: v1alpha1.Runtime{ClassName: "kata-clh"}, allowed: []string{"*"}, want: "set spec.runtime.profile"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := aScope()
			s.profiles, s.vc.Spec.Runtime, s.policy.AllowedRuntimeClasses = catalog.Profiles(), tc.asked, tc.allowed
			got := ""
			if stop := checkClass(s); stop != nil {
				got = stop.message
			}
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("%s got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

// TestNothingWithoutAllRuntimes: of a new cluster no pod is made while one of its
// groups has no runtime; a pool that comes later holds up nobody else.
func TestNothingWithoutAllRuntimes(t *testing.T) {
	w := newWorld(t)
	w.opts.Profiles = catalog.Profiles()
	w.r = New(w.opts)
	w.newCluster("dev", func(vc *v1alpha1.VirtualCluster) { vc.Spec = asks("userns", "", "", "sysbox") })
	w.settle("dev")
	if c := w.expect("dev", v1alpha1.ConditionRuntimeReady, no, w.noSysbox()); !strings.Contains(c.Message, `pool "b"`) {
		t.Errorf("the pool is not named: %s", c.Message)
	}
	for _, name := range []string{"dev-server", "dev-a", "dev-b"} {
		if w.exists(name, &appsv1.StatefulSet{}) {
			t.Errorf("%s is there", name)
		}
	}
	w.change("dev", func(spec *v1alpha1.VirtualClusterSpec) { spec.Pools[1].Runtime = v1alpha1.Runtime{} })
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionRuntimeReady, yes, v1alpha1.ReasonReady)
	w.change("dev", func(spec *v1alpha1.VirtualClusterSpec) {
		spec.Pools = append(spec.Pools, v1alpha1.Pool{Name: "c", Runtime: v1alpha1.Runtime{Profile: v1alpha1.RuntimeSysbox}}, v1alpha1.Pool{Name: "d"})
	})
	w.settle("dev")
	w.expect("dev", v1alpha1.ConditionRuntimeReady, no, w.noSysbox())
	for name, want := range map[string]bool{"dev-server": true, "dev-a": true, "dev-b": true, "dev-c": false, "dev-d": true} {
		if w.exists(name, &appsv1.StatefulSet{}) != want {
			t.Errorf("%s is there: %t, want %t", name, !want, want)
		}
	}
	if got := w.vc("dev").Status.Pools; got[0].Runtime != "userns" || got[2].Runtime != "" {
		t.Errorf("pools say of their runtimes: %+v", got)
	}
}

// noSysbox is why the host of these tests has none: another test may have made
// its RuntimeClass.
func (w *world) noSysbox() string {
	if w.client.Get(w.t.Context(), types.NamespacedName{Name: sysbox.ClassName}, &nodev1.RuntimeClass{}) == nil {
		return v1alpha1.ReasonNoCapableNode
	}
	return v1alpha1.ReasonRuntimeClassMissing
}

// TestOlderTakesAfterItsRuntime: in a cluster of an older template a new pool
// takes after nodes of its own runtime, or is refused.
func TestOlderTakesAfterItsRuntime(t *testing.T) {
	s := hostScope(t, hostNode(handlers{userns.Handler: true, sysbox.Handler: true}))
	s.vc.Spec = asks("userns", "", "", "sysbox")
	s.vc.Status.Resolved = &v1alpha1.Resolved{TemplateRevision: "0"}
	serversUnder(s, userns.ClassName)
	choose(t, s)
	pools := cluster.Pools(s.vc.Spec)
	if s.modelSet(pools[0]) == nil {
		t.Error("a pool has nothing to take after")
	}
	_, err := s.setOf(pools[1])
	if err == nil || !strings.Contains(err.Error(), `group "b" asks for RuntimeClass "vclusterctl-sysbox"`) {
		t.Errorf("a pool of another runtime: %v", err)
	}
}

// TestVolumeOfAnotherKind: a new group adopts no volume that its runtime cannot
// use, and which kind a group has nothing changes.
func TestVolumeOfAnotherKind(t *testing.T) {
	s := hostScope(t, hostNode(handlers{kata.Handler: false}))
	s.vc.Spec.Runtime.Profile = v1alpha1.RuntimeKata
	smallMachine(&s.vc.Spec.Servers.Resources, &s.vc.Spec.Servers.Storage)
	s.vc.Spec.Servers.Storage = v1alpha1.Storage{}
	orphan := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: "state-dev-server-0", Labels: map[string]string{v1alpha1.LabelCluster: "dev", v1alpha1.LabelPool: cluster.ServerGroup},
		CreationTimestamp: metav1.Time{Time: noon},
	}}
	s.claims = map[string]*corev1.PersistentVolumeClaim{orphan.Name: orphan}
	if stop := s.checkClaims(s.groups()[0]); stop != nil {
		t.Errorf("what nobody has chosen a runtime for yet is refused: %v", stop)
	}
	choose(t, s)
	g := s.groups()[0]
	if !g.Block {
		t.Fatalf("servers under Kata keep their state in a folder: %+v", s.condition(v1alpha1.ConditionRuntimeReady))
	}
	if stop := s.checkClaims(g); stop == nil || !strings.Contains(stop.message, "volumeMode Filesystem") {
		t.Errorf("a volume with a file system of the host: %v", stop)
	}
	orphan.Spec.VolumeMode = ptr.To(corev1.PersistentVolumeBlock)
	if stop := s.checkClaims(g); stop != nil {
		t.Errorf("a block volume is refused: %v", stop)
	}
	delete(s.runtimeClasses, kata.ClassName)
	serversUnder(s, kata.ClassName)
	s.children.statefulSets["dev-server"].Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{*orphan}
	choose(t, s)
	if s.runtimeStop == nil || !s.groups()[0].Block {
		t.Error("the nodes are told another kind of volume while the host has lost the runtime")
	}
}
