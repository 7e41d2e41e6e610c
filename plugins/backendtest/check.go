package backendtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"

	"linkspan/core/backend"
	"linkspan/core/engine"
	"linkspan/core/plan"
)

// Rule is one thing that a backend owes.
type Rule struct {
	Name string // e.g. "read leaves no trace"
	Why  string // what goes wrong otherwise, and what an author does about it
	try  func(*trial) error
}

// Result is how a backend kept one rule.
type Result struct {
	Rule    Rule
	Err     error  // nil: kept, or left out
	LeftOut string // why the rule was not tried
}

// Rules are all rules, in the order in which they are tried. The later ones
// change the host.
func Rules() []Rule {
	return []Rule{
		{"describe is stable", "The program asks once and believes it: return a constant.", describeStable},
		{"read leaves no trace", "A plan must not change anything: open files for reading only, write no cache.", readNoTrace},
		{"read is repeatable", "Two plans of one host must be one plan: range over no map, read no clock.", readRepeatable},
		{"render is pure", "A plan is compared with the one that was approved: the same request must give the same response, in this process and the next.", renderPure},
		{"objects are canonical", "What Render wants and what Read finds are compared by spelling: sort objects by Ref and settings by key, list none twice.", canonical},
		{"plan is pure", "A saved plan is made again before it is carried out, and must come out the same.", planPure},
		{"plan says what it does", "An operator approves what is shown: each operation needs an ID of its own and a summary.", planComplete},
		{"a comparison is the sum of its parts", "The program asks for Compare in place of Read, Render and Plan: what comes of it must be the same.", compareSame},
		{"several calls at once", "The program asks for several things at the same time: keep no state between calls, or guard it.", concurrent},
		{"words of the future do no harm", "A newer program may say what this backend does not know: ignore it, or say so by a diagnostic; never fail.", future},
		{ruleBig, "A host may have thousands of VLANs: walk the interfaces once, not once for each.", big},
		{"an ended call changes nothing", "An operator who presses Ctrl-C wants nothing done: stop when the context ends.", cancelled},
		{"undo restores after any step", "An apply that is cut short must leave the host as it was: Snapshot records all that the operations touch, Restore puts it back, and twice is once.", undoRestores},
		{"apply reaches what is wanted", "After an apply the next plan must be empty: Read must find what Render wants, in the same spelling.", applyReaches},
		{"what is unknown is kept", "Other people's settings and comments stay byte for byte: edit the text, do not write it anew.", unknownKept},
		{"apply twice is once", "A second apply must make no write: give no operation when nothing differs.", applyTwice},
	}
}

// Check tries every rule of one case on a host that is laid out below dir, an
// empty directory of the caller's.
func Check(ctx context.Context, b backend.Backend, c Case, dir string) []Result {
	t, err := newTrial(ctx, b, c, dir)
	if err != nil {
		return []Result{{Rule: Rule{Name: "the case", Why: "The kit could not lay the case out."}, Err: err}}
	}
	refused := t.refusal()
	var out []Result
	for _, r := range Rules() {
		res := Result{Rule: r}
		switch {
		case refused != "" && slices.Contains(afterRefusal(), r.Name):
			res.LeftOut = refused
		case c.Small && r.Name == ruleBig:
			res.LeftOut = "another case of this run has tried it"
		default:
			res.Err = guarded(func() error { return r.try(t) })
		}
		out = append(out, res)
	}
	return out
}

// ruleBig is the name of the rule about a big host.
const ruleBig = "a big host is answered"

// afterRefusal are the rules that need a plan.
func afterRefusal() []string {
	return []string{"objects are canonical", "plan is pure", "a comparison is the sum of its parts", "plan says what it does", "undo restores after any step",
		"apply reaches what is wanted", "what is unknown is kept", "apply twice is once"}
}

// refusal is what the backend refuses the definition for, in a case where it
// may; "" when it takes it.
func (t *trial) refusal() string {
	if !t.c.MayRefuse {
		return ""
	}
	_, r, err := t.render()
	if err != nil || !r.Diagnostics.HasErrors() {
		return ""
	}
	return fmt.Sprintf("the backend refuses the definition: %v", r.Diagnostics.Err())
}

// guarded makes a panic of a backend in this process an error.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// trial is one case under way.
type trial struct {
	ctx     context.Context
	backend backend.Backend
	about   backend.Description
	c       Case
	root    string // the host's files
	state   string // the program's state
}

func (t *trial) setup() backend.Setup {
	block, _ := t.c.Host.Backend(t.about.Name)
	return backend.Setup{Host: t.c.Host, Config: block.Config, Root: t.root, StateDir: t.state}
}

func (t *trial) request() engine.Request {
	return engine.Request{Host: t.c.Host, Root: t.root, StateDir: t.state, Backends: []engine.Backend{{Description: t.about, Backend: t.backend}}}
}

// plan makes the plan; what the backend refuses is an error here.
func (t *trial) plan() (*plan.Plan, error) {
	p, diags, err := engine.Plan(t.ctx, t.request())
	if err != nil {
		return nil, err
	}
	return p, diags.Err()
}

func describeStable(t *trial) error {
	again, err := t.backend.Describe(t.ctx)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(t.about, again) {
		return fmt.Errorf("it was %+v and is %+v", t.about, again)
	}
	return nil
}

func (t *trial) read() (backend.ReadResponse, error) {
	return t.backend.Read(t.ctx, backend.ReadRequest{Setup: t.setup()})
}

func (t *trial) render() (backend.ReadResponse, backend.RenderResponse, error) {
	read, err := t.read()
	if err != nil {
		return read, backend.RenderResponse{}, err
	}
	rendered, err := t.backend.Render(t.ctx, backend.RenderRequest{Setup: t.setup(), Facts: read.Facts})
	return read, rendered, err
}

func readNoTrace(t *trial) error {
	return t.untouched(func() error { _, err := t.read(); return err })
}

func readRepeatable(t *trial) error {
	return same(func() (any, error) { return t.read() })
}

func renderPure(t *trial) error {
	before := t.c.Host
	err := same(func() (any, error) { _, r, err := t.render(); return r, err })
	if err == nil && !reflect.DeepEqual(before, t.c.Host) {
		err = errors.New("it changed the host that it was given")
	}
	return errors.Join(err, t.untouched(func() error { _, _, err := t.render(); return err }))
}

// same calls f several times and compares: Go's maps change their order from
// one walk to the next.
func same(f func() (any, error)) error {
	first, err := f()
	if err != nil {
		return err
	}
	for range 5 {
		again, err := f()
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(first, again) {
			return fmt.Errorf("the first answer was\n%+v\nand a later one\n%+v", first, again)
		}
	}
	return nil
}

func canonical(t *trial) error {
	read, rendered, err := t.render()
	if err != nil {
		return err
	}
	return errors.Join(sorted("Read", read.Objects), sorted("Render", rendered.Objects), rendered.Diagnostics.Err())
}

func sorted(who string, objects []plan.Object) error {
	var last plan.Ref
	for i, o := range objects {
		if i > 0 && (o.Class < last.Class || o.Class == last.Class && o.Name <= last.Name) {
			return fmt.Errorf("%s gives %s after %s", who, o.Ref, last)
		}
		last = o.Ref
		for j := 1; j < len(o.Settings); j++ {
			if o.Settings[j].Key <= o.Settings[j-1].Key {
				return fmt.Errorf("%s gives %s the setting %q after %q", who, o.Ref, o.Settings[j].Key, o.Settings[j-1].Key)
			}
		}
	}
	return nil
}

func planPure(t *trial) error {
	return errors.Join(
		same(func() (any, error) { return t.plan() }),
		t.untouched(func() error { _, err := t.plan(); return err }))
}

func compareSame(t *trial) error {
	q := backend.CompareRequest{Setup: t.setup()}
	for _, q.LookOnly = range []bool{false, true} {
		want, err := backend.CompareHere(t.ctx, t.backend, q)
		if err != nil {
			return err
		}
		got, err := backend.Compare(t.ctx, t.backend, q)
		if err != nil {
			return err
		}
		got.Objects = want.Objects // each end may sum them up in its own way
		for _, c := range []*backend.Comparison{&want, &got} {
			if len(c.Changes) == 0 {
				c.Changes = nil // as it comes over the wire
			}
		}
		w, err := json.Marshal(want)
		if err != nil {
			return err
		}
		if g, err := json.Marshal(got); err != nil || !bytes.Equal(w, g) {
			return errors.Join(err, fmt.Errorf("the parts give\n%s\nand Compare gives\n%s", w, g))
		}
	}
	return nil
}

func planComplete(t *trial) error {
	p, err := t.plan()
	if err != nil {
		return err
	}
	if p.Empty() != t.c.InSync && !t.c.MayBeInSync {
		return fmt.Errorf("the plan is empty: %v; the case says that the host is in sync: %v", p.Empty(), t.c.InSync)
	}
	for _, s := range p.Stages {
		var ids []string
		for _, op := range s.Operations {
			if op.ID == "" || slices.Contains(ids, op.ID) || op.Summary == "" {
				return fmt.Errorf("operation %q (%q) needs an ID of its own and a summary", op.ID, op.Summary)
			}
			ids = append(ids, op.ID)
		}
	}
	return nil
}

func cancelled(t *trial) error {
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	with := *t
	with.ctx = ctx
	return t.untouched(func() error {
		p, err := with.plan()
		if err == nil && p == nil {
			return errors.New("neither a plan nor an error came back")
		}
		return nil // an answer that was ready, or an error: both are fine
	})
}

func applyReaches(t *trial) error {
	if err := t.apply(); err != nil {
		return err
	}
	p, err := t.plan()
	if err != nil {
		return err
	}
	for _, s := range p.Stages {
		for _, c := range s.Changes {
			return fmt.Errorf("%s still differs: %+v", c.Ref, c.Settings)
		}
		for _, op := range s.Operations {
			return fmt.Errorf("nothing differs, and yet it plans %q", op.Summary)
		}
	}
	return nil
}

// apply plans and carries the plan out; services stay as they are.
func (t *trial) apply() error {
	p, err := t.plan()
	if err != nil {
		return err
	}
	_, err = engine.Apply(t.ctx, t.request(), p, engine.ApplyOptions{})
	return err
}

func applyTwice(t *trial) error { return t.untouched(t.apply) }
