package survey

import (
	"maps"
	"slices"
	"strings"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
)

// lintAliases looks at the files of aliases and ranges.
func (s *Survey) lintAliases() {
	for _, parent := range slices.Sorted(maps.Keys(s.Aliases)) {
		for _, a := range s.Aliases[parent] {
			place := At(a.Path(), 1)
			f := s.Devices[parent]
			switch {
			case f == nil:
				s.Diags = append(s.Diags, rule.Alias.In(place, "there is no file for %q, so that nothing reads its aliases", parent))
			case reader.MasterOf(f.Keys, &s.Reader) != "":
				s.Diags = append(s.Diags, rule.Alias.In(place, "%q is a port of %q, so that nothing reads its aliases", parent, reader.MasterOf(f.Keys, &s.Reader)))
			case a.Keys["IPADDR"] == "":
				s.Diags = append(s.Diags, rule.Alias.In(place, "it has no IPADDR, so that ifup-aliases refuses it"))
			}
			s.problems(a.Path(), a.Doc)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.skipped)) {
		if s.skipped[name] == "range" {
			s.Diags = append(s.Diags, rule.Range.In(At(reader.Dir+"/"+name, 1), "its addresses are set at every start and are in no definition"))
		}
	}
}

// lintRoutes looks at route and rule files.
func (s *Survey) lintRoutes() {
	for _, device := range slices.Sorted(maps.Keys(s.Others)) {
		if reader.IsAlias(device) {
			continue
		}
		rules := false
		for _, name := range s.Others[device] {
			rules = rules || strings.HasPrefix(name, "rule")
			if !strings.HasPrefix(name, "route") {
				continue
			}
			content := s.state(reader.Dir + "/" + name).Content
			_, strange := reader.ParseRoutes(content, s.deviceOf(device), strings.HasPrefix(name, "route6-"))
			why := "linkspan does not understand %q; it stays as long as the routes do not change"
			if reader.IsNumbered(content) {
				why = "%q counts for nothing: the file has ADDRESSn lines, which end at the first number that is missing, and a shell sources it"
			}
			for _, text := range strange {
				s.Diags = append(s.Diags, rule.RouteForm.In(At(reader.Dir+"/"+name, 1), why, text))
			}
		}
		if rules && s.Reader.NM {
			s.Diags = append(s.Diags, rule.Rules.In(At(reader.Dir+"/rule-"+device, 1), "NetworkManager then leaves out the routes and rules of %q, too", device))
		}
	}
}

// deviceOf is the device of a file's suffix.
func (s *Survey) deviceOf(suffix string) string {
	for _, f := range s.Files {
		if f.Suffix == suffix {
			return f.Device
		}
	}
	return suffix
}

// lintHost looks at what concerns the whole host.
func (s *Survey) lintHost(declared *host.Host) {
	if v, _ := s.network.Get("NETWORKING"); reader.IsFalse(v) && !s.Reader.NM {
		s.Diags = append(s.Diags, rule.NetworkingOff.In(At(reader.NetworkFile, s.network.LineOf("NETWORKING")), "NETWORKING=%s: the network service ends at once", v))
	}
	s.problems(reader.NetworkFile, s.network)
	dev := s.Around.GatewayDev
	if dev == "" {
		return
	}
	for i := range declared.Interfaces {
		one := &declared.Interfaces[i]
		if one.Gateway.IsValid() && one.Name != dev {
			s.Diags = append(s.Diags, rule.GatewayDev.In(At(reader.NetworkFile, s.network.LineOf("GATEWAYDEV")), "GATEWAYDEV=%s: the gateway %s of %q would not be used; the plan removes the line", dev, one.Gateway, one.Name))
		}
	}
}
