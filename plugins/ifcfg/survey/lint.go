package survey

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
	"linkspan/plugins/ifcfg/shell"
)

// Lint reports what the reader will misunderstand in the files that it takes
// for interfaces; declared ones are looked at more sternly.
func (s *Survey) Lint(declared *host.Host) {
	for _, f := range s.Files {
		l := &linting{Survey: s, File: f, kind: reader.KindOf(f.Keys, &s.Reader, &s.Around), master: reader.MasterOf(f.Keys, &s.Reader)}
		l.text()
		l.name()
		for _, line := range f.Doc.Lines {
			l.line(line.Assignments)
		}
		l.words()
		l.shape()
		l.address()
		_, l.declared = declared.Interface(f.Device)
		l.twin()
	}
	s.lintAliases()
	s.lintRoutes()
	s.lintHost(declared)
	if s.Counts != nil {
		s.foreignPorts(declared)
	}
}

// linting looks at one file.
type linting struct {
	*Survey
	*File
	kind     host.Kind
	master   string
	declared bool
}

func (l *linting) at(line int, rule diag.Rule, detail string, args ...any) {
	l.Diags = append(l.Diags, rule.In(At(l.Path(), line), detail, args...))
}

func (l *linting) atKey(key string, rule diag.Rule, detail string, args ...any) {
	l.at(l.Doc.LineOf(key), rule, detail, args...)
}

// text looks at the file as text: lines that run something, line ends, comments.
func (l *linting) text() {
	l.problems(l.Path(), l.Doc)
	if i := bytes.Index(l.Doc.Raw, []byte("\r\n")); i >= 0 {
		l.at(1+bytes.Count(l.Doc.Raw[:i], []byte("\n")), rule.LineEnds, "the values keep a CR at their end")
	}
	if l.Reader.NM {
		return
	}
	for _, word := range l.evaluated() {
		l.comment(word)
	}
}

// problems tells of what a file has besides assignments.
func (s *Survey) problems(path string, doc *shell.Document) {
	for _, p := range doc.Problems {
		text := p.Reason
		switch {
		case p.Counts && s.Reader.NM || !p.Counts && p.Key != "":
			text += "; " + p.Key + " counts as not set"
		case !p.Counts:
			text += "; nothing on the line counts"
		}
		s.Diags = append(s.Diags, rule.RunsCommand.In(At(path, p.Line), "%s", text))
	}
}

// evaluated are the texts whose lines the init script evaluates together.
func (s *Survey) evaluated() []string {
	switch {
	case s.Reader.PortsLast:
		return []string{"DEVICE=", "TYPE=", "SLAVE=", "BRIDGE="}
	case s.Reader.IPv6Default:
		return []string{"DEVICE=", "TYPE=", "SLAVE=", "NM_CONTROLLED="}
	}
	return []string{"DEVICE=", "TYPE=", "SLAVE="}
}

// comment: a comment with such a text makes a comment of every later line with it.
func (l *linting) comment(word string) {
	if bytes.Count(l.Doc.Raw, []byte(word)) < 2 {
		return
	}
	commented := 0
	for n, line := range l.Doc.Lines {
		text := bytes.TrimLeft(l.Doc.Raw[line.Start:line.End], " \t")
		switch {
		case !bytes.Contains(text, []byte(word)):
		case text[0] == '#':
			commented = line.Number
		case commented > 0 && n > 0:
			l.at(commented, rule.Comment, "the init script evaluates every line with %q as one, so that this comment swallows line %d", word, line.Number)
			return
		}
	}
}

// name looks at the file's name.
func (l *linting) name() {
	if l.Suffix != l.Device {
		l.atKey("DEVICE", rule.Device, "the file is called %q and its DEVICE is %q; linkspan edits it where it is", l.File.Name, l.Device)
	}
	if !l.Reader.Dashed && strings.Contains(l.Suffix, "-") {
		parent := l.Suffix[:strings.LastIndexByte(l.Suffix, '-')]
		l.at(1, rule.Dash, "the scripts take ifcfg-%s for its parent and fail when there is none", parent)
	}
	if !l.Reader.NM && strings.ContainsFunc(l.Suffix, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("#._-", r))
	}) {
		l.at(1, rule.OddName, "%q: the scripts divide names at blanks and, up to rhel6, know letters, digits and # . _ - only", l.File.Name)
	}
	if l.skipped[l.File.Name] == "NM_CONTROLLED" {
		l.atKey("NM_CONTROLLED", rule.NotManaged, "NetworkManager leaves %q alone", l.Device)
	}
}

// line looks at the assignments of one line. A value between typographic
// quotes falls into several assignments at its blanks: they are one mistake.
func (l *linting) line(all []shell.Assignment) {
	curly := func(a shell.Assignment) bool {
		return a.Key != shell.DescriptionKey && strings.ContainsAny(a.Value, shell.Typographic)
	}
	first := slices.IndexFunc(all, curly)
	for i, a := range all {
		if first < 0 || i < first {
			l.assignment(a)
		}
	}
	if first < 0 {
		return
	}
	var sets []string
	for _, a := range all[first:] {
		sets = append(sets, a.Key+" to "+strconv.Quote(a.Value))
	}
	l.at(all[first].Line, rule.Curly, "typographic quotes are letters to the shell, and the value ends at the first blank: it sets %s", strings.Join(sets, " and "))
}

// assignment looks at one KEY=value by the table of keys.
func (l *linting) assignment(a shell.Assignment) {
	if a.Key == shell.DescriptionKey {
		return
	}
	k, known := reader.KeyNamed(a.Key)
	value := strings.TrimSuffix(a.Value, "\r")
	switch {
	case !known:
		if near := diag.Suggest(a.Key, knownKeys); near != "" && len(a.Key) > 3 && reader.WhyForbidden(a.Key) == "" {
			l.at(a.Line, rule.UnknownKey, "no reader knows %s; %s is near", a.Key, near)
		}
	case value == "":
	case k.Twice && !l.Reader.NM && strings.ContainsAny(value, "$`;&|<>()'\"\\"):
		l.at(a.Line, rule.RunsCommand, "ifup-aliases evaluates %s a second time, so that the quotes do not protect %q", a.Key, value)
	case k.By&l.Reader.Bits != l.Reader.Bits:
		elsewhere := a.Key == "BONDING_OPTS" && l.Around.Bonds.Has(l.Device)
		if !k.Companion && !strings.EqualFold(value, k.Missing) && !l.Reader.Unknown() && !elsewhere {
			l.at(a.Line, rule.NeverRead, "%s does not read %s; %s=%s means nothing", l.Reader.Name, a.Key, a.Key, value)
		}
	case k.Form != reader.FormAny && !k.Form.Fits(value):
		l.at(a.Line, rule.Form, "%s=%s: what it takes is: %s", a.Key, value, k.Form)
	}
}

var knownKeys = func() []string {
	out := make([]string, 0, len(reader.Table))
	for _, k := range reader.Table {
		if !strings.HasSuffix(k.Name, "n") {
			out = append(out, k.Name)
		}
	}
	return out
}()

// words looks at words that the scripts compare letter by letter.
func (l *linting) words() {
	if l.Reader.NM {
		return
	}
	if t := l.Keys["TYPE"]; t != "Bridge" && strings.EqualFold(t, "Bridge") {
		l.atKey("TYPE", rule.TypeCase, "TYPE=%s is not TYPE=Bridge to the scripts; the interface is brought up as a plain card", t)
	}
	for _, key := range []string{"SLAVE", "VLAN"} {
		if v := l.Keys[key]; v != "yes" && reader.IsTrue(v) {
			l.atKey(key, rule.Word, "%s=%s is not %s=yes to the scripts", key, v, key)
		}
	}
	if v := l.Keys["ONBOOT"]; reader.IsFalse(v) && !l.Keys.Off("ONBOOT", &l.Reader) {
		l.atKey("ONBOOT", rule.Word, "ONBOOT=%s still brings the interface up at boot; only ONBOOT=no does not", v)
	}
	if v := l.Keys["BOOTPROTO"]; v != "dhcp" && v != "bootp" && (strings.EqualFold(v, "dhcp") || strings.EqualFold(v, "bootp")) {
		l.atKey("BOOTPROTO", rule.Word, "BOOTPROTO=%s is static to the scripts; they know dhcp in small letters", v)
	}
}

// shape looks at what kind of interface the file makes.
func (l *linting) shape() {
	k := l.Keys
	if l.Reader.BridgeFirst && k["BRIDGE"] != "" && (k["BONDING_OPTS"] != "" || l.Around.Bonds.Has(l.Device)) {
		l.atKey("BRIDGE", rule.BridgeOnBond, "the scripts of %s add %q to %q and leave before they make a bond of it", l.Reader.Name, l.Device, k["BRIDGE"])
	}
	if l.kind != host.KindVLAN && k["VLAN"] == "yes" {
		l.atKey("VLAN", rule.VLANName, "%s takes no VLAN id from the name %q; the file does nothing, and ifup says OK", l.Reader.Name, l.Device)
	}
	if m := reader.DottedVLAN().FindStringSubmatch(l.Device); l.kind == host.KindVLAN && m != nil && strings.HasPrefix(m[1]+m[2], "0") && k["VID"] == "" && !l.Reader.NM {
		l.atKey("DEVICE", rule.VLANName, "the id in %q begins with 0: up to rhel5 the VLAN gets another name, later ip takes the id for octal", l.Device)
	}
	if k["HWADDR"] != "" && l.kind != host.KindEthernet && !l.Reader.NM {
		l.atKey("HWADDR", rule.Hardware, "HWADDR in the file of a %s makes the scripts take a card for it", l.kind)
	}
	if k["HWADDR"] != "" && k["MACADDR"] != "" && !l.Reader.PortMTU {
		l.atKey("HWADDR", rule.Hardware, "with MACADDR beside HWADDR a restart fails: %q", "different MAC address than expected")
	}
	if bond := k["MASTER"]; bond != "" && l.master == bond {
		if f := l.Devices[bond]; f != nil && reader.KindOf(f.Keys, &l.Reader, &l.Around) != host.KindBond {
			l.atKey("MASTER", rule.NoBond, "nothing in %s makes %q a bond for %s: %s", f.Name, bond, l.Reader.Name, l.bondNeeds())
		}
	}
}

func (l *linting) bondNeeds() string {
	if l.Reader.BondAlias {
		return "it needs `alias " + l.Keys["MASTER"] + " bonding` in " + reader.ModprobeFile
	}
	return "it needs BONDING_OPTS"
}

// address looks at what gives the interface its addresses.
func (l *linting) address() {
	k := l.Keys
	if l.master != "" && (k["IPADDR"] != "" || k["IPADDR0"] != "") {
		key := "IPADDR"
		if k[key] == "" {
			key = "IPADDR0"
		}
		l.atKey(key, rule.AddressOnPort, "the interface is a port of %q, so %s=%s is never set", l.master, key, k[key])
		return
	}
	if g := k["GATEWAY"]; g != "" && l.master == "" && !l.Reader.NM && reader.FormIPv4.Fits(g) && !reader.InterfaceOf(k, &l.Reader, &l.Around).Gateway.IsValid() {
		l.atKey("GATEWAY", rule.GatewayLost, "%s is not in the network of the first address, or %s has another GATEWAYDEV, or it stands beside BOOTPROTO=dhcp: no default route is set", g, reader.NetworkFile)
	}
	if k["PREFIX"] != "" && k["NETMASK"] == "" && k["IPADDR"] != "" && !l.Reader.ManyAddresses() && !l.Reader.Unknown() {
		l.atKey("PREFIX", rule.PrefixOnly, "the broadcast address and the test of GATEWAY still go by the class of %s", k["IPADDR"])
	}
	if !l.Reader.ManyAddresses() {
		return // the numbered keys are reported as never read
	}
	last := reader.HoleEnds(&l.Reader)
	for k["IPADDR"+strconv.Itoa(last)] != "" {
		last++
	}
	for key := range k {
		tail, ok := strings.CutPrefix(key, "IPADDR")
		if !ok || tail == "" {
			continue
		}
		if n, err := strconv.Atoi(tail); err == nil && n > last {
			l.atKey(key, rule.Hole, "there is no IPADDR%d, and the list ends at the first number that is missing", last)
		}
	}
}

// twin tells of two files of one device.
func (l *linting) twin() {
	twins := l.twins[l.Device]
	if l.Devices[l.Device] != l.File || len(twins) == 0 {
		return
	}
	names := make([]string, len(twins))
	for n, t := range twins {
		names[n] = t.Name
	}
	d := rule.Twin.In(At(twins[0].Path(), twins[0].Doc.LineOf("DEVICE")), "%s and %s are both for %q and are both brought up; move one away", strings.Join(names, ", "), l.File.Name, l.Device)
	if !l.declared {
		d.Severity = diag.Warning
	}
	l.Diags = append(l.Diags, d)
}

// foreignPorts tells of files that make something a port of a declared
// interface that the definition does not know.
func (s *Survey) foreignPorts(declared *host.Host) {
	for _, master := range slices.Sorted(maps.Keys(s.members)) {
		if _, ok := declared.Interface(master); !ok {
			continue
		}
		for _, m := range s.members[master] {
			if _, ok := declared.Interface(m); !ok {
				s.Diags = append(s.Diags, rule.ForeignPort.In(At(s.Devices[m].Path(), 1), "%q is made a port of %q, which the definition declares without it; it stays", m, master))
			}
		}
	}
}
