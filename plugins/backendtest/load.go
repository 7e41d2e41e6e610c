package backendtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// concurrent asks for the same several times at once and compares.
func concurrent(t *trial) error {
	_, want, err := t.render()
	if err != nil {
		return err
	}
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			errs[i] = guarded(func() error {
				_, have, err := t.render()
				if err == nil && !reflect.DeepEqual(have, want) {
					err = fmt.Errorf("alone it answered\n%+v\nand beside others\n%+v", want, have)
				}
				return err
			})
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// future asks with words in the block, tags, free data and facts that no
// version of the backend knows.
func future(t *trial) error {
	strange := map[string]any{"nested": []any{int64(1), 2.5, "three", map[string]any{"four": nil}}}
	s := t.setup()
	s.Config = map[string]any{"linkspan_future_word": strange}
	for k, v := range t.setup().Config {
		s.Config[k] = v
	}
	s.Host.Tags = append(slices.Clone(s.Host.Tags), "linkspan-future-tag")
	s.Host.Vars = map[string]any{"linkspan_future_var": strange}
	_, err := t.ask(s, map[string]string{"linkspan-future-fact": "x"})
	return err
}

// ask reads, renders and plans with a setup of its own; what the backend
// refuses by a diagnostic is an answer.
func (t *trial) ask(s backend.Setup, facts map[string]string) (backend.RenderResponse, error) {
	read, err := t.backend.Read(t.ctx, backend.ReadRequest{Setup: s})
	if err != nil {
		return backend.RenderResponse{}, fmt.Errorf("read: %w", err)
	}
	known := make(map[string]string)
	for _, from := range []map[string]string{facts, read.Facts} {
		for k, v := range from {
			known[k] = v
		}
	}
	rendered, err := t.backend.Render(t.ctx, backend.RenderRequest{Setup: s, Facts: known})
	if err != nil {
		return rendered, fmt.Errorf("render: %w", err)
	}
	if rendered.Diagnostics.HasErrors() || read.Diagnostics.HasErrors() {
		return rendered, nil
	}
	_, err = t.backend.Plan(t.ctx, backend.PlanRequest{Setup: s, Facts: known, Desired: rendered.Objects, Actual: read,
		Changes: plan.Diff(rendered.Objects, read.Objects)})
	if err != nil {
		return rendered, fmt.Errorf("plan: %w", err)
	}
	return rendered, nil
}

const (
	bigPairs = 1000 // VLANs, each with its bridge
	// bigTime is far above what a walk over the interfaces takes, and far
	// below what a walk for each interface takes on a slow machine.
	bigTime = 30 * time.Second
)

// big asks for the case's host with many VLANs and bridges more.
func big(t *trial) error {
	s := t.setup()
	s.Host.Interfaces = manyInterfaces(t.c.Host.Interfaces)
	if err := host.Validate(&s.Host).Err(); err != nil {
		return fmt.Errorf("the kit's big host is not valid: %w", err)
	}
	with := *t
	ctx, cancel := context.WithTimeout(t.ctx, bigTime)
	defer cancel()
	with.ctx = ctx
	rendered, err := with.ask(s, nil)
	if ctx.Err() != nil {
		return fmt.Errorf("a host of %d interfaces is not answered within %s", len(s.Host.Interfaces), bigTime)
	}
	if err != nil || rendered.Diagnostics.HasErrors() {
		return err
	}
	return sorted("Render", rendered.Objects)
}

func manyInterfaces(have []host.Interface) []host.Interface {
	out := append(slices.Clone(have), host.Interface{Kind: host.KindEthernet, Name: "lsbig", Ethernet: &host.Ethernet{}})
	for i := range bigPairs {
		vlan := fmt.Sprintf("lsbig.%d", i+2)
		out = append(out,
			host.Interface{Kind: host.KindVLAN, Name: vlan, VLAN: &host.VLAN{Parent: "lsbig", ID: i + 2}},
			host.Interface{Kind: host.KindBridge, Name: fmt.Sprintf("lsbr%d", i+2), Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: vlan}}}})
	}
	slices.SortFunc(out, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
	return out
}
