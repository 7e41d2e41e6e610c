package ifcfg

import (
	"slices"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// survey is everything that the files of one host say, to one reader.
type survey struct {
	rel     reader
	state   func(path string) plan.FileState // a file as it is, or as it will be
	names   []string                         // of the files in the scripts' directory, sorted
	network *document
	around  surroundings
	files   []*ifaceFile            // what the reader takes for interfaces, in order of their names
	devices map[string]*ifaceFile   // the file that counts, by device
	twins   map[string][]*ifaceFile // further files of the same device
	aliases map[string][]*ifaceFile // by parent, in order of their names
	members map[string][]string     // master → devices whose files make them its ports
	others  map[string][]string     // device → names of its route and rule files
	skipped map[string]string       // file name → why the reader does not take it
	// counts tells which members of a bond or bridge are listed as its ports;
	// nil means all. One that the definition does not know stays as it is.
	counts func(device string) bool
	diags  diag.List
}

// ifaceFile is one file of an interface or alias.
type ifaceFile struct {
	name   string // "ifcfg-eth0"
	suffix string // "eth0"
	device string // DEVICE, or the suffix
	doc    *document
	keys   keys
}

func (f *ifaceFile) path() string { return scripts + "/" + f.name }

// newSurvey reads the files of those names through state.
func newSurvey(rel reader, names []string, state func(path string) plan.FileState) *survey {
	s := &survey{rel: rel, state: state, names: names, devices: make(map[string]*ifaceFile), twins: make(map[string][]*ifaceFile),
		aliases: make(map[string][]*ifaceFile), members: make(map[string][]string), others: make(map[string][]string), skipped: make(map[string]string)}
	s.network = parse(state(networkFile).Content)
	s.around = surroundings{ipv6: !rel.takes("NETWORKING_IPV6")}
	if v, _ := s.network.get("NETWORKING_IPV6"); v == "yes" {
		s.around.ipv6 = true
	}
	s.around.gateway, _ = s.network.get("GATEWAY")
	s.around.gatewayDev, _ = s.network.get("GATEWAYDEV")
	if rel.bondAlias {
		s.around.bonds = parseModprobe(state(modprobeFile).Content)
	}
	for _, name := range names {
		s.take(name)
	}
	for _, f := range s.files {
		s.place(f)
	}
	return s
}

// take sorts one name of the directory.
func (s *survey) take(name string) {
	for _, prefix := range []string{"route-", "route6-", "rule-", "rule6-"} {
		if device, ok := strings.CutPrefix(name, prefix); ok && !s.rel.ignores(name) {
			s.others[device] = append(s.others[device], name)
			return
		}
	}
	suffix, live := s.rel.reads(name)
	switch {
	case !strings.HasPrefix(name, "ifcfg-"), suffix == "lo":
		return
	case live || isAlias(suffix) && !s.rel.ignores(suffix):
	case isRange(suffix):
		s.skipped[name] = "range"
		return
	default:
		s.skipped[name] = "ending"
		return
	}
	state := s.state(scripts + "/" + name)
	if !state.Exists {
		return
	}
	doc := parse(state.Content)
	f := &ifaceFile{name: name, suffix: suffix, doc: doc, keys: keys(doc.values())}
	f.device = strings.TrimSuffix(f.keys["DEVICE"], "\r")
	if f.device == "" {
		f.device = suffix
		f.keys["DEVICE"] = suffix
	}
	if parent, _, alias := strings.Cut(suffix, ":"); alias {
		s.aliases[parent] = append(s.aliases[parent], f)
		return
	}
	s.files = append(s.files, f)
}

// place chooses the file that counts for a device: the one of its name, else
// the first.
func (s *survey) place(f *ifaceFile) {
	if s.rel.nm && isFalse(f.keys["NM_CONTROLLED"]) {
		s.skipped[f.name] = "NM_CONTROLLED"
	}
	have, twice := s.devices[f.device]
	switch {
	case !twice:
		s.devices[f.device] = f
	case f.suffix == f.device:
		s.devices[f.device] = f
		s.twins[f.device] = append(s.twins[f.device], have)
	default:
		s.twins[f.device] = append(s.twins[f.device], f)
		return
	}
	if m := masterOf(f.keys, &s.rel); m != "" && !slices.Contains(s.members[m], f.device) {
		s.members[m] = append(s.members[m], f.device)
	}
}

// iface reads one interface; declared may be nil. Its ports come in the order
// of the definition, since files have none.
func (s *survey) iface(device string, declared *host.Interface) (host.Interface, bool) {
	f, ok := s.devices[device]
	if !ok || s.skipped[f.name] == "NM_CONTROLLED" {
		return host.Interface{}, false
	}
	around := s.around
	if bond, ok := s.devices[f.keys["MASTER"]]; ok {
		around.bondMTU = bond.keys["MTU"]
	}
	one := interfaceOf(f.keys, &s.rel, &around)
	one.Name = device
	s.ports(&one, declared)
	if masterOf(f.keys, &s.rel) == "" {
		s.aliasAddresses(f, &one)
		s.routes(f, &one)
	}
	return one, true
}

func (s *survey) ports(one, declared *host.Interface) {
	if one.Bond == nil && one.Bridge == nil {
		return
	}
	members := s.members[one.Name]
	members = slices.DeleteFunc(slices.Clone(members), func(m string) bool { return s.counts != nil && !s.counts(m) || host.CheckName(m) != nil })
	names := make([]string, 0, len(members))
	if declared != nil && one.Bond != nil {
		for _, p := range declared.Ports() {
			if slices.Contains(members, p) {
				names = append(names, p)
			}
		}
	}
	rest := slices.DeleteFunc(slices.Clone(members), func(m string) bool { return slices.Contains(names, m) })
	slices.SortFunc(rest, compareAsScripts)
	names = append(names, rest...)
	if one.Bond != nil {
		one.Bond.Ports = names
		return
	}
	for _, n := range names {
		p := portOf(s.devices[n].keys, &s.rel)
		p.Name = n
		one.Bridge.Ports = append(one.Bridge.Ports, p)
	}
	slices.SortFunc(one.Bridge.Ports, func(a, b host.BridgePort) int { return strings.Compare(a.Name, b.Name) })
}

// aliasAddresses adds the addresses of the alias files, which come after the
// file's own and before IPv6. An alias without a mask of its own has its
// parent's (ifup-aliases, measured).
func (s *survey) aliasAddresses(f *ifaceFile, one *host.Interface) {
	files := s.aliases[one.Name]
	if f.suffix != one.Name {
		files = s.aliases[f.suffix]
	}
	four := ofFamily(one, false)
	six := ofFamily(one, true)
	for _, a := range files {
		if p := a.keys["ONPARENT"]; p == "no" || p == "NO" {
			continue
		}
		k := keys{"IPADDR": a.keys["IPADDR"], "NETMASK": a.keys["NETMASK"], "PREFIX": a.keys["PREFIX"]}
		if k["NETMASK"] == "" {
			k["NETMASK"] = f.keys["NETMASK"]
		}
		if k["PREFIX"] == "" && !(s.rel.nm && k["NETMASK"] != "") {
			k["PREFIX"] = f.keys["PREFIX"]
		}
		if !s.rel.manyAddresses() { // before 9.x aliases are set by their netmask
			delete(k, "PREFIX")
		}
		if p, ok := address4(k, "", &s.rel); ok {
			four = append(four, p)
		}
	}
	one.Addresses = append(four, six...)
}

// routes reads the route files of an interface: the scripts look for them by
// its device and by its file's name, NetworkManager by the latter.
func (s *survey) routes(f *ifaceFile, one *host.Interface) {
	for _, of := range s.routeOwners(f) {
		for _, name := range s.others[of] {
			if !strings.HasPrefix(name, "route") {
				continue
			}
			v6 := strings.HasPrefix(name, "route6-")
			routes, _ := parseRoutes(s.state(scripts+"/"+name).Content, one.Name, v6)
			if v6 && !s.ipv6On(f) {
				continue
			}
			one.Routes = append(one.Routes, routes...)
		}
	}
}

// ipv6On: until 8.45.19 only ifup-ipv6 looks at route6 files.
func (s *survey) ipv6On(f *ifaceFile) bool {
	return s.around.ipv6 && (!s.rel.bridgeFirst || f.keys["IPV6INIT"] == "yes")
}

func (s *survey) routeOwners(f *ifaceFile) []string {
	switch {
	case s.rel.nm:
		return []string{f.suffix}
	case f.suffix != f.device:
		return []string{f.device, f.suffix}
	}
	return []string{f.device}
}
