package probe

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vclusterctl/vclusterctl/test/envtest"
)

// past is a reader that sees what was one look ago, or, where it stands still,
// what it saw first.
type past struct {
	client.Client
	stands bool

	mu   sync.Mutex
	seen map[string][]runtime.Object
}

// List implements client.Reader.
func (p *past) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if err := p.Client.List(ctx, list, opts...); err != nil {
		return err
	}
	now, err := meta.ExtractList(list.DeepCopyObject())
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil {
		p.seen = map[string][]runtime.Object{}
	}
	key := fmt.Sprintf("%T", list)
	before, ok := p.seen[key]
	if !ok || !p.stands {
		p.seen[key] = now
	}
	if !ok {
		return nil
	}
	copies := make([]runtime.Object, len(before))
	for i, obj := range before {
		copies[i] = obj.DeepCopyObject()
	}
	return meta.SetList(list, copies)
}

func behind(c client.Client) client.Client { return &past{Client: c} }

func standing(c client.Client) client.Client { return &past{Client: c, stands: true} }

// rivalry is a way in which two controllers that both believe that they lead get
// in each other's way: a turn of both, and what the second one sees.
type rivalry struct {
	turn func(th *theatre, a, b life) error
	sees []func(client.Client) client.Client
}

// rivalries are: both at the same moment, one of them a look behind, and one after
// each write of the other.
var rivalries = map[string]rivalry{
	"AtOnce":  {turn: atOnce},
	"Behind":  {turn: atOnce, sees: []func(client.Client) client.Client{behind}},
	"Between": {turn: between},
}

func atOnce(th *theatre, a, b life) error {
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, l := range []life{a, b} {
		both.Go(func() { errs[i] = th.once(l) })
	}
	both.Wait()
	return errors.Join(errs...)
}

func between(th *theatre, a, b life) error {
	var errs []error
	passed := a.mortal.Passed
	a.mortal.Passed = func(n int) {
		passed(n)
		errs = append(errs, th.once(b))
	}
	errs = append(errs, th.once(a))
	a.mortal.Passed = passed
	return errors.Join(append(errs, th.once(b))...)
}

// liveTwo lets two controllers work, and the node with them, until for two turns
// nothing has changed any more.
func (th *theatre) liveTwo(a, b life, turn func(th *theatre, a, b life) error) {
	th.t.Helper()
	for quiet, turns := 0, 0; quiet < 2; turns++ {
		if turns == 60 {
			th.t.Fatal("it does not settle")
		}
		before := a.mortal.Writes() + b.mortal.Writes()
		if err := turn(th, a, b); err != nil {
			th.t.Fatal(err)
		}
		if quiet++; th.play() || a.mortal.Writes()+b.mortal.Writes() != before {
			quiet = 0
		}
	}
}

// two tells the story with two controllers at once.
func two(th *theatre, how rivalry, want []string) {
	a, b := th.start(&envtest.Mortal{}), th.start(&envtest.Mortal{}, how.sees...)
	for i, c := range story {
		th.begin(c)
		th.liveTwo(a, b, how.turn)
		th.recover(c, want[i])
	}
}

// actsOnThePast lets one of two controllers act on what it saw of a node that
// another has taken the name of, which the other controller knows.
func actsOnThePast(th *theatre, want []string) {
	th.begin(story[0])
	a, b := th.start(&envtest.Mortal{}), th.start(&envtest.Mortal{}, standing)
	if err := th.once(a); err != nil {
		th.t.Fatal(err)
	}
	th.play()
	if _, err := b.r.observe(th.t.Context()); err != nil {
		th.t.Fatal(err)
	}
	th.replace()
	for _, l := range []life{a, b} {
		if err := th.once(l); err != nil {
			th.t.Fatal(err)
		}
	}
	if b.mortal.Writes() == 0 {
		th.t.Error("it did not act on the past")
	}
	if got := th.report().Status; got.Probe != nil {
		th.t.Errorf("the report on a node that nobody has probed says %s", got.State)
	}
	th.recover(story[0], want[0])
}
