// Package survey looks at the files of one host as their reader does: which it
// takes for interfaces, what belongs together, and what it misunderstands.
package survey

import (
	"maps"
	"slices"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/shell"
)

// Survey is everything that the files of one host say, to one reader.
type Survey struct {
	Reader  reader.Reader
	state   func(path string) plan.FileState // a file as it is, or as it will be; for several goroutines
	names   []string                         // of the files in the scripts' directory, sorted
	network *shell.Document
	Around  reader.Surroundings
	Files   []*File             // what the reader takes for interfaces, in order of their names
	Devices map[string]*File    // the file that counts, by device
	twins   map[string][]*File  // further files of the same device
	Aliases map[string][]*File  // by parent, in order of their names
	members map[string][]string // master → devices whose files make them its ports
	Others  map[string][]string // device → names of its route and rule files
	skipped map[string]string   // file name → why the reader does not take it
	// Counts tells which members of a bond or bridge are listed as its ports;
	// nil means all. One that the definition does not know stays as it is.
	Counts func(device string) bool
	Diags  diag.List
}

// File is one file of an interface or alias.
type File struct {
	Name   string // "ifcfg-eth0"
	Suffix string // "eth0"
	Device string // DEVICE, or the suffix
	Doc    *shell.Document
	Keys   reader.Keys
}

// Path is where the file is, e.g. "/etc/sysconfig/network-scripts/ifcfg-eth0".
func (f *File) Path() string { return reader.Dir + "/" + f.Name }

// New reads the files of those names through state, which several goroutines
// may call at once.
func New(rel reader.Reader, names []string, state func(path string) plan.FileState) *Survey {
	s := &Survey{Reader: rel, state: state, names: names, Devices: make(map[string]*File), twins: make(map[string][]*File),
		Aliases: make(map[string][]*File), members: make(map[string][]string), Others: make(map[string][]string), skipped: make(map[string]string)}
	s.network = shell.Parse(state(reader.NetworkFile).Content)
	s.Around = reader.Surroundings{IPv6: !rel.Takes("NETWORKING_IPV6")}
	if v, _ := s.network.Get("NETWORKING_IPV6"); v == "yes" {
		s.Around.IPv6 = true
	}
	s.Around.Gateway, _ = s.network.Get("GATEWAY")
	s.Around.GatewayDev, _ = s.network.Get("GATEWAYDEV")
	if rel.BondAlias {
		s.Around.Bonds = reader.ParseModprobe(state(reader.ModprobeFile).Content)
	}
	var files []*File
	var contents [][]byte
	for _, name := range names {
		if f := s.sort(name); f != nil {
			if state := s.state(f.Path()); state.Exists {
				files, contents = append(files, f), append(contents, state.Content)
			}
		}
	}
	spread(len(files), func(i int) { files[i].parse(contents[i], &s.Reader) })
	for _, f := range files {
		s.take(f)
	}
	for _, f := range s.Files {
		s.place(f)
	}
	return s
}

// sort tells what one name of the directory is: of a file that the reader takes
// for an interface or an alias it returns the beginning.
func (s *Survey) sort(name string) *File {
	for _, prefix := range []string{"route-", "route6-", "rule-", "rule6-"} {
		if device, ok := strings.CutPrefix(name, prefix); ok && !s.Reader.Ignores(name) {
			s.Others[device] = append(s.Others[device], name)
			return nil
		}
	}
	suffix, live := s.Reader.Reads(name)
	switch {
	case !strings.HasPrefix(name, "ifcfg-"), suffix == "lo":
		return nil
	case live || reader.IsAlias(suffix) && !s.Reader.Ignores(suffix):
		return &File{Name: name, Suffix: suffix}
	case reader.IsRange(suffix):
		s.skipped[name] = "range"
	default:
		s.skipped[name] = "ending"
	}
	return nil
}

// parse reads the file's text.
func (f *File) parse(content []byte, rel *reader.Reader) {
	f.Doc = shell.Parse(content)
	f.Keys = f.Doc.Values()
	if rel.NM {
		maps.DeleteFunc(f.Keys, func(key, _ string) bool { return f.Doc.Exported(key) })
	}
	f.Device = strings.TrimSuffix(f.Keys["DEVICE"], "\r")
	if f.Device == "" {
		f.Device = f.Suffix
		f.Keys["DEVICE"] = f.Suffix
	}
}

// take lists a file among the interfaces or the aliases.
func (s *Survey) take(f *File) {
	if parent, _, alias := strings.Cut(f.Suffix, ":"); alias {
		s.Aliases[parent] = append(s.Aliases[parent], f)
		return
	}
	s.Files = append(s.Files, f)
}

// place chooses the file that counts for a device: the one of its name, else
// the first.
func (s *Survey) place(f *File) {
	if s.Reader.NM && reader.IsFalse(f.Keys["NM_CONTROLLED"]) {
		s.skipped[f.Name] = "NM_CONTROLLED"
	}
	have, twice := s.Devices[f.Device]
	switch {
	case !twice:
		s.Devices[f.Device] = f
	case f.Suffix == f.Device:
		s.Devices[f.Device] = f
		s.twins[f.Device] = append(s.twins[f.Device], have)
	default:
		s.twins[f.Device] = append(s.twins[f.Device], f)
		return
	}
	if m := reader.MasterOf(f.Keys, &s.Reader); m != "" && !slices.Contains(s.members[m], f.Device) {
		s.members[m] = append(s.members[m], f.Device)
	}
}

// Interfaces reads those of the declared interfaces that there are, with the raw
// options that the definition names.
func (s *Survey) Interfaces(declared []*host.Interface) []host.Interface {
	found, there := make([]host.Interface, len(declared)), make([]bool, len(declared))
	spread(len(declared), func(i int) {
		if found[i], there[i] = s.Interface(declared[i].Name, declared[i]); there[i] {
			s.rawOptions(declared[i], &found[i])
		}
	})
	out := make([]host.Interface, 0, len(declared))
	for i := range found {
		if there[i] {
			out = append(out, found[i])
		}
	}
	return out
}

// Interface reads one interface; declared may be nil. Its ports come in the order
// of the definition, since files have none.
func (s *Survey) Interface(device string, declared *host.Interface) (host.Interface, bool) {
	f, ok := s.Devices[device]
	if !ok || s.skipped[f.Name] == "NM_CONTROLLED" {
		return host.Interface{}, false
	}
	around := s.Around
	if bond, ok := s.Devices[f.Keys["MASTER"]]; ok {
		around.BondMTU = bond.Keys["MTU"]
	}
	one := reader.InterfaceOf(f.Keys, &s.Reader, &around)
	one.Name = device
	s.ports(&one, declared)
	if reader.MasterOf(f.Keys, &s.Reader) == "" {
		s.aliasAddresses(f, &one)
		s.routes(f, &one)
	}
	return one, true
}

func (s *Survey) ports(one, declared *host.Interface) {
	if one.Bond == nil && one.Bridge == nil {
		return
	}
	members := s.members[one.Name]
	members = slices.DeleteFunc(slices.Clone(members), func(m string) bool { return s.Counts != nil && !s.Counts(m) || host.CheckName(m) != nil })
	names := make([]string, 0, len(members))
	if declared != nil && one.Bond != nil {
		for _, p := range declared.Ports() {
			if slices.Contains(members, p) {
				names = append(names, p)
			}
		}
	}
	rest := slices.DeleteFunc(slices.Clone(members), func(m string) bool { return slices.Contains(names, m) })
	slices.SortFunc(rest, reader.CompareAsScripts)
	names = append(names, rest...)
	if one.Bond != nil {
		one.Bond.Ports = names
		return
	}
	for _, n := range names {
		p := reader.PortOf(s.Devices[n].Keys, &s.Reader)
		p.Name = n
		one.Bridge.Ports = append(one.Bridge.Ports, p)
	}
	slices.SortFunc(one.Bridge.Ports, func(a, b host.BridgePort) int { return strings.Compare(a.Name, b.Name) })
}

// aliasAddresses adds the addresses of the alias files, which come after the
// file's own and before IPv6. An alias without a mask of its own has its
// parent's (ifup-aliases, measured).
func (s *Survey) aliasAddresses(f *File, one *host.Interface) {
	files := s.Aliases[one.Name]
	if f.Suffix != one.Name {
		files = s.Aliases[f.Suffix]
	}
	four := reader.OfFamily(one, false)
	six := reader.OfFamily(one, true)
	for _, a := range files {
		if p := a.Keys["ONPARENT"]; p == "no" || p == "NO" {
			continue
		}
		k := reader.Keys{"IPADDR": a.Keys["IPADDR"], "NETMASK": a.Keys["NETMASK"], "PREFIX": a.Keys["PREFIX"]}
		if k["NETMASK"] == "" {
			k["NETMASK"] = f.Keys["NETMASK"]
		}
		if k["PREFIX"] == "" && !(s.Reader.NM && k["NETMASK"] != "") {
			k["PREFIX"] = f.Keys["PREFIX"]
		}
		if !s.Reader.ManyAddresses() { // before 9.x aliases are set by their netmask
			delete(k, "PREFIX")
		}
		if p, ok := reader.Address4(k, "", &s.Reader); ok {
			four = append(four, p)
		}
	}
	one.Addresses = append(four, six...)
}

// routes reads the route files of an interface: the scripts look for them by
// its device and by its file's name, NetworkManager by the latter.
func (s *Survey) routes(f *File, one *host.Interface) {
	for _, of := range s.RouteOwners(f) {
		for _, name := range s.Others[of] {
			if !strings.HasPrefix(name, "route") {
				continue
			}
			v6 := strings.HasPrefix(name, "route6-")
			routes, _ := reader.ParseRoutes(s.state(reader.Dir+"/"+name).Content, one.Name, v6)
			if v6 && !s.ipv6On(f) {
				continue
			}
			one.Routes = append(one.Routes, routes...)
		}
	}
}

// ipv6On: until 8.45.19 only ifup-ipv6 looks at route6 files.
func (s *Survey) ipv6On(f *File) bool {
	return s.Around.IPv6 && (!s.Reader.BridgeFirst || f.Keys["IPV6INIT"] == "yes")
}

// RouteOwners are the names after "route-" by which the reader finds the route
// files of an interface.
func (s *Survey) RouteOwners(f *File) []string {
	switch {
	case s.Reader.NM:
		return []string{f.Suffix}
	case f.Suffix != f.Device:
		return []string{f.Device, f.Suffix}
	}
	return []string{f.Device}
}

// Masters names also a master that the definition does not: a declared
// interface that is its port is not free.
func (s *Survey) Masters(objects []plan.Object) []plan.Object {
	for n := range objects {
		o := &objects[n]
		f := s.Devices[o.Name]
		if m := reader.MasterOf(f.Keys, &s.Reader); m != "" && o.Get("master").IsAbsent() {
			o.Set("master", plan.Text(m))
		}
	}
	return objects
}

// rawOptions lists the raw keys that the definition names.
func (s *Survey) rawOptions(want, one *host.Interface) {
	k := s.Devices[want.Name].Keys
	for key := range want.Options[reader.Backend] {
		v, ok := k[key]
		if !ok {
			continue
		}
		if one.Options == nil {
			one.Options = map[string]map[string]string{reader.Backend: {}}
		}
		one.Options[reader.Backend][key] = v
	}
}

// PathsOf adds the files of one device: its own or the one that would be made,
// its aliases', its routes'.
func (s *Survey) PathsOf(device string, paths map[string]bool) {
	f := s.Devices[device]
	if f == nil {
		paths[reader.FilePath(device)] = true
		return
	}
	paths[f.Path()] = true
	for _, a := range s.Aliases[f.Suffix] {
		paths[a.Path()] = true
	}
	for _, owner := range []string{f.Device, f.Suffix} {
		for _, name := range s.Others[owner] {
			if strings.HasPrefix(name, "route") {
				paths[reader.Dir+"/"+name] = true
			}
		}
	}
}

// At is a place in a file, for a diagnostic; lines count from 1.
func At(path string, line int) diag.Range {
	line = max(line, 1)
	return diag.Range{File: path, Start: diag.Position{Line: line, Column: 1}, End: diag.Position{Line: line, Column: 1}}
}
