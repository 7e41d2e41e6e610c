package host

// Ports returns the names of the declared ports of a bond or bridge, in order.
func (i *Interface) Ports() []string {
	switch {
	case i.Bond != nil:
		return i.Bond.Ports
	case i.Bridge != nil:
		return i.Bridge.PortNames()
	}
	return nil
}

// Lowers returns the names that the interface stands on: a VLAN's parent, the
// ports of a bond or bridge.
func (i *Interface) Lowers() []string {
	if i.VLAN != nil && i.VLAN.Parent != "" {
		return []string{i.VLAN.Parent}
	}
	return i.Ports()
}

// Masters maps each declared port to the bond or bridge that it belongs to. Of
// several, which validation refuses, the first by name counts.
func (h *Host) Masters() map[string]string {
	out := make(map[string]string)
	for i := range h.Interfaces {
		m := &h.Interfaces[i]
		if m.Wanted() == Absent {
			continue
		}
		for _, p := range m.Ports() {
			if _, taken := out[p]; !taken {
				out[p] = m.Name
			}
		}
	}
	return out
}

// DefaultRoutes lists the interface's default routes, the short
// forms included, as routes.
func (i *Interface) DefaultRoutes() []Route {
	var out []Route
	if i.Gateway.IsValid() {
		out = append(out, Route{To: defaultOf(i.Gateway.Is6()), Via: i.Gateway})
	}
	if i.Gateway6.IsValid() {
		out = append(out, Route{To: defaultOf(true), Via: i.Gateway6})
	}
	for _, r := range i.Routes {
		if r.IsDefault() {
			out = append(out, r)
		}
	}
	return out
}
