package hostfile

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/hcl/rule"
	"linkspan/hcl/values"
)

// Definition is one host with the places of its parts.
type Definition struct {
	Host  host.Host
	Place diag.Range // the host's label

	places     *places
	secrets    *secrets
	incomplete bool // some interfaces are not known, for a fault reported already
	// doubtful are the paths of parts of which an attribute has no good value, and
	// of these attributes: what is missing of them cannot be said.
	doubtful []string
}

// Resolve returns the diagnostics with the range of their path, or of the
// nearest part that encloses it, filled in where they have none.
func (d *Definition) Resolve(l diag.List) diag.List {
	out := slices.Clone(l)
	for i := range out {
		out[i].Related = slices.Clone(out[i].Related)
		if out[i].Range.IsZero() {
			place, use := d.place(out[i].Path)
			out[i].Range = place
			if use != nil {
				out[i] = relatedTo(out[i], usedHere, *use)
			}
		}
		for j := range out[i].Related {
			if r := &out[i].Related[j]; r.Range.IsZero() && r.Path != "" {
				r.Range, _ = d.place(r.Path)
			}
		}
	}
	d.secrets.redactAll(out)
	return out
}

// Positions gives the place of each part by its host.Path, down to list
// elements: `bridge["xenbr0"].addresses[0]`. It is made anew by each call.
func (d *Definition) Positions() map[string]diag.Range {
	out := make(map[string]diag.Range, len(d.places.spots))
	for i, s := range d.places.spots {
		out[d.places.path(s)] = d.places.at(i)
	}
	return out
}

// Check validates the models of all hosts and returns what found, the
// diagnostics of Load, does not have already: a fault at a place with an error
// follows from it, or is that of another host of the same block. A host of which
// some interfaces could not be made is not judged.
func (s *Site) Check(found diag.List) diag.List {
	said := make(map[diag.Range]bool)
	for _, e := range found.Errors() {
		said[e.Range] = true
	}
	var out diag.List
	for i := range s.Definitions {
		more := s.Definitions[i].check(said)
		for _, e := range more.Errors() {
			said[e.Range] = true
		}
		out = append(out, more...)
	}
	return out
}

func (d *Definition) check(said map[diag.Range]bool) diag.List {
	if d.incomplete {
		return nil
	}
	return slices.DeleteFunc(d.Resolve(host.Validate(&d.Host)), func(g diag.Diagnostic) bool { return said[g.Range] || slices.Contains(d.doubtful, g.Path) })
}

// place looks a path up, then the path less its last part, and so on; the host
// itself encloses everything. The use block is the one that brought the part from
// a profile, or nil.
func (d *Definition) place(path string) (where diag.Range, use *diag.Range) {
	for path != "" {
		if i, ok := d.places.find(path); ok {
			return d.places.at(i), d.places.uses[d.places.spots[i].use]
		}
		cut := strings.LastIndexAny(path, ".[")
		if strings.HasSuffix(path, `"]`) { // a name in quotes may hold dots
			cut = strings.LastIndex(path, `["`)
		}
		path = path[:max(cut, 0)]
	}
	return d.Place, nil
}

// definition builds a Definition from records.
type definition struct {
	*loader
	Definition
	references []reference
}

// reference is one name in ports or parent.
type reference struct {
	from, name string // interfaces
	place      diag.Range
}

// iface builds one interface.
func (d *definition) iface(r *record) {
	d.Host.Interfaces = append(d.Host.Interfaces, host.Interface{Kind: host.Kind(r.schema.Name), Name: r.label})
	i := &d.Host.Interfaces[len(d.Host.Interfaces)-1]
	f := d.fields(i.Path(), r)
	d.doubt(f.path, r)
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
	f.shared(i)
}

// doubt notes what of a part is not known, for its attributes that are wrong.
func (d *definition) doubt(path string, r *record) {
	for _, name := range r.wrong {
		d.doubtful = append(d.doubtful, path, path+"."+name)
	}
}

// shared reads the blocks that every interface may have.
func (f fields) shared(i *host.Interface) {
	for n := range f.blocks {
		b := &f.blocks[n]
		switch b.schema.Name {
		case "route":
			i.Routes = append(i.Routes, f.fields(host.Index(f.path+".route", len(i.Routes)), b).route())
		case "dns":
			in := f.fields(f.path+".dns", b)
			i.DNS = host.DNS{Servers: in.addresses("servers"), Search: in.texts("search")}
		case "backend_options":
			f.options(i, b)
		}
	}
}

func (f fields) options(i *host.Interface, b *record) {
	if i.Options == nil {
		i.Options = make(map[string]map[string]string)
	}
	raw := make(map[string]string)
	in := f.fields(f.path+".backend_options."+b.label, b)
	for _, v := range b.byName() {
		s, ok := values.Scalar(values.Plain(v.Value))
		if !ok {
			f.add(rule.Type.In(v.place, "an option of a backend is a text, a number, true or false"))
			continue
		}
		raw[v.name] = s
		in.get(v.name)
	}
	i.Options[b.label] = raw
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
			given, _ := f.value("to")
			f.add(rule.Address.In(given.place, `%q is no destination; it is "default" or a network with its prefix, e.g. "10.8.0.0/16"`, to))
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
	for n := range f.blocks {
		if b := &f.blocks[n]; b.schema.Name == "match" {
			m := f.fields(f.path+".match", b)
			e.Match = host.Match{MAC: strings.ToLower(m.text("mac")), Driver: m.text("driver"), Path: m.text("path")}
		}
	}
	return e
}

func (f fields) bond() *host.Bond {
	b := &host.Bond{Mode: f.text("mode")}
	if v, ok := f.get("ports"); ok {
		b.Ports = v.strings()
		for i, name := range b.Ports {
			f.refer(name, v.element(i))
		}
	}
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
			options[o.Name], _ = values.Scalar(values.Plain(v.Value))
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
func (f fields) freeOption(options map[string]string, key, text string, v *value) {
	if o, ok := host.BondOptionNamed(key); ok || key == "mode" {
		f.add(rule.UnknownAttribute.In(v.place, "option %q has an attribute of its own; write %s = … in the bond", key, cmp.Or(o.Name, "mode")))
		return
	}
	options[key] = text
}

func (f fields) vlan() *host.VLAN {
	v := &host.VLAN{Protocol: f.text("protocol"), ReorderHeader: f.boolean("reorder_header"),
		GVRP: f.boolean("gvrp"), MVRP: f.boolean("mvrp"), LooseBinding: f.boolean("loose_binding")}
	if n := f.number("id"); n != nil {
		v.ID = *n
	}
	if p, ok := f.get("parent"); ok && p.AsString() != "" {
		v.Parent = p.AsString()
		f.refer(v.Parent, p.place)
	}
	return v
}

func (f fields) refer(name string, where diag.Range) {
	f.references = append(f.references, reference{f.label, name, where})
}

func (f fields) bridge() *host.Bridge {
	b := &host.Bridge{STP: f.boolean("stp"), Priority: f.number("priority"), ForwardDelay: f.seconds("forward_delay"), HelloTime: f.seconds("hello_time"),
		MaxAge: f.seconds("max_age"), AgeingTime: f.seconds("ageing_time"), MulticastSnooping: f.boolean("multicast_snooping"), VLANFiltering: f.boolean("vlan_filtering")}
	places := make(map[string]diag.Range)
	var use *diag.Range
	if v, ok := f.get("ports"); ok {
		names := v.strings()
		use = v.use
		b.Ports = make([]host.BridgePort, len(names))
		for i, name := range names {
			b.Ports[i].Name = name
			places[name] = v.element(i)
		}
	}
	for n := range f.blocks {
		r := &f.blocks[n]
		if r.schema.Name != "port" {
			continue
		}
		if first, twice := places[r.label]; twice {
			f.add(relatedTo(rule.Twice.In(r.place, "port %q is given twice", r.label), "first given here", first))
			continue
		}
		places[r.label] = r.place
		p := f.fields(f.path+".port."+r.label, r)
		b.Ports = append(b.Ports, host.BridgePort{Name: r.label, Cost: p.number("cost"), Priority: p.number("priority"), Hairpin: p.boolean("hairpin"),
			Isolated: p.boolean("isolated"), Learning: p.boolean("learning"), Flood: p.boolean("flood"), Guard: p.boolean("bpdu_guard")})
	}
	slices.SortStableFunc(b.Ports, func(a, b host.BridgePort) int { return strings.Compare(a.Name, b.Name) })
	for i, p := range b.Ports {
		f.places.put(spot{part: f.part, attribute: "ports", element: int32(i)}, places[p.Name], use)
		f.refer(p.Name, places[p.Name])
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
	for _, r := range d.references {
		if declared[r.name] {
			continue
		}
		meant := others(names, r.from, r.name)
		if near := diag.Suggest(r.name, meant); near != "" && !d.anotherCard(r.name, near) || strings.Contains(r.name, ".") {
			d.add(rule.Interface.In(r.place, "no block declares %q.%s", r.name, diag.DidYouMean(r.name, meant)))
			continue
		}
		declared[r.name] = true
		card := host.Interface{Kind: host.KindEthernet, Name: r.name, Implied: true, Ethernet: &host.Ethernet{}}
		d.Host.Interfaces = append(d.Host.Interfaces, card)
		d.places.part(card.Path(), r.place, nil)
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
