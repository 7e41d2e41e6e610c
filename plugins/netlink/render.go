package netlink

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
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
				out.Diagnostics = append(out.Diagnostics, ruleCardStays.At(i.Path("state"), "%q is a card", i.Name))
				out.Objects = slices.DeleteFunc(out.Objects, func(o plan.Object) bool { return o.Name == i.Name })
			}
			continue
		}
		for _, attribute := range beyondKernel(i) {
			rule := ruleNoWay
			if later {
				rule = ruleLater
			}
			out.Diagnostics = append(out.Diagnostics, rule.At(i.Path(attribute), "%s of %q is not the kernel's to keep", attribute, i.Name))
		}
		out.Diagnostics = append(append(out.Diagnostics, checkBond(i)...), checkAsleep(&r.Host, i)...)
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

// keepKernels takes out the settings that beyondKernel and checkAsleep have
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

// checkAsleep tells what the kernel does not keep of a link that is down, and
// refuses a VLAN that is to be up while what it stands on is down.
func checkAsleep(h *host.Host, i *host.Interface) diag.List {
	if i.Wanted() == host.Down {
		six := slices.ContainsFunc(i.Addresses, func(p netip.Prefix) bool { return p.Addr().Is6() })
		if len(declaredRoutes(i)) > 0 || six {
			return diag.List{ruleAsleep.At(i.Path("state"), "%q is to be down", i.Name)}
		}
		return nil
	}
	if i.VLAN == nil || i.VLAN.LooseBinding != nil && *i.VLAN.LooseBinding {
		return nil
	}
	if parent, said := h.Interface(i.VLAN.Parent); said && parent.Wanted() == host.Down {
		return diag.List{ruleParent.At(i.Path("parent"), "%q is to be up, and %q is to be down", i.Name, parent.Name)}
	}
	return nil
}

func checkBond(i *host.Interface) diag.List {
	if i.Bond == nil {
		return nil
	}
	var out diag.List
	if i.MAC != "" && i.Bond.Options["fail_over_mac"] == "active" {
		out = append(out, ruleFollows.At(i.Path("mac"), "mac of %q", i.Name))
	}
	for _, name := range slices.Sorted(maps.Keys(i.Bond.Options)) {
		if _, ok := driverOption(name, i.Bond.Options[name]); !ok {
			out = append(out, ruleOption.At(i.Path("options"), "option %q = %q of %q", name, i.Bond.Options[name], i.Name))
		}
	}
	return out
}

// driverValue is a bond option as the driver spells it.
type driverValue struct{ name, value string }

// driverOption turns an option of the language into the driver's; ok is false
// for one that netlink has not, or for a value that is not of its form.
func driverOption(name, value string) (driverValue, bool) {
	driver := name
	o, known := host.BondOptionNamed(name)
	if known {
		driver = o.Driver
	}
	attribute, ok := rtnl.OptionNamed(rtnl.BondAttributes, driver)
	if !ok {
		return driverValue{}, false
	}
	if known && o.Type == host.OptionBool {
		value = map[string]string{"true": "1", "false": "0"}[value]
	}
	if known && o.Type == host.OptionWord {
		value = strconv.Itoa(slices.Index(o.Words, value))
	}
	return driverValue{driver, value}, fits(attribute.As, value)
}

func fits(as rtnl.Width, value string) bool {
	switch as {
	case rtnl.WidthIndex:
		return value != ""
	case rtnl.WidthMAC:
		m, err := net.ParseMAC(value)
		return err == nil && len(m) == 6
	case rtnl.WidthTargets, rtnl.WidthTargets6:
		for _, a := range strings.Split(value, ",") {
			if ip, err := netip.ParseAddr(a); err != nil || ip.Is4() != (as == rtnl.WidthTargets) {
				return false
			}
		}
		return true
	}
	bits := map[rtnl.Width]int{rtnl.Width8: 8, rtnl.Width16: 16, rtnl.Width32: 32}[as]
	_, err := strconv.ParseUint(value, 10, bits)
	return err == nil
}
