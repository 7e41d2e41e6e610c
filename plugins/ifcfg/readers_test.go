package ifcfg

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/shell"
)

var update = flag.Bool("update", false, "write readers.md anew")

// TestReadersPage holds readers.md to the tables; go test -run ReadersPage
// -update writes it.
func TestReadersPage(t *testing.T) {
	want := readersPage(t)
	if *update {
		if err := os.WriteFile("readers.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("readers.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("readers.md is not what the tables say; go test ./plugins/ifcfg -run ReadersPage -update writes it")
	}
}

func readersPage(t *testing.T) string {
	var b strings.Builder
	b.WriteString("# Who reads which key\n\nGenerated from the tables in `reader/reader.go` and `reader/keytable.go`; do not edit.\n" +
		"The same tables decide what is written, what is refused and what is found fault with.\n\n## The readers\n\n")
	pageReaders(&b)
	b.WriteString("\n## The keys\n\n`x`: read; `·`: passed over without a word. Values are compared letter by letter by the scripts.\n" +
		"`=`: beside a key that says the same to the others. `2`: evaluated a second time, so that quotes do not protect it.\n\n")
	pageKeys(&b)
	b.WriteString("\n## What the language's attributes become\n\n`key`: how it is written; `-`: refused by name.\n\n")
	pageAttributes(t, &b)
	b.WriteString("\n## The starting scenario for each reader\n\nTwo cards, a bond, two VLANs, two bridges. Lines that are not the same for all; what is not listed is the same for every reader.\n\n")
	pageScenario(t, &b)
	return b.String()
}

func pageReaders(b *strings.Builder) {
	yes := func(is bool) string { return map[bool]string{true: "yes", false: "no"}[is] }
	rows := []struct {
		title string
		cell  func(r *reader.Reader) string
	}{
		{"who", func(r *reader.Reader) string { return r.Title }},
		{"facts from", func(r *reader.Reader) string { return r.Source }},
		{"order of bringing up", func(r *reader.Reader) string { return r.Order }},
		{"file names skipped", func(r *reader.Reader) string { return "`" + strings.Join(r.Ignored, " ") + "`" }},
		{"`-` in a file's name is only a hyphen", func(r *reader.Reader) string { return yes(r.Dashed) }},
		{"VLAN names", vlanNames},
		{"several IPv4 addresses in a file", func(r *reader.Reader) string { return yes(r.ManyAddresses()) }},
		{"IPv6 without IPV6INIT", func(r *reader.Reader) string { return yes(r.IPv6Default) }},
		{"NETWORKING_IPV6 needed", func(r *reader.Reader) string { return yes(r.Takes("NETWORKING_IPV6")) }},
		{"`alias NAME bonding` needed", func(r *reader.Reader) string { return yes(r.BondAlias) }},
		{"BRIDGE= on a bond", func(r *reader.Reader) string { return yes(!r.BridgeFirst) }},
		{"MTU in a bond port's file", func(r *reader.Reader) string { return yes(r.PortMTU) }},
		{"unit of DELAY", func(r *reader.Reader) string { return map[bool]string{true: "1/100 s", false: "s"}[r.RawDelay] }},
		{"unit of times in BRIDGING_OPTS", func(r *reader.Reader) string {
			switch {
			case r.NM:
				return "s"
			case r.Takes("BRIDGING_OPTS"):
				return "1/100 s"
			}
			return "·"
		}},
		{"commands in ETHTOOL_OPTS", func(r *reader.Reader) string { return map[bool]string{true: "several", false: "one"}[r.EthtoolList] }},
		{"resolvers of an interface", func(r *reader.Reader) string { return fmt.Sprint(r.Resolvers) }},
	}
	b.WriteString("| | " + strings.Join(reader.Names(), " | ") + " |\n|---|" + strings.Repeat("---|", len(reader.Known)) + "\n")
	for _, row := range rows {
		b.WriteString("| " + row.title)
		for n := range reader.Known {
			b.WriteString(" | " + row.cell(&reader.Known[n]))
		}
		b.WriteString(" |\n")
	}
}

func vlanNames(r *reader.Reader) string {
	switch {
	case r.NM:
		return "any; a number after the first `.` is the id"
	case r.Takes("VID"):
		return "any, with VID and PHYSDEV"
	case r.VLANName() == reader.EthVLAN():
		return "`ethN.ID`, `bondN.ID`, `vlanID`"
	}
	return "`PARENT.ID`, `vlanID`"
}

func pageKeys(b *strings.Builder) {
	b.WriteString("| key | " + strings.Join(reader.Names(), " | ") + " | value | without it | |\n|---|" + strings.Repeat("---|", len(reader.Known)) + "---|---|---|\n")
	for _, k := range reader.Table {
		mark := ""
		if k.Companion {
			mark += " `=`"
		}
		if k.Twice {
			mark += " `2`"
		}
		b.WriteString("| " + k.Name + mark)
		for _, r := range reader.Known {
			b.WriteString(map[bool]string{true: " | x", false: " | ·"}[k.By&r.Bits != 0])
		}
		doc := k.Doc
		if k.Global {
			doc = strings.TrimSuffix("in "+reader.NetworkFile+"; "+doc, "; ")
		}
		b.WriteString(" | " + string(k.Form) + " | " + k.Missing + " | " + doc + " |\n")
	}
}

// pageAttributes tries every cell of the matrix and names the keys that its
// attribute adds to the files.
func pageAttributes(t *testing.T, b *strings.Builder) {
	all := ofKind()
	for field, cells := range common(host.KindBridge) {
		all[field] = cells
	}
	b.WriteString("| attribute | " + strings.Join(reader.Names(), " | ") + " |\n|---|" + strings.Repeat("---|", len(reader.Known)) + "\n")
	for _, field := range slices.Sorted(maps.Keys(all)) {
		cells := all[field]
		if field == "Bond.Options" || field == "Options" || field == "VLAN.ID" || field == "VLAN.Parent" {
			continue // each option is a word of BONDING_OPTS, or raw; the others are VLAN, VID, PHYSDEV
		}
		b.WriteString("| `" + field + "`")
		for _, r := range reader.Names() {
			written := "-"
			for _, c := range cells {
				if written == "-" {
					written = attributeKeys(t, field, c, r)
				}
			}
			b.WriteString(" | " + written)
		}
		b.WriteString(" |\n")
	}
}

// attributeKeys are the keys that differ when the attribute is set. A route, a
// gateway or a resolver needs an address, whose keys are not counted.
func attributeKeys(t *testing.T, field string, c cell, release string) string {
	needsAddress := slices.ContainsFunc([]string{"Routes", "Gateway", "DNS"}, func(p string) bool { return strings.HasPrefix(field, p) })
	lines := func(set bool) (map[string]bool, bool) {
		h, target := stage(c.kind)
		i := &h.Interfaces[slices.IndexFunc(h.Interfaces, func(i host.Interface) bool { return i.Name == target })]
		if set || needsAddress {
			c.set(h, i)
		}
		if !set {
			var none host.Interface
			i.Routes, i.Gateway, i.Gateway6, i.DNS = none.Routes, none.Gateway, none.Gateway6, none.DNS
		}
		slices.SortFunc(h.Interfaces, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
		r, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: *h, Config: map[string]any{"release": release}}})
		if err != nil {
			t.Fatal(err)
		}
		return fileKeys(r.Files), !r.Diagnostics.HasErrors()
	}
	before, _ := lines(false)
	after, ok := lines(true)
	if !ok {
		return "-"
	}
	var out []string
	for _, line := range slices.Sorted(maps.Keys(after)) {
		key, _, _ := strings.Cut(line, "=")
		if !before[line] && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return strings.Join(out, " ")
}

// fileKeys are the KEY=value lines of files, and the names of other files.
func fileKeys(files []backend.File) map[string]bool {
	out := make(map[string]bool)
	for _, f := range files {
		name := strings.TrimPrefix(f.Path, reader.Dir+"/")
		if strings.HasPrefix(name, "ifcfg-") && !reader.IsAlias(name) || f.Path == reader.NetworkFile {
			for key, v := range shell.Parse(f.Content).Values() {
				out[strings.TrimPrefix(key, "#")+"="+v] = true
			}
			continue
		}
		kind, _, _ := strings.Cut(name, "-")
		if reader.IsAlias(name) {
			kind = "alias files"
		}
		out[kind+"="+name] = true
	}
	return out
}

func pageScenario(t *testing.T, b *strings.Builder) {
	h := scenario(t)
	byLine := make(map[string][]string)
	for _, r := range reader.Names() {
		rendered, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: h, Config: map[string]any{"release": r}}})
		if err != nil || rendered.Diagnostics.HasErrors() {
			t.Fatal(r, err, rendered.Diagnostics)
		}
		for _, f := range rendered.Files {
			for line := range strings.Lines(string(f.Content)) {
				at := f.Path[strings.LastIndexByte(f.Path, '/')+1:] + " " + strings.TrimSpace(line)
				byLine[at] = append(byLine[at], r)
			}
		}
	}
	rows := make(map[string][]string) // line and readers → files
	for _, at := range slices.Sorted(maps.Keys(byLine)) {
		if file, line, _ := strings.Cut(at, " "); len(byLine[at]) < len(reader.Known) {
			row := "`" + line + "` | " + strings.Join(byLine[at], ", ") + " | " + whyOf(line)
			rows[row] = append(rows[row], "`"+file+"`")
		}
	}
	b.WriteString("| line | for | why | in |\n|---|---|---|---|\n")
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		b.WriteString("| " + row + " | " + strings.Join(rows[row], ", ") + " |\n")
	}
}

// whyOf is what the table of keys says of a line.
func whyOf(line string) string {
	key, _, _ := strings.Cut(line, "=")
	if k, ok := reader.KeyNamed(key); ok {
		return k.Why
	}
	return "the driver is loaded by it; see the readers above"
}

// TestScenarioForEveryReader: the scenario is written for each, and each reads
// the same host out of it.
func TestScenarioForEveryReader(t *testing.T) {
	h := scenario(t)
	for _, name := range reader.Names() {
		r, _ := reader.Named(name)
		rendered, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: h, Config: map[string]any{"release": name}}})
		if err != nil || rendered.Diagnostics.HasErrors() {
			t.Fatal(name, err, rendered.Diagnostics)
		}
		found := readBack(r, &h, rendered.Files)
		for _, check := range []struct{ name, want string }{
			{"bond0", "bond [eth0 eth1] []"}, {"bond0.2", "vlan [bond0] []"}, {"xenbr0", "bridge [bond0.2] [192.168.0.2/24]"}, {"xenbr1", "bridge [bond0.3] [192.168.1.2/24]"},
		} {
			i, ok := found.Interface(check.name)
			if !ok {
				t.Fatalf("%s: no %s", name, check.name)
			}
			if got := fmt.Sprint(i.Kind, " ", i.Lowers(), " ", i.Addresses); got != check.want {
				t.Errorf("%s reads %s as %s, not %s", name, check.name, got, check.want)
			}
		}
		if b, _ := found.Interface("bond0"); b.Bond.Mode != "active-backup" || b.Bond.Options["miimon"] != "100" {
			t.Errorf("%s reads the bond as %+v", name, b.Bond)
		}
		if x, _ := found.Interface("xenbr0"); x.Gateway.String() != "192.168.0.1" {
			t.Errorf("%s reads the gateway as %s", name, x.Gateway)
		}
	}
}
