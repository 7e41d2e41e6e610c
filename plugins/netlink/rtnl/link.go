package rtnl

// SameIdentity reports whether one link can become the other: the kernel
// ignores a change of a VLAN's id, protocol or parent.
func SameIdentity(l, w *Link) bool {
	if l.Kind != w.Kind {
		return l.Kind != "bond" && l.Kind != "vlan" && l.Kind != "bridge" && w.Kind == ""
	}
	return l.Kind != "vlan" || l.VLANID == w.VLANID && l.VLANProto == w.VLANProto && l.Parent == w.Parent
}
