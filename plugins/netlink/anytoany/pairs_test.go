// Package anytoany_test takes random hosts from one network to another on the
// rehearsal kernel and holds what happens against what was said.
package anytoany_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/core/rehearse/lab"
	"linkspan/hcl/writer"
	"linkspan/plugins/netlink"
)

var (
	// By default as few as end within a minute on a rehearsal kernel that shares
	// two busy processors: 4 took 49 s there, 24 more than 60 s.
	pairs    = flag.Int("pairs", 4, "how many random pairs of hosts")
	seed     = flag.Uint64("seed", 1, "what the pairs are made from")
	at       = flag.Int("pair", -1, "this pair of the seed alone, with its plan")
	most     = flag.Int("failures", 5, "after how many failures to stop")
	here     = flag.Bool("here", false, "in this machine's own kernel, as root, with cards and bridges alone")
	together = flag.Int("together", 24, "how many pairs are on the way at once, each in a namespace of its own")
)

func TestMain(m *testing.M) { lab.Main(m) }

// TestAnyToAny: for random pairs of host networks, with guests' ports on their
// bridges and other programs' links, addresses, routes and rules around:
// after apply, the kernel has what the definition says, and the second plan is
// empty; all that the kernel tells of was announced by the plan; nothing
// foreign was touched; restore brings the first state back.
func TestAnyToAny(t *testing.T) {
	if !*here && !lab.InsideFor(t, 3*time.Minute+time.Duration(*pairs)*3*time.Second) {
		return
	}
	if *at >= 0 {
		if err := try(t.Context(), *seed, *at, t.Logf); err != nil {
			t.Fatal(err)
		}
		return
	}
	var wg sync.WaitGroup
	var failed, next atomic.Int64
	begin := time.Now()
	for range *together {
		wg.Go(func() {
			for n := int(next.Add(1)) - 1; n < *pairs && failed.Load() < int64(*most); n = int(next.Add(1)) - 1 {
				if err := try(t.Context(), *seed, n, func(string, ...any) {}); err != nil {
					failed.Add(1)
					t.Errorf("pair %d of seed %d: %v", n, *seed, err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("ANY TO ANY: %d pairs of seed %d, %d failed, in %v", min(int(next.Load()), *pairs), *seed, failed.Load(), time.Since(begin).Round(time.Second))
}

// try takes one pair there and back.
func try(ctx context.Context, seed uint64, n int, log func(string, ...any)) error {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	a, b := maker{r}.pair()
	w, err := newWorld(fmt.Sprintf("pair%d", n))
	if err != nil {
		return fmt.Errorf("make the world: %w", err)
	}
	defer w.close()
	t := &trip{ctx: ctx, world: w, log: log}
	err = t.all(r, a, b)
	if err != nil {
		return fmt.Errorf("%w\n--- from\n%s--- to\n%s--- foreign\n%s--- plan\n%s", err, writer.Host(a), writer.Host(b), strings.Join(w.foreign, "\n"), t.words())
	}
	return nil
}

// trip is one pair on its way.
type trip struct {
	ctx   context.Context
	world *world
	log   func(string, ...any)
	last  backend.PlanResponse
}

func (t *trip) all(r *rand.Rand, a, b host.Host) error {
	if _, err := t.apply(a); err != nil {
		return fmt.Errorf("to the first host: %w", err)
	}
	if err := t.world.populate(maker{r}, a, b); err != nil {
		return fmt.Errorf("make what is foreign: %w", err)
	}
	before, err := t.world.settled()
	if err != nil {
		return err
	}
	events, err := t.world.listen(before)
	if err != nil {
		return err
	}
	shot, err := t.apply(b)
	if err != nil {
		return fmt.Errorf("to the second host: %w", err)
	}
	there := t.last
	after, err := t.world.settled()
	if err != nil {
		return err
	}
	if err := events.unannounced(there); err != nil {
		return err
	}
	if err := untouched(before, after, b, there); err != nil {
		return fmt.Errorf("something foreign was touched: %w", err)
	}
	if err := t.world.keptNextHops(before, after); err != nil {
		return err
	}
	var warned []string
	if err := backend.Restore(t.ctx, netlink.New().(backend.Applier), shot, func(text string) { warned = append(warned, text) }); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := t.world.isAgain(before); err != nil {
		return fmt.Errorf("restore did not bring the first state back: %w%s", err, told("\nwarning: ", warned))
	}
	return nil
}

// plan reads, renders and plans; with always, also where nothing differs.
func (t *trip) plan(h host.Host, always bool) (backend.PlanResponse, []plan.Change, error) {
	b, setup := netlink.New(), backend.Setup{Host: h, Netns: t.world.name, Config: h.Backends[0].Config}
	read, err := b.Read(t.ctx, backend.ReadRequest{Setup: setup})
	if err != nil {
		return backend.PlanResponse{}, nil, err
	}
	rendered, err := b.Render(t.ctx, backend.RenderRequest{Setup: setup})
	if err == nil && rendered.Diagnostics.HasErrors() {
		err = fmt.Errorf("refused: %s", rendered.Diagnostics)
	}
	if err != nil {
		return backend.PlanResponse{}, nil, err
	}
	changes := plan.Diff(rendered.Objects, read.Objects)
	asked := changes
	if always && len(asked) == 0 {
		asked = []plan.Change{{Ref: backend.Ref("eth0")}}
	}
	p, err := b.Plan(t.ctx, backend.PlanRequest{Setup: setup, Desired: rendered.Objects, Actual: read, Changes: asked})
	if err == nil && p.Diagnostics.HasErrors() {
		err = fmt.Errorf("refused: %s", p.Diagnostics)
	}
	return p, changes, err
}

// apply goes to a host and demands that there is nothing left to do then.
func (t *trip) apply(h host.Host) ([]byte, error) {
	p, _, err := t.plan(h, false)
	t.last = p
	if err != nil {
		return nil, err
	}
	t.log("%s", t.words())
	a := netlink.New().(backend.Applier)
	r := backend.ApplyRequest{Setup: backend.Setup{Host: h, Netns: t.world.name}, Operations: p.Operations}
	shot, err := a.Snapshot(t.ctx, r)
	if err != nil {
		return nil, err
	}
	if err := a.Apply(t.ctx, r, func(backend.Progress) {}); err != nil {
		return nil, err
	}
	if err := t.world.rests(); err != nil {
		return nil, err
	}
	second, changes, err := t.plan(h, true)
	if err != nil {
		return nil, fmt.Errorf("the second plan: %w", err)
	}
	if len(changes)+len(second.Operations) > 0 {
		return nil, fmt.Errorf("the second plan is not empty: %+v\n%s", differences(changes), planWords(second))
	}
	return shot, nil
}

func told(prefix string, ll []string) (out string) {
	for _, l := range ll {
		out += prefix + l
	}
	return out
}

func differences(changes []plan.Change) string {
	var b strings.Builder
	for _, c := range changes {
		for _, s := range c.Settings {
			fmt.Fprintf(&b, "%s %s %s: %s, want %s\n", c.Action, c.Name, s.Key, s.Before, s.After)
		}
	}
	return b.String()
}

func (t *trip) words() string { return planWords(t.last) }

func planWords(p backend.PlanResponse) string {
	var b strings.Builder
	for _, o := range p.Operations {
		fmt.Fprintf(&b, "%s. %s\n", o.ID, o.Summary)
		for _, e := range o.Effects {
			fmt.Fprintf(&b, "      %s: %s\n", e.Kind, e.Text)
		}
	}
	for _, e := range p.Effects {
		fmt.Fprintf(&b, "* %s (%v)\n", e.Text, e.Gap)
	}
	return b.String()
}
