package language

import "slices"

// elsewhere are the names that attributes have in ifcfg files, in netplan and in
// networkd, and what is written here.
var elsewhere = []struct {
	names     []string
	attribute string // of the blocks that have it
	write     string
}{
	{[]string{"slaves", "interfaces", "members", "bridge_ports"}, "ports", "ports = [ … ]"},
	{[]string{"link", "physdev", "raw_device", "vlan_raw_device"}, "parent", "parent = …"},
	{[]string{"vlan_id", "vid", "tag"}, "id", "id = …"},
	{[]string{"ip", "ipaddr", "ip_address"}, "addresses", `addresses = ["IP/PREFIX"]`},
	{[]string{"netmask", "prefix"}, "addresses", `it behind the address, addresses = ["IP/PREFIX"]`},
	{[]string{"macaddr", "macaddress", "hwaddr"}, "mac", "mac = …"},
	{[]string{"gateway4", "defroute"}, "gateway", "gateway = …"},
	{[]string{"dhcp", "bootproto"}, "dhcp4", "dhcp4 = true"},
	{[]string{"nameservers"}, "addresses", "dns { servers = [ … ] }"},
	{[]string{"routes"}, "addresses", "a route block for each, route { to = … }"},
}

// Elsewhere tells the block's attribute that has the name in other tools, and what
// is written.
func (b *Block) Elsewhere(name string) (attribute, write string) {
	for _, e := range elsewhere {
		if _, has := b.Attribute(e.attribute); has && slices.Contains(e.names, name) {
			return e.attribute, e.write
		}
	}
	return "", ""
}
