package hostfile

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
)

// Definition is one host with the places of its parts.
type Definition struct {
	Host  host.Host
	Place diag.Range // the host's label
	// Positions gives the place of each part by its host.Path, down to list
	// elements: `bridge["xenbr0"].addresses[0]`.
	Positions map[string]diag.Range

	uses       map[string]diag.Range // the use block by which a part came from a profile
	secrets    *secrets
	incomplete bool // some interfaces are not known, for a fault reported already
	// doubtful are the paths of interfaces of which an attribute has no good value:
	// what is missing of them cannot be said.
	doubtful map[string]bool
}

// Resolve returns the diagnostics with the range of their path, or of the
// nearest part that encloses it, filled in where they have none.
func (d *Definition) Resolve(l diag.List) diag.List {
	out := slices.Clone(l)
	for i := range out {
		out[i].Related = slices.Clone(out[i].Related)
		if out[i].Range.IsZero() {
			at := d.nearest(out[i].Path)
			out[i].Range = d.place(at)
			if use, ok := d.uses[at]; ok {
				out[i] = relatedTo(out[i], usedHere, use)
			}
		}
		for j := range out[i].Related {
			if r := &out[i].Related[j]; r.Range.IsZero() && r.Path != "" {
				r.Range = d.place(d.nearest(r.Path))
			}
		}
	}
	d.secrets.redactAll(out)
	return out
}

// Check validates the model of the host and returns what found does not have
// already: a fault at a place with an error of the language follows from it. A
// host of which some interfaces could not be made is not judged.
func (d *Definition) Check(found diag.List) diag.List {
	if d.incomplete {
		return nil
	}
	said := make(map[diag.Range]bool)
	for _, e := range found.Errors() {
		said[e.Range] = true
	}
	return slices.DeleteFunc(d.Resolve(host.Validate(&d.Host)), func(g diag.Diagnostic) bool { return said[g.Range] || d.doubtful[g.Path] })
}

// nearest looks a path up, then the path less its last part, and so on; ""
// stands for the host itself, which encloses everything.
func (d *Definition) nearest(path string) string {
	for path != "" {
		if _, ok := d.Positions[path]; ok {
			return path
		}
		cut := strings.LastIndexAny(path, ".[")
		if strings.HasSuffix(path, `"]`) { // a name in quotes may hold dots
			cut = strings.LastIndex(path, `["`)
		}
		path = path[:max(cut, 0)]
	}
	return ""
}

// place is where a path that nearest has found is written.
func (d *Definition) place(found string) diag.Range {
	if found == "" {
		return d.Place
	}
	return d.Positions[found]
}

// definition builds a Definition from records.
type definition struct {
	*loader
	Definition
}

// at records where an attribute of a part is written.
func (d *definition) at(path string, v value) {
	d.put(path, v.place, v.use)
	if v.Type().IsListType() {
		for i := range v.elements {
			d.put(host.Index(path, i), v.elements[i], v.use)
		}
	}
}

// put records where a part is written, and the use block that brought it.
func (d *definition) put(path string, where, use diag.Range) {
	d.Positions[path] = where
	delete(d.uses, path)
	if !use.IsZero() {
		d.uses[path] = use
	}
}

// iface builds one interface.
func (d *definition) iface(r record) {
	i := host.Interface{Kind: host.Kind(r.schema.name), Name: r.label}
	d.put(i.Path(), r.place, r.use)
	d.put(i.Path("name"), r.place, r.use)
	if len(r.wrong) > 0 {
		d.doubtful[i.Path()] = true
	}
	f := fields{definition: d, record: r, path: i.Path()}
	i.State = host.State(f.text("state"))
	i.Description, i.MAC = f.text("description"), strings.ToLower(f.text("mac"))
	i.MTU, i.DHCP4, i.DHCP6, i.AcceptRA = f.number("mtu"), f.boolean("dhcp4"), f.boolean("dhcp6"), f.boolean("accept_ra")
	i.Addresses = f.prefixes("addresses")
	i.Gateway, i.Gateway6 = f.address("gateway"), f.address("gateway6")
	switch i.Kind {
	case host.KindEthernet:
		i.Ethernet = f.ethernet()
	case host.KindBond:
		i.Bond = f.bond()
	case host.KindVLAN:
		i.VLAN = f.vlan()
	case host.KindBridge:
		i.Bridge = f.bridge()
	}
	f.shared(&i)
	d.Host.Interfaces = append(d.Host.Interfaces, i)
}

// shared reads the blocks that every interface may have.
func (f fields) shared(i *host.Interface) {
	for _, b := range f.blocks {
		switch b.schema.name {
		case "route":
			path := host.Index(f.path+".route", len(i.Routes))
			f.put(path, b.place, b.use)
			i.Routes = append(i.Routes, fields{f.definition, b, path}.route())
		case "dns":
			in := fields{f.definition, b, f.path + ".dns"}
			f.put(in.path, b.place, b.use)
			i.DNS = host.DNS{Servers: in.addresses("servers"), Search: in.texts("search")}
		case "backend_options":
			f.options(i, b)
		}
	}
}

func (f fields) options(i *host.Interface, b record) {
	if i.Options == nil {
		i.Options = make(map[string]map[string]string)
	}
	raw := make(map[string]string)
	for _, k := range sortedNames(b.values) {
		v := b.values[k]
		s, ok := scalar(plain(v.Value))
		if !ok {
			f.add(ruleType.In(v.place, "an option of a backend is a text, a number, true or false"))
			continue
		}
		raw[k] = s
		f.at(f.path+".backend_options."+b.label+"."+k, v)
	}
	i.Options[b.label] = raw
}

// scalar spells a plain value as a raw option.
func scalar(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case bool:
		return strconv.FormatBool(x), true
	case int64:
		return strconv.FormatInt(x, 10), true
	}
	return "", false
}

func (f fields) route() host.Route {
	r := host.Route{Via: f.address("via"), Source: f.address("source")}
	if n := f.number("metric"); n != nil {
		r.Metric = *n
	}
	if n := f.number("table"); n != nil {
		r.Table = *n
	}
	if b := f.boolean("onlink"); b != nil {
		r.OnLink = *b
	}
	to := f.text("to")
	switch {
	case to == "":
	case to == "default" && r.Via.Is6():
		r.To = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	case to == "default":
		r.To = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	default:
		p, err := netip.ParsePrefix(to)
		if err != nil {
			f.add(ruleAddress.In(f.values["to"].place, `%q is no destination; it is "default" or a network with its prefix, e.g. "10.8.0.0/16"`, to))
		}
		r.To = p
	}
	return r
}

func (f fields) ethernet() *host.Ethernet {
	e := &host.Ethernet{WakeOnLAN: f.boolean("wake_on_lan")}
	if v, ok := f.get("offload"); ok {
		e.Offload = make(map[string]bool)
		for it := v.ElementIterator(); it.Next(); {
			k, b := it.Element()
			e.Offload[k.AsString()] = b.True()
		}
	}
	for _, b := range f.blocks {
		if b.schema.name == "match" {
			m := fields{f.definition, b, f.path + ".match"}
			f.Positions[m.path] = b.place
			e.Match = host.Match{MAC: strings.ToLower(m.text("mac")), Driver: m.text("driver"), Path: m.text("path")}
		}
	}
	return e
}

func (f fields) bond() *host.Bond {
	b := &host.Bond{Ports: f.texts("ports"), Mode: f.text("mode")}
	if name, ok := host.BondMode(b.Mode); ok {
		b.Mode = name
	}
	options := make(map[string]string)
	for _, o := range host.BondOptions() {
		v, ok := f.get(o.Name)
		if !ok {
			continue
		}
		switch {
		case o.Type == host.OptionAddresses:
			options[o.Name] = strings.Join(v.strings(), ",")
		default:
			options[o.Name], _ = scalar(plain(v.Value))
		}
	}
	if v, ok := f.get("options"); ok {
		for it := v.ElementIterator(); it.Next(); {
			k, s := it.Element()
			f.freeOption(options, k.AsString(), s.AsString(), v)
		}
	}
	if len(options) > 0 {
		b.Options = options
	}
	return b
}

// freeOption takes an option by the driver's name, unless it has an attribute.
func (f fields) freeOption(options map[string]string, key, text string, v value) {
	if o, ok := host.BondOptionNamed(key); ok || key == "mode" {
		f.add(ruleUnknownAttribute.In(v.place, "option %q has an attribute of its own; write %s = … in the bond", key, cmp.Or(o.Name, "mode")))
		return
	}
	options[key] = text
}

func (f fields) vlan() *host.VLAN {
	v := &host.VLAN{Parent: f.text("parent"), Protocol: f.text("protocol"), ReorderHeader: f.boolean("reorder_header"),
		GVRP: f.boolean("gvrp"), MVRP: f.boolean("mvrp"), LooseBinding: f.boolean("loose_binding")}
	if n := f.number("id"); n != nil {
		v.ID = *n
	}
	return v
}

func (f fields) bridge() *host.Bridge {
	b := &host.Bridge{STP: f.boolean("stp"), Priority: f.number("priority"), ForwardDelay: f.seconds("forward_delay"), HelloTime: f.seconds("hello_time"),
		MaxAge: f.seconds("max_age"), AgeingTime: f.seconds("ageing_time"), MulticastSnooping: f.boolean("multicast_snooping"), VLANFiltering: f.boolean("vlan_filtering")}
	places := make(map[string]diag.Range)
	list, _ := f.get("ports")
	for i, name := range f.texts("ports") {
		b.Ports = append(b.Ports, host.BridgePort{Name: name})
		places[name] = list.element(i)
	}
	for _, r := range f.blocks {
		if r.schema.name != "port" {
			continue
		}
		if first, twice := places[r.label]; twice {
			f.add(relatedTo(ruleTwice.In(r.place, "port %q is given twice", r.label), "first given here", first))
			continue
		}
		places[r.label] = r.place
		p := fields{f.definition, r, f.path + ".port." + r.label}
		b.Ports = append(b.Ports, host.BridgePort{Name: r.label, Cost: p.number("cost"), Priority: p.number("priority"), Hairpin: p.boolean("hairpin"),
			Isolated: p.boolean("isolated"), Learning: p.boolean("learning"), Flood: p.boolean("flood"), Guard: p.boolean("bpdu_guard")})
	}
	slices.SortStableFunc(b.Ports, func(a, b host.BridgePort) int { return strings.Compare(a.Name, b.Name) })
	for i, p := range b.Ports {
		f.Positions[f.path+"."+host.Index("ports", i)] = places[p.Name]
	}
	return b
}

// sort puts everything into the order that the model promises.
func (d *definition) sort() {
	slices.SortFunc(d.Host.Interfaces, func(a, b host.Interface) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(d.Host.Backends, func(a, b host.Backend) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(d.Host.Hooks, func(a, b host.Hook) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(d.Host.Checks, func(a, b host.Check) int { return cmp.Compare(a.Name, b.Name) })
}

// implied adds a network card for each name in ports or parent that no block
// declares, unless it looks like a mistake.
func (d *definition) implied() {
	declared := make(map[string]bool, len(d.Host.Interfaces))
	names := make([]string, len(d.Host.Interfaces))
	for i := range d.Host.Interfaces {
		names[i] = d.Host.Interfaces[i].Name
		declared[names[i]] = true
	}
	slices.Sort(names)
	for n := range d.Host.Interfaces {
		i := d.Host.Interfaces[n]
		for at, name := range i.Lowers() {
			if declared[name] {
				continue
			}
			path := i.Path("parent")
			if i.VLAN == nil {
				path = i.Path(host.Index("ports", at))
			}
			where := d.Positions[d.nearest(path)]
			meant := others(names, i.Name, name)
			if near := diag.Suggest(name, meant); near != "" && !d.anotherCard(name, near) || strings.Contains(name, ".") {
				d.add(ruleInterface.In(where, "no block declares %q.%s", name, diag.DidYouMean(name, meant)))
				continue
			}
			declared[name] = true
			card := host.Interface{Kind: host.KindEthernet, Name: name, Implied: true, Ethernet: &host.Ethernet{}}
			d.Host.Interfaces = append(d.Host.Interfaces, card)
			d.Positions[card.Path()] = where
		}
	}
}

// others are the names that could have been meant by a reference: not the
// interface that refers, nor a VLAN named after its parent, as eth0.2 after eth0.
func others(names []string, self, reference string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == self || strings.HasPrefix(n, reference+".") })
}

// anotherCard tells eth1 beside a declared card eth0, which is another card,
// from bond1 beside bond0 or ehh0 beside eth0, which are mistakes.
func (d *definition) anotherCard(name, near string) bool {
	const digits = "0123456789"
	for i := range d.Host.Interfaces {
		if d.Host.Interfaces[i].Name == near {
			return d.Host.Interfaces[i].Kind == host.KindEthernet && strings.TrimRight(name, digits) == strings.TrimRight(near, digits)
		}
	}
	return false
}
