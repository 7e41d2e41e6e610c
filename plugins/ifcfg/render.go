package ifcfg

import (
	"context"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/writer"
)

// Render says what the definition means to the reader of the files.
func (b *ifcfg) Render(_ context.Context, q backend.RenderRequest) (backend.RenderResponse, error) {
	q.Host = withoutImplied(q.Host)
	rel, diags := readerOf(q.Config, q.Facts)
	w := writer.New(&q.Host, rel)
	refused := make(chan diag.List, 1) // while the objects are made
	go func() { refused <- w.Refusals() }()
	out := backend.RenderResponse{Objects: append(objects(&q.Host), leftOvers(&q.Host, q.Facts)...)}
	diags = append(diags, <-refused...)
	out.Diagnostics = diags
	slices.SortFunc(out.Objects, func(a, b plan.Object) int { return strings.Compare(a.Name, b.Name) })
	if diags.HasErrors() || len(q.Facts) > 0 { // Plan makes its own files from what there is
		return out, nil
	}
	out.Files = w.Files()
	return out, nil
}

// objects spells a host's interfaces as every backend does, and adds what only
// these files say: the card that is meant by its address.
func objects(h *host.Host) []plan.Object {
	out := backend.InterfaceObjects(h, reader.Backend)
	for n := range out {
		i, ok := h.Interface(out[n].Name)
		if ok && i.Ethernet != nil && i.Ethernet.Match.MAC != "" && !out[n].Absent {
			out[n].Set("match.mac", plan.Text(i.Ethernet.Match.MAC))
		}
	}
	return out
}
