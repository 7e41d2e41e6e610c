package ifcfg

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/survey"
)

// memory is a rendered host without a disk: what newSurvey reads.
func memory(rel reader.Reader, files []backend.File) *survey.Survey {
	states := make(map[string]plan.FileState, len(files))
	var names []string
	for _, f := range files {
		states[f.Path] = f.FileState
		if name, ok := strings.CutPrefix(f.Path, reader.Dir+"/"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return survey.New(rel, names, func(path string) plan.FileState { return states[path] })
}

// readBack reads a rendered host as its reader does.
func readBack(rel reader.Reader, want *host.Host, files []backend.File) *host.Host {
	declared := make([]*host.Interface, len(want.Interfaces))
	for i := range want.Interfaces {
		declared[i] = &want.Interfaces[i]
	}
	return &host.Host{Name: want.Name, Interfaces: memory(rel, files).Interfaces(declared)}
}

// leaves lists the fields of a type that hold one attribute each, e.g.
// "Ethernet.Match.MAC", so that an attribute that is added to the model and not
// to this test makes it fail.
func leaves(t reflect.Type, prefix string) []string {
	var out []string
	for f := range t.Fields() {
		ft := f.Type
		if ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		switch {
		case ft.Kind() == reflect.Struct && ft.PkgPath() == "linkspan/core/host":
			out = append(out, leaves(ft, prefix+f.Name+".")...)
		case ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct && ft.Elem().PkgPath() == "linkspan/core/host":
			out = append(out, leaves(ft.Elem(), prefix+f.Name+"[].")...)
		default:
			out = append(out, prefix+f.Name)
		}
	}
	return out
}

// cell is one attribute with a value: set changes the target, get reads it.
type cell struct {
	title     string
	attribute string // part of the path by which it is refused
	kind      host.Kind
	set       func(h *host.Host, i *host.Interface)
	get       func(i *host.Interface) any
}

func value[T any](kind host.Kind, attribute string, field func(*host.Interface) *T, values ...T) []cell {
	var out []cell
	for _, v := range values {
		out = append(out, cell{"", attribute, kind, func(_ *host.Host, i *host.Interface) { *field(i) = v }, func(i *host.Interface) any { return *field(i) }})
	}
	return out
}

// with adds what an attribute needs beside it.
func with(cells []cell, also func(i *host.Interface)) []cell {
	for n := range cells {
		set := cells[n].set
		cells[n].set = func(h *host.Host, i *host.Interface) { also(i); set(h, i) }
	}
	return cells
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func route(to, via string) host.Route {
	r := host.Route{To: netip.MustParsePrefix(to)}
	if via != "" {
		r.Via = netip.MustParseAddr(via)
	}
	return r
}

// common are the cells of what every kind has.
func common(kind host.Kind) map[string][]cell {
	four := func(i *host.Interface) { i.Addresses = prefixes("10.9.0.2/24") }
	six := func(i *host.Interface) { i.Addresses = prefixes("2001:db8:9::2/64") }
	routes := func(r ...host.Route) []cell {
		return with(value(kind, "route", func(i *host.Interface) *[]host.Route { return &i.Routes }, r), func(i *host.Interface) {
			i.Addresses = prefixes("10.9.0.2/24", "2001:db8:9::2/64")
		})
	}
	metric, table, source, onlink := route("10.8.0.0/16", "10.9.0.1"), route("10.8.0.0/16", "10.9.0.1"), route("10.8.0.0/16", "10.9.0.1"), route("10.8.0.0/16", "10.77.0.1")
	metric.Metric, table.Table, source.Source, onlink.OnLink = 7, 8, netip.MustParseAddr("10.9.0.2"), true
	dns := func(servers []netip.Addr, search ...string) []cell {
		return with(value(kind, "dns", func(i *host.Interface) *host.DNS { return &i.DNS }, host.DNS{Servers: servers, Search: search}), four)
	}
	server := []netip.Addr{netip.MustParseAddr("10.9.0.53"), netip.MustParseAddr("2001:db8::53"), netip.MustParseAddr("10.9.0.54")}
	return map[string][]cell{
		"State":       value(kind, "state", func(i *host.Interface) *host.State { return &i.State }, host.Down),
		"Description": value(kind, "description", func(i *host.Interface) *string { return &i.Description }, "uplink to rack 7, port 12", "größer"),
		"MTU":         value(kind, "mtu", func(i *host.Interface) **int { return &i.MTU }, new(1500), new(9000)),
		"MAC":         value(kind, "mac", func(i *host.Interface) *string { return &i.MAC }, "52:54:00:00:00:77"),
		"Addresses": slices.Concat(value(kind, "addresses", func(i *host.Interface) *[]netip.Prefix { return &i.Addresses }, prefixes("10.9.0.2/24"), prefixes("10.9.0.2/32"), prefixes("10.9.0.2/24", "10.10.0.2/16"),
			prefixes("10.9.0.2/24", "10.9.1.2/24", "10.9.2.2/24", "10.9.3.2/24", "2001:db8:9::2/64", "2001:db8:a::2/48"), prefixes("2001:db8:9::2/64")),
			with(value(kind, "addresses", func(i *host.Interface) *[]netip.Prefix { return &i.Addresses }, prefixes("10.9.0.2/24")), func(i *host.Interface) { i.DHCP4 = new(true) })),
		"DHCP4":    value(kind, "dhcp4", func(i *host.Interface) **bool { return &i.DHCP4 }, new(true)),
		"DHCP6":    value(kind, "dhcp6", func(i *host.Interface) **bool { return &i.DHCP6 }, new(true)),
		"AcceptRA": append(value(kind, "accept_ra", func(i *host.Interface) **bool { return &i.AcceptRA }, new(true), new(false)), with(value(kind, "accept_ra", func(i *host.Interface) **bool { return &i.AcceptRA }, new(true)), six)...),
		"Gateway": append(with(value(kind, "gateway", func(i *host.Interface) *netip.Addr { return &i.Gateway }, netip.MustParseAddr("10.9.0.1")), four),
			with(value(kind, "gateway", func(i *host.Interface) *netip.Addr { return &i.Gateway }, netip.MustParseAddr("10.10.0.1")), func(i *host.Interface) { i.Addresses = prefixes("10.9.0.2/24", "10.10.0.2/24") })...),
		"Gateway6":        with(value(kind, "gateway6", func(i *host.Interface) *netip.Addr { return &i.Gateway6 }, netip.MustParseAddr("2001:db8:9::1"), netip.MustParseAddr("fe80::1")), six),
		"Routes[].To":     append(routes(route("10.8.0.0/16", "10.9.0.1")), routes(route("0.0.0.0/0", "10.9.0.1"))...),
		"Routes[].Via":    append(routes(route("2001:db8:8::/48", "2001:db8:9::1")), routes(route("10.7.0.0/16", ""))...),
		"Routes[].Metric": routes(metric),
		"Routes[].Table":  routes(table),
		"Routes[].Source": routes(source),
		"Routes[].OnLink": routes(onlink),
		"DNS.Servers":     append(append(dns(server[:1]), dns(server[:2])...), dns(server)...),
		"DNS.Search":      append(dns(nil, "example.com"), dns(server[:1], "example.com", "example.org")...),
		"Options":         value(kind, "backend_options", func(i *host.Interface) *map[string]map[string]string { return &i.Options }, map[string]map[string]string{reader.Backend: {"LINKDELAY": "3"}}),
	}
}

func bools(kind host.Kind, attribute string, field func(*host.Interface) **bool) []cell {
	return value(kind, attribute, field, new(true), new(false))
}

// ofKind are the cells of what one kind has, with its port's settings.
func ofKind() map[string][]cell {
	port := func(h *host.Host, i *host.Interface) *host.BridgePort {
		h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindEthernet, Name: "eth9", Ethernet: &host.Ethernet{}})
		i.Bridge.Ports = []host.BridgePort{{Name: "eth9"}}
		return &i.Bridge.Ports[0]
	}
	portCell := func(attribute string, set func(p *host.BridgePort)) cell {
		return cell{"", "ports", host.KindBridge, func(h *host.Host, i *host.Interface) { set(port(h, i)) }, func(i *host.Interface) any { return i.Bridge.Ports }}
	}
	seconds := func(attribute string, field func(*host.Interface) **host.Centiseconds, values ...int) []cell {
		var out []cell
		for _, v := range values {
			cells := value(host.KindBridge, attribute, field, new(host.Centiseconds(v)))
			out = append(append(out, cells...), with(value(host.KindBridge, attribute, field, new(host.Centiseconds(v))), func(i *host.Interface) { i.Bridge.STP = new(true) })...)
		}
		return out
	}
	vlan := func(f func(v *host.VLAN) **bool) func(*host.Interface) **bool {
		return func(i *host.Interface) **bool { return f(i.VLAN) }
	}
	out := map[string][]cell{
		"Ethernet.Match.MAC":       append(value(host.KindEthernet, "match", func(i *host.Interface) *string { return &i.Ethernet.Match.MAC }, "52:54:00:00:00:78"), with(value(host.KindEthernet, "mac", func(i *host.Interface) *string { return &i.Ethernet.Match.MAC }, "52:54:00:00:00:78"), func(i *host.Interface) { i.MAC = "52:54:00:00:00:79" })...),
		"Ethernet.Match.Driver":    value(host.KindEthernet, "match", func(i *host.Interface) *string { return &i.Ethernet.Match.Driver }, "e1000"),
		"Ethernet.Match.Path":      value(host.KindEthernet, "match", func(i *host.Interface) *string { return &i.Ethernet.Match.Path }, "pci-0000:03:00.0"),
		"Ethernet.WakeOnLAN":       bools(host.KindEthernet, "wake_on_lan", func(i *host.Interface) **bool { return &i.Ethernet.WakeOnLAN }),
		"Ethernet.Offload":         value(host.KindEthernet, "offload", func(i *host.Interface) *map[string]bool { return &i.Ethernet.Offload }, map[string]bool{"gro": false}, map[string]bool{"gro": true, "lro": false, "tx-checksumming": true}),
		"Bond.Ports":               value(host.KindBond, "ports", func(i *host.Interface) *[]string { return &i.Bond.Ports }, []string{"eth1"}, []string{"eth1", "eth2"}),
		"Bond.Mode":                value(host.KindBond, "mode", func(i *host.Interface) *string { return &i.Bond.Mode }, host.BondModes()...),
		"VLAN.Parent":              value(host.KindVLAN, "parent", func(i *host.Interface) *string { return &i.VLAN.Parent }, "bond0", "eth3", "vl3"),
		"VLAN.ID":                  value(host.KindVLAN, "name", func(i *host.Interface) *int { return &i.VLAN.ID }, 2, 7),
		"VLAN.Protocol":            value(host.KindVLAN, "protocol", func(i *host.Interface) *string { return &i.VLAN.Protocol }, "802.1ad"),
		"VLAN.ReorderHeader":       bools(host.KindVLAN, "reorder_header", vlan(func(v *host.VLAN) **bool { return &v.ReorderHeader })),
		"VLAN.GVRP":                bools(host.KindVLAN, "gvrp", vlan(func(v *host.VLAN) **bool { return &v.GVRP })),
		"VLAN.MVRP":                bools(host.KindVLAN, "mvrp", vlan(func(v *host.VLAN) **bool { return &v.MVRP })),
		"VLAN.LooseBinding":        bools(host.KindVLAN, "loose_binding", vlan(func(v *host.VLAN) **bool { return &v.LooseBinding })),
		"Bridge.STP":               bools(host.KindBridge, "stp", func(i *host.Interface) **bool { return &i.Bridge.STP }),
		"Bridge.Priority":          append(value(host.KindBridge, "priority", func(i *host.Interface) **int { return &i.Bridge.Priority }, new(4096), new(0)), with(value(host.KindBridge, "priority", func(i *host.Interface) **int { return &i.Bridge.Priority }, new(8192)), func(i *host.Interface) { i.Bridge.STP = new(true) })...),
		"Bridge.ForwardDelay":      seconds("forward_delay", func(i *host.Interface) **host.Centiseconds { return &i.Bridge.ForwardDelay }, 400, 1250),
		"Bridge.HelloTime":         seconds("hello_time", func(i *host.Interface) **host.Centiseconds { return &i.Bridge.HelloTime }, 300, 150),
		"Bridge.MaxAge":            seconds("max_age", func(i *host.Interface) **host.Centiseconds { return &i.Bridge.MaxAge }, 1000, 950),
		"Bridge.AgeingTime":        seconds("ageing_time", func(i *host.Interface) **host.Centiseconds { return &i.Bridge.AgeingTime }, 12000, 0, 12050),
		"Bridge.MulticastSnooping": bools(host.KindBridge, "multicast_snooping", func(i *host.Interface) **bool { return &i.Bridge.MulticastSnooping }),
		"Bridge.VLANFiltering":     bools(host.KindBridge, "vlan_filtering", func(i *host.Interface) **bool { return &i.Bridge.VLANFiltering }),
		"Bridge.Ports[].Name":      {portCell("name", func(*host.BridgePort) {})},
		"Bridge.Ports[].Cost":      {portCell("cost", func(p *host.BridgePort) { p.Cost = new(7) })},
		"Bridge.Ports[].Priority":  {portCell("priority", func(p *host.BridgePort) { p.Priority = new(9) })},
		"Bridge.Ports[].Hairpin":   {portCell("hairpin", func(p *host.BridgePort) { p.Hairpin = new(true) }), portCell("hairpin", func(p *host.BridgePort) { p.Hairpin = new(false) })},
		"Bridge.Ports[].Isolated":  {portCell("isolated", func(p *host.BridgePort) { p.Isolated = new(true) })},
		"Bridge.Ports[].Learning":  {portCell("learning", func(p *host.BridgePort) { p.Learning = new(false) })},
		"Bridge.Ports[].Flood":     {portCell("flood", func(p *host.BridgePort) { p.Flood = new(false) })},
		"Bridge.Ports[].Guard":     {portCell("bpdu_guard", func(p *host.BridgePort) { p.Guard = new(true) })},
	}
	out["Bond.Options"] = bondOptionCells()
	return out
}

// bondOptionCells gives every option of the driver a value, and one it has
// beyond them.
func bondOptionCells() []cell {
	options := func(i *host.Interface) *map[string]string { return &i.Bond.Options }
	out := value(host.KindBond, "options", options, map[string]string{"miimon": "100", "peer_notif_delay": "200"})
	for _, o := range host.BondOptions() {
		v := "3"
		switch o.Type {
		case host.OptionBool:
			v = "true"
		case host.OptionWord:
			v = o.Words[1]
		case host.OptionInterface:
			v = "eth1"
		case host.OptionAddresses:
			v = "10.9.0.1,10.9.0.3"
		}
		out = append(out, value(host.KindBond, o.Name, options, map[string]string{"miimon": "100", o.Name: v})...)
	}
	return out
}

// stage is a host with one free interface of the kind, called target, and what
// it may stand on.
func stage(kind host.Kind) (*host.Host, string) {
	h := &host.Host{Name: "a"}
	card := func(name string) {
		h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindEthernet, Name: name, Ethernet: &host.Ethernet{}})
	}
	for _, c := range []string{"eth0", "eth1", "eth2", "eth3"} {
		card(c)
	}
	bond := func(name string, ports ...string) {
		h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindBond, Name: name, Bond: &host.Bond{Ports: ports, Mode: "active-backup", Options: map[string]string{"miimon": "100"}}})
	}
	switch kind {
	case host.KindBond:
		bond("bond0", "eth0")
		return h, "bond0"
	case host.KindVLAN:
		bond("bond0", "eth0")
		h.Interfaces = append(h.Interfaces, host.Interface{Kind: kind, Name: "bond0.2", VLAN: &host.VLAN{Parent: "bond0", ID: 2}})
		return h, "bond0.2"
	case host.KindBridge:
		h.Interfaces = append(h.Interfaces, host.Interface{Kind: kind, Name: "xenbr0", Bridge: &host.Bridge{}})
		return h, "xenbr0"
	}
	return h, "eth2"
}

// TestNothingIsDropped walks every attribute of the language, on every kind
// that has it and on ports, for every reader: it is written so that the reader
// reads it, or refused by name.
func TestNothingIsDropped(t *testing.T) {
	all := ofKind()
	for _, k := range host.Kinds() {
		for field, cells := range common(k) {
			all[field] = append(all[field], cells...)
		}
	}
	skip := []string{"Kind", "Name", "Implied"} // what the file is called, and no attribute
	for _, field := range leaves(reflect.TypeFor[host.Interface](), "") {
		if !slices.Contains(skip, field) && len(all[field]) == 0 {
			t.Errorf("no case for %s", field)
		}
	}
	written, refused := 0, 0
	for _, rel := range append(reader.Names(), "") {
		for field, cells := range all {
			for n, c := range cells {
				for _, port := range []string{"", "bond", "bridge"} {
					if port == "bond" && c.kind != host.KindEthernet || port == "bridge" && c.kind == host.KindBridge {
						continue
					}
					c.title = fmt.Sprintf("%s %s #%d %s %s", rel, field, n, c.kind, port)
					switch tryCell(t, rel, c, port) {
					case "written":
						written++
					case "refused":
						refused++
					}
				}
			}
		}
	}
	t.Logf("%d written, %d refused by name", written, refused)
	if written < 1000 || refused < 300 {
		t.Errorf("%d written, %d refused: the walk is too short", written, refused)
	}
}

// tryCell tries one attribute for one reader, on an interface that is free or a
// port.
func tryCell(t *testing.T, rel string, c cell, port string) string {
	t.Helper()
	h, target := stage(c.kind)
	at := slices.IndexFunc(h.Interfaces, func(i host.Interface) bool { return i.Name == target })
	switch port {
	case "bond":
		h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindBond, Name: "bond7", Bond: &host.Bond{Ports: []string{target}, Options: map[string]string{"miimon": "100"}}})
	case "bridge":
		h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindBridge, Name: "xenbr7", Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: target}}}})
	}
	c.set(h, &h.Interfaces[at])
	want := c.get(&h.Interfaces[at])
	slices.SortFunc(h.Interfaces, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
	config := map[string]any{}
	if rel != "" {
		config["release"] = rel
	}
	rendered, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: *h, Config: config}})
	if err != nil {
		t.Fatal(err)
	}
	if errs := rendered.Diagnostics.Errors(); len(errs) > 0 {
		named := slices.ContainsFunc(errs, func(d diag.Diagnostic) bool {
			return slices.ContainsFunc([]string{c.attribute, "name", "ports"}, func(part string) bool { return strings.Contains(d.Path, part) })
		})
		if !named {
			t.Errorf("%s: refused, but not by name: %v", c.title, errs)
		}
		return "refused"
	}
	r, _ := readerOf(config, nil)
	found := readBack(r, h, rendered.Files)
	got, ok := found.Interface(target)
	if !ok {
		t.Errorf("%s: there is no %q to its reader", c.title, target)
		return ""
	}
	if have := c.get(got); !same(want, have) {
		t.Errorf("%s: wanted %v, the reader reads %v\n%s", c.title, show(want), show(have), text(rendered.Files, target))
	}
	if changes := plan.Diff(rendered.Objects, objects(found)); len(changes) > 0 {
		t.Errorf("%s: not what was wanted: %+v\n%s", c.title, changes, text(rendered.Files, target))
	}
	return "written"
}

// same compares two values; a nil and an empty list or map are one.
func same(a, b any) bool {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	if (va.Kind() == reflect.Map || va.Kind() == reflect.Slice) && va.Len() == 0 && vb.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a, b) || fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) && va.Kind() == reflect.Struct
}

func show(v any) string {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && !r.IsNil() {
		return fmt.Sprint(r.Elem())
	}
	return fmt.Sprintf("%+v", v)
}

func text(files []backend.File, device string) string {
	var b strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f.Path, "-"+device) || strings.Contains(f.Path, "-"+device+":") || !strings.HasPrefix(f.Path, reader.Dir+"/") {
			fmt.Fprintf(&b, "== %s\n%s", f.Path, f.Content)
		}
	}
	return b.String()
}
