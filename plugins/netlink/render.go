package netlink

import (
	"context"
	"maps"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/check"
	"linkspan/plugins/netlink/rule"
)

// Render spells the definition as objects and refuses what the kernel has no
// word for.
func (*netlinkBackend) Render(_ context.Context, r backend.RenderRequest) (backend.RenderResponse, error) {
	out := backend.RenderResponse{Objects: backend.InterfaceObjects(&r.Host, Name)}
	later := slices.ContainsFunc(r.Host.Backends, func(b host.Backend) bool { return b.Name != Name })
	for n := range r.Host.Interfaces {
		i := &r.Host.Interfaces[n]
		if i.Wanted() == host.Absent {
			if i.Kind == host.KindEthernet {
				out.Diagnostics = append(out.Diagnostics, rule.CardStays.At(i.Path("state"), "%q is a card", i.Name))
				out.Objects = slices.DeleteFunc(out.Objects, func(o plan.Object) bool { return o.Name == i.Name })
			}
			continue
		}
		for _, attribute := range beyondKernel(i) {
			unable := rule.NoWay
			if later {
				unable = rule.Later
			}
			out.Diagnostics = append(out.Diagnostics, unable.At(i.Path(attribute), "%s of %q is not the kernel's to keep", attribute, i.Name))
		}
		out.Diagnostics = append(append(out.Diagnostics, check.Bond(i)...), check.Asleep(&r.Host, i)...)
	}
	for n := range out.Objects {
		o := &out.Objects[n]
		i, said := r.Host.Interface(o.Name)
		keepKernels(o, said && i.Wanted() == host.Down)
	}
	return out, nil
}

// beyondKernel lists the attributes that are said and that rtnetlink has not.
func beyondKernel(i *host.Interface) []string {
	var out []string
	if i.DHCP4 != nil && *i.DHCP4 {
		out = append(out, "dhcp4")
	}
	if i.DHCP6 != nil && *i.DHCP6 {
		out = append(out, "dhcp6")
	}
	if !i.DNS.IsZero() {
		out = append(out, "dns")
	}
	for _, key := range slices.Sorted(maps.Keys(i.Options[Name])) {
		out = append(out, "backend_options."+key)
	}
	return out
}

// keepKernels takes out the settings that beyondKernel and check.Asleep have
// told of.
func keepKernels(o *plan.Object, down bool) {
	o.Settings = slices.DeleteFunc(o.Settings, func(s plan.Setting) bool {
		asleep := down && slices.Contains([]string{"gateway", "gateway6", "routes"}, s.Key)
		return asleep || strings.HasPrefix(s.Key, "dns.") || strings.HasPrefix(s.Key, "backend_options.") || strings.HasPrefix(s.Key, "dhcp") && s.Value.Equal(plan.Bool(true))
	})
	for n := range o.Settings {
		if s := &o.Settings[n]; down && s.Key == "addresses" {
			s.Value = plan.List(slices.DeleteFunc(slices.Clone(s.Value.List), func(a string) bool { return strings.Contains(a, ":") })...)
		}
	}
}
