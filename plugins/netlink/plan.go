package netlink

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/check"
	"linkspan/plugins/netlink/goal"
	"linkspan/plugins/netlink/order"
	"linkspan/plugins/netlink/rename"
	"linkspan/plugins/netlink/survey"
	"linkspan/plugins/netlink/world"
)

// Plan says which operations lead from the graph that Read found to the
// definition, and what they imply.
func (*netlinkBackend) Plan(_ context.Context, r backend.PlanRequest) (backend.PlanResponse, error) {
	var out backend.PlanResponse
	if len(r.Changes) == 0 {
		return out, nil
	}
	patience, err := goal.PatienceOf(r.Config)
	if err != nil {
		return out, err
	}
	var was facts
	if err := json.Unmarshal(r.Actual.Opaque, &was); err != nil || was.Graph == nil {
		return out, fmt.Errorf("the kernel's graph did not come with what was read: %w", err)
	}
	names := rename.AliasesOf(was.Graph, rename.OutlineOf(&r.Host))
	h, graph := names.Declare(r.Host), names.Apply(was.Graph)
	have := world.Of(graph)
	want := goal.Of(&h, graph, have)
	want.Patience = patience
	out.Diagnostics = check.Refusals(&h, have, want)
	if out.Diagnostics.HasErrors() {
		return out, nil
	}
	paths := survey.PathsOf(have, was.Uses)
	p := order.Find(have, want, names, was.LiveNames)
	important := paths.Effects(p.StepsAlone())
	p.PresentNames()
	for n, s := range p.Steps {
		data, err := s.Encode()
		if err != nil {
			return out, err
		}
		out.Operations = append(out.Operations, plan.Operation{ID: strconv.Itoa(n + 1), Kind: plan.OperationOwn, Summary: s.String(), Data: data,
			Objects: s.Touched(), Effects: s.Effects})
	}
	out.Effects = append(p.Unreachable(), important...)
	return out, nil
}
