package spell

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// BondOptions spells the options of a bond as the language does, but for its
// mode; what the language has no name for keeps the driver's.
func BondOptions(l *rtnl.Link) map[string]string {
	out := make(map[string]string)
	for name, value := range l.Bond {
		if name == "mode" || name == "active_slave" {
			continue
		}
		o, known := host.BondOptionNamed(name)
		if !known {
			out[name] = value
			continue
		}
		n, err := strconv.Atoi(value)
		switch {
		case o.Type == host.OptionBool:
			out[o.Name] = strconv.FormatBool(value != "0")
		case o.Type == host.OptionWord && err == nil && n < len(o.Words):
			out[o.Name] = o.Words[n]
		case value != "":
			out[o.Name] = value
		}
	}
	return out
}

// DriverValue is a bond option as the driver spells it.
type DriverValue struct{ Name, Value string }

// DriverOption turns an option of the language into the driver's; ok is false
// for one that netlink has not, or for a value that is not of its form.
func DriverOption(name, value string) (DriverValue, bool) {
	driver := name
	o, known := host.BondOptionNamed(name)
	if known {
		driver = o.Driver
	}
	attribute, ok := rtnl.OptionNamed(rtnl.BondAttributes, driver)
	if !ok {
		return DriverValue{}, false
	}
	if known && o.Type == host.OptionBool {
		value = map[string]string{"true": "1", "false": "0"}[value]
	}
	if known && o.Type == host.OptionWord {
		value = strconv.Itoa(slices.Index(o.Words, value))
	}
	return DriverValue{driver, value}, fits(attribute.As, value)
}

func fits(as rtnl.Width, value string) bool {
	switch as {
	case rtnl.WidthIndex:
		return value != ""
	case rtnl.WidthMAC:
		m, err := net.ParseMAC(value)
		return err == nil && len(m) == 6
	case rtnl.WidthTargets, rtnl.WidthTargets6:
		for _, a := range strings.Split(value, ",") {
			if ip, err := netip.ParseAddr(a); err != nil || ip.Is4() != (as == rtnl.WidthTargets) {
				return false
			}
		}
		return true
	}
	bits := map[rtnl.Width]int{rtnl.Width8: 8, rtnl.Width16: 16, rtnl.Width32: 32}[as]
	_, err := strconv.ParseUint(value, 10, bits)
	return err == nil
}
