package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"linkspan/core/backend"
	"linkspan/core/plan"
)

// StaleError says that the host or its definition is not what it was when the
// plan was made. Nothing was changed.
type StaleError struct {
	Planned, Present string // digests; Present is "" when it is as planned again
	// Changed is what differs since: files, hooks, settings, e.g. "/etc/…/ifcfg-eth0
	// changed", "bond0 (netlink): miimon was 200 -> 100, is 50 -> 100".
	Changed []string
}

// staleShown is how much of what has changed is told.
const staleShown = 8

func (e *StaleError) Error() string {
	what := "the definition or the host changed"
	if n := len(e.Changed); n > staleShown {
		what = fmt.Sprintf("%s; and %d more", strings.Join(e.Changed[:staleShown], "; "), n-staleShown)
	} else if n > 0 {
		what = strings.Join(e.Changed, "; ")
	}
	would := ""
	if e.Present != "" && e.Present != e.Planned {
		would = "; the plan would now be " + e.Present
	}
	return fmt.Sprintf("the plan %s is stale; since it was made, %s%s; nothing was changed now, plan again", e.Planned, what, would)
}

// unchanged asks only what there is, for a plan that was made by this program of
// this definition: as long as that is the same, so is the plan. If it is not, it
// plans again to tell why.
func (r *Request) unchanged(ctx context.Context, p *plan.Plan) error {
	read := make([][]plan.Fingerprint, len(r.Backends))
	errs := make([]error, len(r.Backends))
	var wg sync.WaitGroup
	for i, b := range r.Backends {
		wg.Go(func() {
			got, err := backend.Compare(ctx, b.Backend, backend.CompareRequest{Setup: r.setup(b), LookOnly: true})
			read[i], errs[i] = fingerprints(b, got), err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	now := slices.Concat(read...)
	if slices.Equal(now, p.Fingerprints) {
		return nil
	}
	if err := r.fresh(ctx, p); err != nil {
		return err
	}
	return &StaleError{Planned: p.Digest, Changed: readOtherwise(p.Fingerprints, now)}
}

// fresh plans again and compares.
func (r *Request) fresh(ctx context.Context, p *plan.Plan) error {
	now, diags, err := Plan(ctx, *r)
	if err != nil {
		return err
	}
	if diags.HasErrors() {
		return diags.Err()
	}
	if now.Digest == p.Digest && slices.Equal(now.Fingerprints, p.Fingerprints) {
		return nil
	}
	var changed []string
	for _, h := range p.Hooks {
		if i := slices.IndexFunc(now.Hooks, func(n plan.Hook) bool { return n.Name == h.Name }); i >= 0 && now.Hooks[i].Digest != h.Digest {
			changed = append(changed, fmt.Sprintf("hook %q (%s) changed", h.Name, h.Script))
		}
	}
	changed = append(changed, changedOtherwise(p, now)...)
	changed = append(readOtherwise(p.Fingerprints, now.Fingerprints), changed...)
	if len(changed) > 1 { // settings say more
		changed = slices.DeleteFunc(changed, func(c string) bool { return strings.HasPrefix(c, whatReads) })
	}
	return &StaleError{Planned: p.Digest, Present: now.Digest, Changed: changed}
}

const whatReads = "what the backend "

// readOtherwise names what was read and is not as it was: files, and what else a
// backend reads.
func readOtherwise(then, now []plan.Fingerprint) (changed []string) {
	for _, f := range slices.Concat(now, then) { // then as well: what has gone
		if slices.Contains(then, f) && slices.Contains(now, f) {
			continue
		}
		name := f.Object
		if name == "objects" {
			name = fmt.Sprintf("%s%q reads", whatReads, f.Backend)
		}
		if name += " changed"; !slices.Contains(changed, name) {
			changed = append(changed, name)
		}
	}
	return changed
}

// changedOtherwise names what two plans would change otherwise, setting by setting.
func changedOtherwise(then, now *plan.Plan) (out []string) {
	for _, s := range now.Stages {
		was := changesOf(then, s.Backend)
		for _, c := range s.Changes {
			out = append(out, settingsOtherwise(was[c.Ref], c, s.Backend)...)
			delete(was, c.Ref)
		}
		for _, c := range slices.Backward(changesIn(then, s.Backend)) {
			if _, left := was[c.Ref]; left {
				out = append(out, settingsOtherwise(c, plan.Change{Ref: c.Ref}, s.Backend)...)
			}
		}
	}
	return out
}

func changesIn(p *plan.Plan, name string) []plan.Change {
	for _, s := range p.Stages {
		if s.Backend == name {
			return s.Changes
		}
	}
	return nil
}

func changesOf(p *plan.Plan, name string) map[plan.Ref]plan.Change {
	out := make(map[plan.Ref]plan.Change)
	for _, c := range changesIn(p, name) {
		out[c.Ref] = c
	}
	return out
}

// settingsOtherwise compares what two plans change of one object; one that changes
// nothing of it is without an action.
func settingsOtherwise(then, now plan.Change, name string) (out []string) {
	about := fmt.Sprintf("%s (%s)", cmp.Or(now.Name, then.Name), name)
	whole := func(c plan.Change) bool { return c.Action == plan.Create || c.Action == plan.Delete }
	if then.Action != now.Action && (whole(then) || whole(now)) {
		return []string{fmt.Sprintf("%s: its plan was %s, is %s", about, cmp.Or(string(then.Action), "nothing"), cmp.Or(string(now.Action), "nothing"))}
	}
	keys := make([]string, 0, len(then.Settings)+len(now.Settings))
	was, is := make(map[string]string), make(map[string]string)
	for _, s := range then.Settings {
		was[s.Key] = fmt.Sprintf("%s -> %s", s.Before, s.After)
		keys = append(keys, s.Key)
	}
	for _, s := range now.Settings {
		is[s.Key] = fmt.Sprintf("%s -> %s", s.Before, s.After)
		if _, known := was[s.Key]; !known {
			keys = append(keys, s.Key)
		}
	}
	const left = "left as it is"
	for _, k := range keys {
		if was[k] != is[k] {
			out = append(out, fmt.Sprintf("%s: %s was %s, is %s", about, k, cmp.Or(was[k], left), cmp.Or(is[k], left)))
		}
	}
	return out
}
