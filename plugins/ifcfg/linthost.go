package ifcfg

import (
	"strings"

	"linkspan/core/host"
)

// lintAliases looks at the files of aliases and ranges.
func (s *survey) lintAliases() {
	for _, parent := range sortedKeys(s.aliases) {
		for _, a := range s.aliases[parent] {
			place := at(a.path(), 1)
			f := s.devices[parent]
			switch {
			case f == nil:
				s.diags = append(s.diags, ruleAlias.In(place, "there is no file for %q, so that nothing reads its aliases", parent))
			case masterOf(f.keys, &s.rel) != "":
				s.diags = append(s.diags, ruleAlias.In(place, "%q is a port of %q, so that nothing reads its aliases", parent, masterOf(f.keys, &s.rel)))
			case a.keys["IPADDR"] == "":
				s.diags = append(s.diags, ruleAlias.In(place, "it has no IPADDR, so that ifup-aliases refuses it"))
			}
			for _, p := range a.doc.problems {
				s.diags = append(s.diags, ruleRunsCommand.In(at(a.path(), p.line), "%s; %s counts as not set", p.reason, orLine(p.key)))
			}
		}
	}
	for _, name := range sortedKeys(s.skipped) {
		if s.skipped[name] == "range" {
			s.diags = append(s.diags, ruleRange.In(at(scripts+"/"+name, 1), "its addresses are set at every start and are in no definition"))
		}
	}
}

// lintRoutes looks at route and rule files.
func (s *survey) lintRoutes() {
	for _, device := range sortedKeys(s.others) {
		if isAlias(device) {
			continue
		}
		rules := false
		for _, name := range s.others[device] {
			rules = rules || strings.HasPrefix(name, "rule")
			if !strings.HasPrefix(name, "route") {
				continue
			}
			content := s.state(scripts + "/" + name).Content
			_, strange := parseRoutes(content, s.deviceOf(device), strings.HasPrefix(name, "route6-"))
			for _, text := range strange {
				if isNumbered(content) {
					s.diags = append(s.diags, ruleRouteForm.In(at(scripts+"/"+name, 1), "%q counts for nothing: the file has ADDRESSn lines, which end at the first number that is missing, and a shell sources it", text))
				} else {
					s.diags = append(s.diags, ruleRouteForm.In(at(scripts+"/"+name, 1), "linkspan does not understand %q; it stays as long as the routes do not change", text))
				}
			}
		}
		if rules && s.rel.nm {
			s.diags = append(s.diags, ruleRules.In(at(scripts+"/rule-"+device, 1), "NetworkManager then leaves out the routes and rules of %q, too", device))
		}
	}
}

// deviceOf is the device of a file's suffix.
func (s *survey) deviceOf(suffix string) string {
	for _, f := range s.files {
		if f.suffix == suffix {
			return f.device
		}
	}
	return suffix
}

// lintHost looks at what concerns the whole host.
func (s *survey) lintHost(declared *host.Host) {
	if v, _ := s.network.get("NETWORKING"); isFalse(v) && !s.rel.nm {
		s.diags = append(s.diags, ruleNetworkingOff.In(at(networkFile, s.network.lineOf("NETWORKING")), "NETWORKING=%s: the network service ends at once", v))
	}
	for _, p := range s.network.problems {
		s.diags = append(s.diags, ruleRunsCommand.In(at(networkFile, p.line), "%s; %s counts as not set", p.reason, orLine(p.key)))
	}
	dev := s.around.gatewayDev
	if dev == "" {
		return
	}
	for i := range declared.Interfaces {
		one := &declared.Interfaces[i]
		if one.Gateway.IsValid() && one.Name != dev {
			s.diags = append(s.diags, ruleGatewayDev.In(at(networkFile, s.network.lineOf("GATEWAYDEV")), "GATEWAYDEV=%s: the gateway %s of %q would not be used; the plan removes the line", dev, one.Gateway, one.Name))
		}
	}
}
