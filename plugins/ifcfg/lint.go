package ifcfg

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
)

// lint reports what the reader will misunderstand in the files that it takes
// for interfaces; declared ones are looked at more sternly.
func (s *survey) lint(declared *host.Host) {
	for _, f := range s.files {
		l := &linting{survey: s, ifaceFile: f, kind: kindOf(f.keys, &s.rel, &s.around), master: masterOf(f.keys, &s.rel)}
		l.text()
		l.name()
		for _, line := range f.doc.lines {
			for _, a := range line.assignments {
				l.assignment(a)
			}
		}
		l.words()
		l.shape()
		l.address()
		_, l.declared = declared.Interface(f.device)
		l.twin()
	}
	s.lintAliases()
	s.lintRoutes()
	s.lintHost(declared)
	if s.counts != nil {
		s.foreignPorts(declared)
	}
}

// linting looks at one file.
type linting struct {
	*survey
	*ifaceFile
	kind     host.Kind
	master   string
	declared bool
}

func (l *linting) at(line int, rule diag.Rule, detail string, args ...any) {
	l.diags = append(l.diags, rule.In(at(l.path(), line), detail, args...))
}

func (l *linting) atKey(key string, rule diag.Rule, detail string, args ...any) {
	l.at(l.doc.lineOf(key), rule, detail, args...)
}

// text looks at the file as text: lines that run something, line ends, comments.
func (l *linting) text() {
	for _, p := range l.doc.problems {
		l.at(p.line, ruleRunsCommand, "%s; %s counts as not set", p.reason, orLine(p.key))
	}
	if i := bytes.Index(l.doc.raw, []byte("\r\n")); i >= 0 {
		l.at(1+bytes.Count(l.doc.raw[:i], []byte("\n")), ruleLineEnds, "the values keep a CR at their end")
	}
	if l.rel.nm {
		return
	}
	for _, word := range l.evaluated() {
		l.comment(word)
	}
}

func orLine(key string) string {
	if key == "" {
		return "the line"
	}
	return key
}

// evaluated are the texts whose lines the init script evaluates together.
func (s *survey) evaluated() []string {
	switch {
	case s.rel.portsLast:
		return []string{"DEVICE=", "TYPE=", "SLAVE=", "BRIDGE="}
	case s.rel.ipv6Default:
		return []string{"DEVICE=", "TYPE=", "SLAVE=", "NM_CONTROLLED="}
	}
	return []string{"DEVICE=", "TYPE=", "SLAVE="}
}

// comment: a comment with such a text makes a comment of every later line with it.
func (l *linting) comment(word string) {
	if bytes.Count(l.doc.raw, []byte(word)) < 2 {
		return
	}
	commented := 0
	for n, line := range l.doc.lines {
		text := bytes.TrimLeft(l.doc.raw[line.start:line.end], " \t")
		switch {
		case !bytes.Contains(text, []byte(word)):
		case text[0] == '#':
			commented = line.number
		case commented > 0 && n > 0:
			l.at(commented, ruleComment, "the init script evaluates every line with %q as one, so that this comment swallows line %d", word, line.number)
			return
		}
	}
}

// name looks at the file's name.
func (l *linting) name() {
	if l.suffix != l.device {
		l.atKey("DEVICE", ruleDevice, "the file is called %q and its DEVICE is %q; linkspan edits it where it is", l.ifaceFile.name, l.device)
	}
	if !l.rel.dashed && strings.Contains(l.suffix, "-") {
		parent := l.suffix[:strings.LastIndexByte(l.suffix, '-')]
		l.at(1, ruleDash, "the scripts take ifcfg-%s for its parent and fail when there is none", parent)
	}
	if !l.rel.nm && strings.ContainsFunc(l.suffix, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("#._-", r))
	}) {
		l.at(1, ruleOddName, "%q: the scripts divide names at blanks and, up to rhel6, know letters, digits and # . _ - only", l.ifaceFile.name)
	}
	if l.skipped[l.ifaceFile.name] == "NM_CONTROLLED" {
		l.atKey("NM_CONTROLLED", ruleNotManaged, "NetworkManager leaves %q alone", l.device)
	}
}

// assignment looks at one KEY=value by the table of keys.
func (l *linting) assignment(a assignment) {
	if a.key == descriptionKey {
		return
	}
	if strings.ContainsAny(a.value, typographic) {
		l.at(a.line, ruleCurly, "%s has the value %q: the quotes are part of it, and what follows the first blank is lost", a.key, a.value)
		return
	}
	k, known := keyNamed(a.key)
	value := strings.TrimSuffix(a.value, "\r")
	switch {
	case !known:
		if near := diag.Suggest(a.key, knownKeys); near != "" && len(a.key) > 3 && mayBeSet(a.key) == "" {
			l.at(a.line, ruleUnknownKey, "no reader knows %s; %s is near", a.key, near)
		}
	case value == "":
	case k.twice && !l.rel.nm && strings.ContainsAny(value, "$`;&|<>()'\"\\"):
		l.at(a.line, ruleRunsCommand, "ifup-aliases evaluates %s a second time, so that the quotes do not protect %q", a.key, value)
	case k.by&l.rel.bits != l.rel.bits:
		elsewhere := a.key == "BONDING_OPTS" && l.around.bonds.has(l.device)
		if !k.companion && !strings.EqualFold(value, k.missing) && !l.rel.unknown() && !elsewhere {
			l.at(a.line, ruleNeverRead, "%s does not read %s; %s=%s means nothing", l.rel.name, a.key, a.key, value)
		}
	case k.form != formAny && !k.form.fits(value):
		l.at(a.line, ruleForm, "%s=%s: what it takes is: %s", a.key, value, k.form)
	}
}

var knownKeys = func() []string {
	out := make([]string, 0, len(keyTable))
	for _, k := range keyTable {
		if !strings.HasSuffix(k.name, "n") {
			out = append(out, k.name)
		}
	}
	return out
}()

// words looks at words that the scripts compare letter by letter.
func (l *linting) words() {
	if l.rel.nm {
		return
	}
	if t := l.keys["TYPE"]; t != "Bridge" && strings.EqualFold(t, "Bridge") {
		l.atKey("TYPE", ruleTypeCase, "TYPE=%s is not TYPE=Bridge to the scripts; the interface is brought up as a plain card", t)
	}
	for _, key := range []string{"SLAVE", "VLAN"} {
		if v := l.keys[key]; v != "yes" && isTrue(v) {
			l.atKey(key, ruleWord, "%s=%s is not %s=yes to the scripts", key, v, key)
		}
	}
	if v := l.keys["ONBOOT"]; isFalse(v) && !l.keys.off("ONBOOT", &l.rel) {
		l.atKey("ONBOOT", ruleWord, "ONBOOT=%s still brings the interface up at boot; only ONBOOT=no does not", v)
	}
	if v := l.keys["BOOTPROTO"]; v != "dhcp" && v != "bootp" && (strings.EqualFold(v, "dhcp") || strings.EqualFold(v, "bootp")) {
		l.atKey("BOOTPROTO", ruleWord, "BOOTPROTO=%s is static to the scripts; they know dhcp in small letters", v)
	}
}

// shape looks at what kind of interface the file makes.
func (l *linting) shape() {
	k := l.keys
	if l.rel.bridgeFirst && k["BRIDGE"] != "" && (k["BONDING_OPTS"] != "" || l.around.bonds.has(l.device)) {
		l.atKey("BRIDGE", ruleBridgeOnBond, "the scripts of %s add %q to %q and leave before they make a bond of it", l.rel.name, l.device, k["BRIDGE"])
	}
	if l.kind != host.KindVLAN && k["VLAN"] == "yes" {
		l.atKey("VLAN", ruleVLANName, "%s takes no VLAN id from the name %q; the file does nothing, and ifup says OK", l.rel.name, l.device)
	}
	if m := dottedVLAN.FindStringSubmatch(l.device); l.kind == host.KindVLAN && m != nil && strings.HasPrefix(m[1]+m[2], "0") && k["VID"] == "" && !l.rel.nm {
		l.atKey("DEVICE", ruleVLANName, "the id in %q begins with 0: up to rhel5 the VLAN gets another name, later ip takes the id for octal", l.device)
	}
	if k["HWADDR"] != "" && l.kind != host.KindEthernet && !l.rel.nm {
		l.atKey("HWADDR", ruleHardware, "HWADDR in the file of a %s makes the scripts take a card for it", l.kind)
	}
	if k["HWADDR"] != "" && k["MACADDR"] != "" && !l.rel.portMTU {
		l.atKey("HWADDR", ruleHardware, "with MACADDR beside HWADDR a restart fails: %q", "different MAC address than expected")
	}
	if bond := k["MASTER"]; bond != "" && l.master == bond {
		if f := l.devices[bond]; f != nil && kindOf(f.keys, &l.rel, &l.around) != host.KindBond {
			l.atKey("MASTER", ruleNoBond, "nothing in %s makes %q a bond for %s: %s", f.name, bond, l.rel.name, l.bondNeeds())
		}
	}
}

func (l *linting) bondNeeds() string {
	if l.rel.bondAlias {
		return "it needs `alias " + l.keys["MASTER"] + " bonding` in " + modprobeFile
	}
	return "it needs BONDING_OPTS"
}

// address looks at what gives the interface its addresses.
func (l *linting) address() {
	k := l.keys
	if l.master != "" && (k["IPADDR"] != "" || k["IPADDR0"] != "") {
		key := "IPADDR"
		if k[key] == "" {
			key = "IPADDR0"
		}
		l.atKey(key, ruleAddressOnPort, "the interface is a port of %q, so %s=%s is never set", l.master, key, k[key])
		return
	}
	one := interfaceOf(k, &l.rel, &l.around)
	if g := k["GATEWAY"]; g != "" && l.master == "" && !one.Gateway.IsValid() && formIPv4.fits(g) && !l.rel.nm {
		l.atKey("GATEWAY", ruleGatewayLost, "%s is not in the network of the first address, or %s has another GATEWAYDEV, or it stands beside BOOTPROTO=dhcp: no default route is set", g, networkFile)
	}
	if k["PREFIX"] != "" && k["NETMASK"] == "" && k["IPADDR"] != "" && !l.rel.manyAddresses() && !l.rel.unknown() {
		l.atKey("PREFIX", rulePrefixOnly, "the broadcast address and the test of GATEWAY still go by the class of %s", k["IPADDR"])
	}
	if !l.rel.manyAddresses() {
		return // the numbered keys are reported as never read
	}
	last := holeEnds(&l.rel)
	for k["IPADDR"+strconv.Itoa(last)] != "" {
		last++
	}
	for key := range k {
		tail, ok := strings.CutPrefix(key, "IPADDR")
		if n, err := strconv.Atoi(tail); ok && err == nil && n > last {
			l.atKey(key, ruleHole, "there is no IPADDR%d, and the list ends at the first number that is missing", last)
		}
	}
}

// twin tells of two files of one device.
func (l *linting) twin() {
	twins := l.twins[l.device]
	if l.devices[l.device] != l.ifaceFile || len(twins) == 0 {
		return
	}
	names := make([]string, len(twins))
	for n, t := range twins {
		names[n] = t.name
	}
	d := ruleTwin.In(at(twins[0].path(), twins[0].doc.lineOf("DEVICE")), "%s and %s are both for %q and are both brought up; move one away", strings.Join(names, ", "), l.ifaceFile.name, l.device)
	if !l.declared {
		d.Severity = diag.Warning
	}
	l.diags = append(l.diags, d)
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for key := range m {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

// foreignPorts tells of files that make something a port of a declared
// interface that the definition does not know.
func (s *survey) foreignPorts(declared *host.Host) {
	for _, master := range sortedKeys(s.members) {
		if _, ok := declared.Interface(master); !ok {
			continue
		}
		for _, m := range s.members[master] {
			if _, ok := declared.Interface(m); !ok {
				s.diags = append(s.diags, ruleForeignPort.In(at(s.devices[m].path(), 1), "%q is made a port of %q, which the definition declares without it; it stays", m, master))
			}
		}
	}
}
