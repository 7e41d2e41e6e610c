package xend

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/xend/sxp"
	"linkspan/plugins/xend/xl"
)

// remarked is the setting that counts linkspan's remarks.
const remarked = "remarked"

// block is the path of the backend's block.
const block = `backend["xend"]`

// Render says what the definition means to Xen: no network-script, or, with
// managed = false, none of linkspan's remarks; and xl's defaults where the block
// names them and the host has xl.
func (*xend) Render(_ context.Context, q backend.RenderRequest) (backend.RenderResponse, error) {
	s := settingsOf(q.Config)
	var out backend.RenderResponse
	p := path.Clean(s.path)
	if !strings.HasPrefix(p, "/etc/xen/") {
		out.Diagnostics = append(out.Diagnostics, ruleUnreadable.At(block+".config", "config is a file below /etc/xen, not %q", s.path))
		return out, nil
	}
	if q.Facts[factXL] == "true" && len(s.xl) > 0 {
		o := plan.Object{Ref: plan.Ref{Class: name, Name: xlFile}, Type: "xl", Path: block}
		for key, value := range s.xl {
			o.Set(key, plan.Text(value))
		}
		out.Objects = append(out.Objects, o)
	}
	o := plan.Object{Ref: plan.Ref{Class: name, Name: p}, Type: name, Path: block}
	if s.managed {
		o.Set(sxp.Directive, plan.Value{})
	} else {
		o.Set(remarked, plan.Value{})
	}
	out.Objects = append(out.Objects, o)
	slices.SortFunc(out.Objects, func(a, b plan.Object) int { return strings.Compare(a.Name, b.Name) })
	out.Diagnostics = append(out.Diagnostics, checkXL(s, &q.Host)...)
	return out, nil
}

// checkXL checks what the block wants of xl.conf.
func checkXL(s settings, h *host.Host) diag.List {
	var out diag.List
	for _, key := range slices.Sorted(maps.Keys(s.xl)) {
		value, at := s.xl[key], block+"."+strings.ReplaceAll(key, ".", "_")
		if _, err := xl.Set(nil, key, value); err != nil {
			out = append(out, ruleXLEdit.At(at, "%v", err))
			continue
		}
		if key == keyBridge && !declaredBridge(h, value) {
			out = append(out, ruleXLDefault.At(at, "it is %q, which the definition does not declare.%s", value, diag.DidYouMean(value, bridgesOf(h))))
		}
	}
	return out
}

// declaredBridge reports whether the definition wants a bridge of that name.
func declaredBridge(h *host.Host, name string) bool {
	i, ok := h.Interface(name)
	return ok && i.Kind == host.KindBridge && i.Wanted() != host.Absent
}

// bridgesOf are the names of the bridges that the definition wants.
func bridgesOf(h *host.Host) []string {
	var out []string
	for i := range h.Interfaces {
		if declaredBridge(h, h.Interfaces[i].Name) {
			out = append(out, h.Interfaces[i].Name)
		}
	}
	return out
}
