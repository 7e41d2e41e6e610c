package check

import (
	"maps"
	"net/netip"
	"slices"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/plugins/netlink/rule"
	"linkspan/plugins/netlink/spell"
)

// Asleep tells what the kernel does not keep of a link that is down, and
// refuses a VLAN that is to be up while what it stands on is down.
func Asleep(h *host.Host, i *host.Interface) diag.List {
	if i.Wanted() == host.Down {
		six := slices.ContainsFunc(i.Addresses, func(p netip.Prefix) bool { return p.Addr().Is6() })
		if len(spell.DeclaredRoutes(i)) > 0 || six {
			return diag.List{rule.Asleep.At(i.Path("state"), "%q is to be down", i.Name)}
		}
		return nil
	}
	if i.VLAN == nil || i.VLAN.LooseBinding != nil && *i.VLAN.LooseBinding {
		return nil
	}
	if parent, said := h.Interface(i.VLAN.Parent); said && parent.Wanted() == host.Down {
		return diag.List{rule.Parent.At(i.Path("parent"), "%q is to be up, and %q is to be down", i.Name, parent.Name)}
	}
	return nil
}

// Bond refuses options that the driver has not, and a MAC that it would not take.
func Bond(i *host.Interface) diag.List {
	if i.Bond == nil {
		return nil
	}
	var out diag.List
	if i.MAC != "" && i.Bond.Options["fail_over_mac"] == "active" {
		out = append(out, rule.Follows.At(i.Path("mac"), "mac of %q", i.Name))
	}
	for _, name := range slices.Sorted(maps.Keys(i.Bond.Options)) {
		if _, ok := spell.DriverOption(name, i.Bond.Options[name]); !ok {
			out = append(out, rule.Option.At(i.Path("options"), "option %q = %q of %q", name, i.Bond.Options[name], i.Name))
		}
	}
	return out
}
