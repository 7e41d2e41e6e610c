package host

import (
	"slices"

	"linkspan/core/diag"
)

// Validate checks every rule that concerns one host and returns all faults at
// once, each with the path of the part that it is about.
func Validate(h *Host) diag.List {
	v := &validation{host: h, byName: make(map[string]*Interface, len(h.Interfaces)), vlans: make(map[vlanKey]*Interface)}
	v.mtus = &MTUs{find: func(name string) *Interface { return v.byName[name] }, known: make(map[*Interface]mtuFrom)}
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if first, twice := v.byName[i.Name]; twice {
			v.add(ruleNameTwice.At(i.Path(), "%q is the name of two interfaces; a kernel name is given once", i.Name).With("first given here", first.Path()))
			continue
		}
		v.byName[i.Name] = i
	}
	v.findMasters()
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		v.nameAndState(i)
		if i.Wanted() == Absent {
			continue
		}
		v.common(i)
		v.references(i)
		v.port(i)
		v.mtu(i)
		switch {
		case i.Bond != nil:
			v.bond(i)
		case i.VLAN != nil:
			v.vlan(i)
		case i.Bridge != nil:
			v.bridge(i)
		}
	}
	v.cycles()
	v.addresses()
	v.defaultRoutes()
	v.hostBlocks()
	return v.diags
}

// validation is one run of Validate.
type validation struct {
	host    *Host
	byName  map[string]*Interface
	names   []string              // of all interfaces, for suggestions
	masters map[string]*Interface // port → the first bond or bridge that has it
	vlans   map[vlanKey]*Interface
	mtus    *MTUs
	diags   diag.List
}

func (v *validation) add(d diag.Diagnostic) { v.diags = append(v.diags, d) }

// findMasters reports ports that two bonds or bridges claim.
func (v *validation) findMasters() {
	v.masters = make(map[string]*Interface, len(v.host.Interfaces))
	for n := range v.host.Interfaces {
		m := &v.host.Interfaces[n]
		if m.Wanted() == Absent {
			continue
		}
		ports := m.Ports()
		seen := make(map[string]bool, len(ports))
		for at, p := range ports {
			path := func() string { return m.Path(Index("ports", at)) }
			if seen[p] {
				v.add(rulePortTwice.At(path(), "%q is listed twice", p))
				continue
			}
			seen[p] = true
			if first := v.masters[p]; first != nil {
				v.add(ruleTwoMasters.At(path(), "%q is a port of %s %q already; the kernel gives an interface one master", p, first.Kind, first.Name).
					With("first given here", first.Path(Index("ports", slices.Index(first.Ports(), p)))))
				continue
			}
			v.masters[p] = m
		}
	}
}

// nameAndState checks the interface's own name, and that it is of one kind.
func (v *validation) nameAndState(i *Interface) {
	if err := CheckName(i.Name); err != nil {
		v.add(ruleName.At(i.Path("name"), "%v", err))
	}
	if s := i.State; s != "" && !slices.Contains(States(), string(s)) {
		v.add(ruleWord.At(i.Path("state"), "state is one of %q, not %q%s", States(), s, diag.DidYouMean(string(s), States())))
	}
}

// references checks that every lower interface is there to stand on.
func (v *validation) references(i *Interface) {
	for at, name := range i.Lowers() {
		path := func() string {
			if i.VLAN == nil {
				return i.Path(Index("ports", at))
			}
			return i.Path("parent")
		}
		lower, ok := v.byName[name]
		switch {
		case !ok:
			v.add(ruleUnknown.At(path(), "no interface is called %q%s", name, diag.DidYouMean(name, v.interfaceNames())))
		case lower.Wanted() == Absent:
			v.add(ruleLowerAbsent.At(path(), `%q is wanted with state = "absent", so nothing can stand on it`, name).With("made absent here", lower.Path("state")))
		case i.Bridge != nil && lower.Bridge != nil:
			v.add(ruleStacking.At(path(), "%q is a bridge; the kernel takes no bridge as a port of a bridge", name))
		case i.Bond != nil && lower.Kind != KindEthernet:
			v.add(ruleStacking.At(path(), "%q is a %s; a bond's ports are network cards", name, lower.Kind))
		}
	}
	if i.VLAN != nil {
		v.parent(i)
	}
}

func (v *validation) interfaceNames() []string {
	if v.names == nil {
		for n := range v.host.Interfaces {
			v.names = append(v.names, v.host.Interfaces[n].Name)
		}
	}
	return v.names
}

// parent checks that a VLAN's frames can reach it.
func (v *validation) parent(i *Interface) {
	m := v.masters[i.VLAN.Parent]
	if m == nil {
		return
	}
	v.add(ruleVLANOnPort.At(i.Path("parent"), "%q is a port of %s %q: a VLAN on a port takes its frames away from %q, or gets none; put it on %q",
		i.VLAN.Parent, m.Kind, m.Name, m.Name, m.Name).With("made a port here", m.Path("ports")))
}

// port checks what a port of a bond or bridge may not have of its own.
func (v *validation) port(i *Interface) {
	m := v.masters[i.Name]
	if m == nil || m == i {
		return
	}
	tell := func(attribute, what string) {
		v.add(ruleAddressOnPort.At(i.Path(attribute), "%q is a port of %s %q; %s belongs on %q", i.Name, m.Kind, m.Name, what, m.Name).With("made a port here", m.Path("ports")))
	}
	if len(i.Addresses) > 0 {
		tell("addresses", "the address")
	}
	if i.Gateway.IsValid() {
		tell("gateway", "the gateway")
	}
	if i.Gateway6.IsValid() {
		tell("gateway6", "the gateway")
	}
	if len(i.Routes) > 0 {
		tell("route", "the route")
	}
	for _, d := range []struct {
		name string
		on   *bool
	}{{"dhcp4", i.DHCP4}, {"dhcp6", i.DHCP6}} {
		if d.on != nil && *d.on {
			tell(d.name, "dynamic addressing")
		}
	}
}
