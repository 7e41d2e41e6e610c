// Package writer writes definitions.
package writer

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"linkspan/core/host"
	"linkspan/hcl/values"
)

// Host returns the definition of one host, in the canonical format: Load gives
// the host back. Texts are escaped, so that what was read from a host is never
// an expression. Implied cards are left out, as their masters imply them.
func Host(h host.Host) []byte {
	f := hclwrite.NewEmptyFile()
	w := writer{f.Body().AppendNewBlock("host", []string{h.Name}).Body()}
	w.texts("tags", h.Tags)
	if h.Vars != nil {
		w.set("vars", values.Of(h.Vars))
	}
	for _, k := range host.Kinds() {
		for _, i := range h.Interfaces {
			if i.Kind == k && !i.Implied {
				w.iface(i)
			}
		}
	}
	for _, b := range h.Backends {
		c := w.block("backend", b.Name)
		if b.Script != "" {
			c.set("script", values.Of(b.Script))
		}
		if len(b.Allow) > 0 {
			c.set("allow", values.Of(b.Allow))
		}
		for _, k := range slices.Sorted(maps.Keys(b.Config)) {
			c.set(k, values.Of(b.Config[k]))
		}
	}
	w.procedures(h)
	return emptyBlock.ReplaceAll(hclwrite.Format(f.Bytes()), []byte("{}"))
}

// emptyBlock is a block without content, which hclwrite writes over two lines. In
// texts an end of line is escaped, so it is found nowhere else.
var emptyBlock = regexp.MustCompile(`\{\n *\}`)

// writer writes the body of one block; what is empty is not written.
type writer struct{ body *hclwrite.Body }

func (w writer) block(name string, labels ...string) writer {
	if len(w.body.Attributes())+len(w.body.Blocks()) > 0 {
		w.body.AppendNewline()
	}
	return writer{w.body.AppendNewBlock(name, labels).Body()}
}

func (w writer) set(name string, v cty.Value) { w.body.SetAttributeValue(name, v) }

func (w writer) text(name, s string) {
	if s != "" {
		w.set(name, cty.StringVal(s))
	}
}

func (w writer) texts(name string, list []string) {
	if len(list) == 0 {
		return
	}
	out := make([]cty.Value, len(list))
	for i, s := range list {
		out[i] = cty.StringVal(s)
	}
	w.set(name, cty.TupleVal(out))
}

func (w writer) number(name string, n *int) {
	if n != nil {
		w.set(name, cty.NumberIntVal(int64(*n)))
	}
}

func (w writer) boolean(name string, b *bool) {
	if b != nil {
		w.set(name, cty.BoolVal(*b))
	}
}

func (w writer) flag(name string, b bool) {
	if b {
		w.set(name, cty.True)
	}
}

func (w writer) seconds(name string, c *host.Centiseconds) {
	if c != nil {
		w.set(name, cty.MustParseNumberVal(c.Seconds()))
	}
}

func (w writer) address(name string, a netip.Addr) {
	if a.IsValid() {
		w.text(name, a.String())
	}
}

func (w writer) textMap(name string, m map[string]string) {
	out := make(map[string]cty.Value, len(m))
	for k, s := range m {
		out[k] = cty.StringVal(s)
	}
	if len(out) > 0 {
		w.set(name, cty.ObjectVal(out))
	}
}

func (w writer) iface(i host.Interface) {
	b := w.block(string(i.Kind), i.Name)
	b.text("state", string(i.State))
	b.text("description", i.Description)
	switch {
	case i.Bond != nil:
		b.bond(*i.Bond)
	case i.VLAN != nil:
		b.vlan(*i.VLAN)
	case i.Bridge != nil:
		b.bridge(*i.Bridge)
	case i.Ethernet != nil:
		b.ethernet(*i.Ethernet)
	}
	b.number("mtu", i.MTU)
	b.text("mac", i.MAC)
	addresses := make([]string, len(i.Addresses))
	for n, a := range i.Addresses {
		addresses[n] = a.String()
	}
	b.texts("addresses", addresses)
	b.boolean("dhcp4", i.DHCP4)
	b.boolean("dhcp6", i.DHCP6)
	b.boolean("accept_ra", i.AcceptRA)
	b.address("gateway", i.Gateway)
	b.address("gateway6", i.Gateway6)
	b.details(i)
}

// details writes an interface's blocks, which stand after its attributes.
func (w writer) details(i host.Interface) {
	if e := i.Ethernet; e != nil && e.Match != (host.Match{}) {
		m := w.block("match")
		m.text("mac", e.Match.MAC)
		m.text("driver", e.Match.Driver)
		m.text("path", e.Match.Path)
	}
	if i.Bridge != nil {
		w.ports(i.Bridge.Ports)
	}
	for _, r := range i.Routes {
		w.route(r)
	}
	if !i.DNS.IsZero() {
		d := w.block("dns")
		servers := make([]string, len(i.DNS.Servers))
		for n, s := range i.DNS.Servers {
			servers[n] = s.String()
		}
		d.texts("servers", servers)
		d.texts("search", i.DNS.Search)
	}
	for _, name := range slices.Sorted(maps.Keys(i.Options)) {
		o := w.block("backend_options", name)
		for _, k := range slices.Sorted(maps.Keys(i.Options[name])) {
			if hclsyntax.ValidIdentifier(k) { // no other key can stand in a block
				o.set(k, cty.StringVal(i.Options[name][k]))
			}
		}
	}
}

func (w writer) route(r host.Route) {
	b := w.block("route")
	switch {
	case r.IsDefault() && (r.To.Addr().Is4() || r.Via.Is6()):
		b.text("to", "default")
	case r.To.IsValid():
		b.text("to", r.To.String())
	}
	b.address("via", r.Via)
	if r.Metric != 0 {
		b.number("metric", &r.Metric)
	}
	if r.Table != 0 {
		b.number("table", &r.Table)
	}
	b.address("source", r.Source)
	b.flag("onlink", r.OnLink)
}

func (w writer) ethernet(e host.Ethernet) {
	w.boolean("wake_on_lan", e.WakeOnLAN)
	features := make(map[string]cty.Value, len(e.Offload))
	for k, on := range e.Offload {
		features[k] = cty.BoolVal(on)
	}
	if len(features) > 0 {
		w.set("offload", cty.ObjectVal(features))
	}
}

func (w writer) bond(b host.Bond) {
	w.texts("ports", b.Ports)
	w.text("mode", b.Mode)
	free := make(map[string]string)
	for k, v := range b.Options {
		if _, known := host.BondOptionNamed(k); !known {
			free[k] = v
		}
	}
	for _, o := range host.BondOptions() {
		v, ok := b.Options[o.Name]
		_, notNumber := strconv.ParseInt(v, 10, 64)
		switch {
		case !ok:
		case o.Type == host.OptionAddresses:
			w.texts(o.Name, strings.Split(v, ","))
		case o.Type == host.OptionNumber && notNumber == nil:
			w.set(o.Name, cty.MustParseNumberVal(v))
		case o.Type == host.OptionBool && (v == "true" || v == "false"):
			w.set(o.Name, cty.BoolVal(v == "true"))
		default:
			w.text(o.Name, v)
		}
	}
	w.textMap("options", free)
}

func (w writer) vlan(v host.VLAN) {
	w.text("parent", v.Parent)
	w.number("id", &v.ID)
	w.text("protocol", v.Protocol)
	w.boolean("reorder_header", v.ReorderHeader)
	w.boolean("gvrp", v.GVRP)
	w.boolean("mvrp", v.MVRP)
	w.boolean("loose_binding", v.LooseBinding)
}

func (w writer) bridge(b host.Bridge) {
	plainPorts := slices.DeleteFunc(slices.Clone(b.Ports), host.BridgePort.HasSettings)
	w.texts("ports", (&host.Bridge{Ports: plainPorts}).PortNames())
	w.boolean("stp", b.STP)
	w.number("priority", b.Priority)
	w.seconds("forward_delay", b.ForwardDelay)
	w.seconds("hello_time", b.HelloTime)
	w.seconds("max_age", b.MaxAge)
	w.seconds("ageing_time", b.AgeingTime)
	w.boolean("multicast_snooping", b.MulticastSnooping)
	w.boolean("vlan_filtering", b.VLANFiltering)
}

// ports writes the ports that say more than their names.
func (w writer) ports(ports []host.BridgePort) {
	for _, p := range ports {
		if !p.HasSettings() {
			continue
		}
		b := w.block("port", p.Name)
		b.number("cost", p.Cost)
		b.number("priority", p.Priority)
		b.boolean("hairpin", p.Hairpin)
		b.boolean("isolated", p.Isolated)
		b.boolean("learning", p.Learning)
		b.boolean("flood", p.Flood)
		b.boolean("bpdu_guard", p.Guard)
	}
}

// procedures writes what happens around an apply.
func (w writer) procedures(h host.Host) {
	for _, k := range h.Hooks {
		b := w.block("hook", k.Name)
		b.texts("on", k.On)
		b.text("script", k.Script)
		b.text("timeout", k.Timeout)
		b.text("on_failure", k.OnFailure)
		b.texts("after", k.After)
		b.texts("allow", k.Allow)
		b.flag("privileged", k.Privileged)
		if k.Config != nil {
			b.set("config", values.Of(k.Config))
		}
		b.textMap("env", k.Env)
	}
	for _, c := range h.Checks {
		b := w.block("check", c.Name)
		b.text("ping", c.Ping)
		b.text("tcp", c.TCP)
		b.text("arp", c.ARP)
		b.text("http", c.HTTP)
		b.texts("command", c.Command)
		b.text("timeout", c.Timeout)
	}
	if !h.Apply.IsZero() {
		b := w.block("apply")
		b.text("confirm", h.Apply.Confirm)
		b.flag("prune", h.Apply.Prune)
	}
}
