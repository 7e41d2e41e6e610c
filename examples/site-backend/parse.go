package main

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/backend/fileformat"
	"linkspan/core/diag"
	"linkspan/core/host"
)

// Parse reads stanzas. What it does not know it passes over: linkspan keeps it.
func (ifupdown) Parse(files []fileformat.File) (fileformat.Found, diag.List) {
	p := parsing{byName: map[string]*host.Interface{}, started: map[string]bool{}}
	var diags diag.List
	for _, f := range files {
		p.file(f.Text)
		if f.Path == "/etc/network/interfaces" && !strings.Contains(f.Text, "source") {
			diags = append(diags, diag.Diagnostic{Severity: diag.Warning, Code: "IFUPDOWN1", Summary: "interfaces.d is not read",
				Detail: "add the line \"source /etc/network/interfaces.d/*\" to the file, or nothing that linkspan writes takes effect", Range: diag.Range{File: f.Path}})
		}
	}
	var out fileformat.Found
	for _, name := range p.order {
		i := p.byName[name]
		if !p.started[name] {
			i.State = host.Down
		}
		if i.Bridge != nil {
			slices.SortFunc(i.Bridge.Ports, func(a, b host.BridgePort) int { return strings.Compare(a.Name, b.Name) })
		}
		out.Interfaces = append(out.Interfaces, *i)
	}
	return out, diags
}

// parsing is what was found so far.
type parsing struct {
	byName  map[string]*host.Interface
	order   []string
	started map[string]bool // by auto or allow-hotplug
	at      *host.Interface // whose stanza it is
}

func (p *parsing) file(text string) {
	p.at = nil
	for _, line := range strings.Split(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		switch words[0] {
		case "auto", "allow-auto", "allow-hotplug":
			p.at = nil
			for _, name := range words[1:] {
				p.started[name] = true
			}
		case "iface":
			p.stanza(words[1:])
		case "mapping", "rename", "source", "source-directory":
			p.at = nil
		default:
			if p.at != nil {
				p.option(strings.ReplaceAll(words[0], "-", "_"), words[1:])
			}
		}
	}
}

// stanza begins `iface NAME FAMILY METHOD`. Several of one name are one
// interface. The loopback is nobody's to configure.
func (p *parsing) stanza(words []string) {
	p.at = nil
	if len(words) < 3 || words[2] == "loopback" {
		return
	}
	name := words[0]
	if p.byName[name] == nil {
		p.byName[name], p.order = &host.Interface{Name: name, Kind: host.KindEthernet, Ethernet: &host.Ethernet{}}, append(p.order, name)
		if parent, id, ok := vlanName(name); ok {
			p.become(name, host.Interface{Kind: host.KindVLAN, VLAN: &host.VLAN{Parent: parent, ID: id}})
		}
	}
	p.at = p.byName[name]
	on := true
	switch words[1] + " " + words[2] {
	case "inet dhcp":
		p.at.DHCP4 = &on
	case "inet6 dhcp":
		p.at.DHCP6 = &on
	}
}

// vlanName reads bond0.2, and vlan2, whose parent an option names.
func vlanName(name string) (parent string, id int, ok bool) {
	at := strings.LastIndexByte(name, '.')
	if at > 0 {
		parent = name[:at]
	} else if !strings.HasPrefix(name, "vlan") {
		return "", 0, false
	} else {
		at = len("vlan") - 1
	}
	id, err := strconv.Atoi(name[at+1:])
	return parent, id, err == nil && id > 0 && id < 4095
}

// become gives the interface in hand its kind.
func (p *parsing) become(name string, kind host.Interface) {
	i := p.byName[name]
	i.Kind, i.Ethernet, i.Bond, i.VLAN, i.Bridge = kind.Kind, nil, kind.Bond, kind.VLAN, kind.Bridge
}

func (p *parsing) option(key string, values []string) {
	value := strings.Join(values, " ")
	switch key {
	case "address":
		p.address(value)
	case "netmask":
		p.netmask(value)
	case "gateway":
		if a, err := netip.ParseAddr(value); err == nil && a.Is4() {
			p.at.Gateway = a
		} else if err == nil {
			p.at.Gateway6 = a
		}
	case "mtu":
		p.at.MTU = number(value)
	case "hwaddress":
		p.at.MAC = strings.ToLower(strings.TrimPrefix(value, "ether "))
	case "description":
		p.at.Description = value
	case "dns_nameservers":
		for _, v := range values {
			if a, err := netip.ParseAddr(v); err == nil {
				p.at.DNS.Servers = append(p.at.DNS.Servers, a)
			}
		}
	case "dns_search":
		p.at.DNS.Search = values
	case "vlan_raw_device":
		if p.at.VLAN != nil {
			p.at.VLAN.Parent = value
		}
	default:
		p.linkOption(key, values)
	}
}

func (p *parsing) linkOption(key string, values []string) {
	if name, isBond := strings.CutPrefix(key, "bond_"); isBond {
		if p.at.Bond == nil {
			p.become(p.at.Name, host.Interface{Kind: host.KindBond, Bond: &host.Bond{}})
		}
		bondOption(p.at.Bond, name, values)
	}
	if name, isBridge := strings.CutPrefix(key, "bridge_"); isBridge {
		if p.at.Bridge == nil {
			p.become(p.at.Name, host.Interface{Kind: host.KindBridge, Bridge: &host.Bridge{}})
		}
		bridgeOption(p.at.Bridge, name, values)
	}
}

func (p *parsing) address(value string) {
	if prefix, err := netip.ParsePrefix(value); err == nil {
		p.at.Addresses = append(p.at.Addresses, prefix)
	} else if a, err := netip.ParseAddr(value); err == nil {
		p.at.Addresses = append(p.at.Addresses, netip.PrefixFrom(a, a.BitLen()))
	}
}

// netmask belongs to the address before it: 24, or 255.255.255.0.
func (p *parsing) netmask(value string) {
	if len(p.at.Addresses) == 0 {
		return
	}
	last := &p.at.Addresses[len(p.at.Addresses)-1]
	bits, err := strconv.Atoi(value)
	if mask, dotted := netip.ParseAddr(value); dotted == nil && mask.Is4() {
		bits, _ = net.IPMask(mask.AsSlice()).Size()
		err = nil
	}
	if err == nil {
		*last = netip.PrefixFrom(last.Addr(), bits)
	}
}

func bondOption(b *host.Bond, name string, values []string) {
	switch name {
	case "slaves":
		b.Ports = names(values)
	case "mode":
		b.Mode = bondMode(strings.Join(values, " "))
	default:
		for _, o := range host.BondOptions() {
			if o.Driver != name {
				continue
			}
			if b.Options == nil {
				b.Options = map[string]string{}
			}
			b.Options[o.Name] = attributeSpelling(o, values)
		}
	}
}

// bondMode gives the name of a mode that is given by its number.
func bondMode(value string) string {
	modes := host.BondModes()
	if n, err := strconv.Atoi(value); err == nil && n >= 0 && n < len(modes) {
		return modes[n]
	}
	return value
}

func attributeSpelling(o host.BondOption, values []string) string {
	value := strings.Join(values, ",")
	switch {
	case o.Type == host.OptionBool:
		return strconv.FormatBool(value == "1" || value == "yes" || value == "on")
	case len(o.Words) > 0: // also by its number
		if n, err := strconv.Atoi(value); err == nil && n >= 0 && n < len(o.Words) {
			return o.Words[n]
		}
	}
	return value
}

func bridgeOption(b *host.Bridge, name string, values []string) {
	value := strings.Join(values, " ")
	switch name {
	case "ports":
		for _, n := range names(values) {
			port(b, n)
		}
	case "stp":
		on := value == "on" || value == "yes"
		b.STP = &on
	case "bridgeprio":
		b.Priority = number(value)
	case "fd":
		b.ForwardDelay = seconds(value)
	case "hello":
		b.HelloTime = seconds(value)
	case "maxage":
		b.MaxAge = seconds(value)
	case "ageing":
		b.AgeingTime = seconds(value)
	case "pathcost", "portprio":
		if len(values) != 2 {
			return
		}
		p := port(b, values[0])
		if name == "pathcost" {
			p.Cost = number(values[1])
		} else {
			p.Priority = number(values[1])
		}
	}
}

// port is the bridge's port of that name, made when it is not there.
func port(b *host.Bridge, name string) *host.BridgePort {
	at := slices.IndexFunc(b.Ports, func(p host.BridgePort) bool { return p.Name == name })
	if at < 0 {
		b.Ports = append(b.Ports, host.BridgePort{Name: name})
		at = len(b.Ports) - 1
	}
	return &b.Ports[at]
}

func names(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "none" })
}

func number(value string) *int {
	n, err := strconv.Atoi(value)
	if err != nil {
		return nil
	}
	return &n
}

func seconds(value string) *host.Centiseconds {
	s, err := host.ParseSeconds(value)
	if err != nil {
		return nil
	}
	return &s
}
