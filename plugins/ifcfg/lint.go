package ifcfg

import (
	"bytes"
	"slices"
	"strings"

	"linkspan/core/host"
)

// lint reports what the scripts will misunderstand in the file of a declared
// interface.
func (r *reading) lint(want *host.Interface, doc *document, k keys) {
	path := filePath(want.Name)
	for _, p := range doc.problems {
		r.diags = append(r.diags, ruleRunsCommand.In(at(path, p.line), "%s; %s counts as not set", p.reason, orLine(p.key)))
	}
	if i := bytes.Index(doc.raw, []byte("\r\n")); i >= 0 {
		r.diags = append(r.diags, ruleLineEnds.In(at(path, 1+bytes.Count(doc.raw[:i], []byte("\n"))), "the values keep a CR at their end"))
	}
	for _, key := range sortedKeys(k) {
		if strings.ContainsAny(k[key], typographic) {
			r.diags = append(r.diags, ruleCurly.In(at(path, doc.lineOf(key)), "%s has the value %q: the quotes are part of it, and what follows the first blank is lost", key, k[key]))
		}
	}
	if t := k["TYPE"]; t != "Bridge" && strings.EqualFold(t, "Bridge") {
		r.diags = append(r.diags, ruleTypeCase.In(at(path, doc.lineOf("TYPE")), "TYPE=%s is not TYPE=Bridge to the scripts; the interface is brought up as a plain card", t))
	}
	for _, key := range []string{"SLAVE", "VLAN"} {
		if v := k[key]; v != "yes" && strings.EqualFold(v, "yes") {
			r.diags = append(r.diags, ruleWord.In(at(path, doc.lineOf(key)), "%s=%s is not %s=yes to the scripts", key, v, key))
		}
	}
	if v := k["ONBOOT"]; slices.Contains([]string{"false", "0", "off"}, strings.ToLower(v)) && r.rel.name != "rhel8" {
		r.diags = append(r.diags, ruleWord.In(at(path, doc.lineOf("ONBOOT")), "ONBOOT=%s still brings the interface up at boot; only ONBOOT=no does not", v))
	}
	if m := masterOf(k); m != "" && k["IPADDR"] != "" {
		r.diags = append(r.diags, ruleAddressOnPort.In(at(path, doc.lineOf("IPADDR")), "the interface is a port of %q, so IPADDR=%s is never set", m, k["IPADDR"]))
	}
}

func orLine(key string) string {
	if key == "" {
		return "the line"
	}
	return key
}

func sortedKeys(k keys) []string {
	out := make([]string, 0, len(k))
	for key := range k {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// gatewayDev reports a GATEWAYDEV that silences a declared gateway.
func (r *reading) gatewayDev() {
	dev, _ := r.network.get("GATEWAYDEV")
	if dev == "" {
		return
	}
	for i := range r.declared.Interfaces {
		one := &r.declared.Interfaces[i]
		if one.Gateway.IsValid() && one.Name != dev {
			r.diags = append(r.diags, ruleGatewayDev.In(at(networkFile, r.network.lineOf("GATEWAYDEV")), "GATEWAYDEV=%s: the gateway %s of %q would not be used; remove the line", dev, one.Gateway, one.Name))
		}
	}
}
