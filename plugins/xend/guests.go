package xend

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/xend/guest"
)

// guests are those that have a file, and those of which only the port is known.
func (r *reading) guests() []plan.Guest {
	configured := guest.Configured(r.tree, r.stack(), r.networks)
	var out []plan.Guest
	for _, i := range configured {
		out = append(out, r.guest(i))
	}
	if r.isXen() {
		r.checkGuests(configured)
		r.checkDefault(configured)
	}
	if r.live == nil {
		return out
	}
	for _, p := range r.live.Ports {
		g := plan.Guest{Name: cmp.Or(p.Guest, p.Name), Port: p.Name, Bridge: p.Bridge, Source: "kernel"}
		// What runs tells more than its file, where both say the same.
		out = slices.DeleteFunc(out, func(c plan.Guest) bool { return c.Port == "" && c.Name == g.Name && c.Bridge == g.Bridge })
		out = append(out, g)
	}
	return out
}

// stack is the toolstack that guests' files in /etc/xen are for.
func (r *reading) stack() guest.Stack {
	if r.state.Running || !r.hasXL() || r.tree.Exists(r.path) && !r.tree.Exists(xlFile) {
		return guest.XM
	}
	return guest.XL
}

// guest gives an interface that names no bridge the one that it would get.
func (r *reading) guest(i guest.Interface) plan.Guest {
	g := plan.Guest{Name: i.Guest, Bridge: i.Bridge, Unknown: cmp.Or(i.Unknown, i.None), Source: i.File}
	if g.Bridge == "" && g.Unknown == "" {
		g.Bridge, g.Default, g.Unknown = r.defaultBridge(i.Stack)
	}
	return g
}

// defaultBridge is the bridge of a guest that names none, and who chooses it.
func (r *reading) defaultBridge(stack guest.Stack) (bridge, who, none string) {
	switch stack {
	case guest.Libvirt: // libxl_nic.c
		return "xenbr0", "libxl's own default", ""
	case guest.XL:
		if none := guest.WithoutBridge(r.xlDefault(keyScript, "vifscript")); none != "" {
			return "", "", none
		}
		if bridge := r.xlDefault(keyBridge, "defaultbridge"); bridge != "" {
			return bridge, keyBridge + " of " + xlFile, ""
		}
		return "xenbr0", "xl's own default", "" // libxl_nic.c
	}
	script := r.xendValue("vif-script")
	if none := guest.WithoutBridge(script); none != "" {
		return "", "", none
	}
	if bridge := bridgeArgument(script); bridge != "" {
		return bridge, "vif-script of " + r.path, ""
	}
	if all := r.bridges(); len(all) > 0 {
		return all[0], "the first that brctl show lists", ""
	}
	return "", "", "there is no bridge"
}

// bridges are those that there will be: declared, or there and not taken away;
// in the order in which brctl lists them (bridge-utils, alphasort).
func (r *reading) bridges() []string {
	out := bridgesOf(r.host)
	for _, b := range r.others() {
		if i, declared := r.host.Interface(b); !declared || i.Wanted() != host.Absent {
			out = append(out, b)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// others are bridges that are there, or that libvirt makes.
func (r *reading) others() []string {
	out := r.networks.OwnBridges()
	if r.live != nil {
		out = append(out, r.live.Bridges...)
	}
	return out
}

// missing says why there will be no such bridge; "" when there will. Below
// another root no kernel says what is there; a file of the initscripts does.
func (r *reading) missing(bridge string) string {
	if i, declared := r.host.Interface(bridge); declared {
		switch {
		case i.Wanted() == host.Absent:
			return "taken away by the definition"
		case i.Kind != host.KindBridge:
			return fmt.Sprintf("declared as %s", i.Kind)
		}
		return ""
	}
	if slices.Contains(r.others(), bridge) {
		return ""
	}
	if r.live == nil && !strings.Contains(bridge, "/") && r.tree.Exists("/etc/sysconfig/network-scripts/ifcfg-"+bridge) {
		return ""
	}
	return "neither declared nor there." + diag.DidYouMean(bridge, bridgesOf(r.host))
}

// checkGuests reports guests that could not start, and those that are not
// understood.
func (r *reading) checkGuests(configured []guest.Interface) {
	for _, i := range configured {
		g, where := r.guest(i), onLine(i.File, i.Line)
		why := ""
		if g.Bridge != "" {
			why = r.missing(g.Bridge)
		}
		switch {
		case i.Unknown != "":
			r.found(ruleGuestUnknown.In(where, "guest %q: %s", i.Guest, i.Unknown))
		case why != "" && g.Default != "":
			r.found(ruleGuestBridge.In(where, "guest %q names no bridge and comes to %q (%s), which is %s", i.Guest, g.Bridge, g.Default, why))
		case why != "":
			r.found(ruleGuestBridge.In(where, "guest %q is to be on the bridge %q, which is %s%s", i.Guest, g.Bridge, why, r.mapped(i)))
		}
	}
}

// mapped warns of vif-bridge's silent fallback (tools/hotplug/Linux/vif-bridge
// of 4.0 to 4.4): xenbrN that is missing becomes ethN when that is a bridge.
func (r *reading) mapped(i guest.Interface) string {
	number, ok := strings.CutPrefix(i.Bridge, "xenbr")
	if !ok || r.live == nil || !slices.Contains(r.live.Bridges, "eth"+number) {
		return ""
	}
	return fmt.Sprintf(" (from Xen 4.0 on it would come to eth%s, without a word)", number)
}

// checkDefault reports that the bridges of the definition change which one is
// the first, and so the bridge of guests of xend's that name none.
func (r *reading) checkDefault(configured []guest.Interface) {
	if r.live == nil || len(r.live.Bridges) == 0 || len(r.bridges()) == 0 || r.live.Bridges[0] == r.bridges()[0] {
		return
	}
	if _, who, _ := r.defaultBridge(guest.XM); !strings.Contains(who, "brctl") {
		return
	}
	var names []string
	for _, i := range configured {
		if i.Stack == guest.XM && i.Bridge == "" && i.Unknown == "" && i.None == "" && !slices.Contains(names, i.Guest) {
			names = append(names, i.Guest)
		}
	}
	if len(names) > 0 {
		r.found(ruleDefaultMoves.At("", "%s: %q now, %q then", quotedList(names), r.live.Bridges[0], r.bridges()[0]))
	}
}
