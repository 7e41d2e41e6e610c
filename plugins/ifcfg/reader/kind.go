package reader

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"linkspan/core/host"
)

// VlanOf reads a VLAN's parent, id and flags.
func VlanOf(k Keys, r *Reader) *host.VLAN {
	v := &host.VLAN{}
	if r.NM {
		v.Parent, v.ID = vlanToNM(k)
	} else {
		v.Parent, v.ID = vlanToScripts(k, r)
	}
	flags := strings.FieldsFunc(k["VLAN_FLAGS"], func(c rune) bool { return c == ' ' || c == ',' })
	flag := func(name string) bool { return r.NM && slices.Contains(flags, name) }
	switch {
	case flag("NO_REORDER_HDR"), !r.NM && (k["REORDER_HDR"] == "no" || k["REORDER_HDR"] == "0"):
		v.ReorderHeader = new(false)
	case k["REORDER_HDR"] != "" || r.NM && k["VLAN_FLAGS"] != "":
		v.ReorderHeader = new(true)
	}
	if r.Takes("GVRP") && (k["GVRP"] != "" || flag("GVRP")) {
		v.GVRP = new(k.on("GVRP", r) || k["GVRP"] == "1" || k["GVRP"] == "" && flag("GVRP"))
	}
	if r.Takes("MVRP") && k["MVRP"] != "" {
		v.MVRP = new(k.on("MVRP", r))
	}
	if r.NM && k["VLAN_FLAGS"] != "" {
		v.LooseBinding = new(flag("LOOSE_BINDING"))
	}
	return v
}

// vlanToScripts: with VID and PHYSDEV these count (9.x); else the name: up to
// the last dot the parent, which beats PHYSDEV, or "vlan" and the id.
func vlanToScripts(k Keys, r *Reader) (parent string, id int) {
	parent = k["PHYSDEV"]
	if n, err := strconv.Atoi(k["VID"]); err == nil && r.Takes("VID") && parent != "" {
		return parent, n
	}
	device := k["DEVICE"]
	m := r.VLANName().FindStringSubmatch(device)
	if m == nil {
		return parent, 0
	}
	if m[1] != "" {
		parent = device[:strings.LastIndexByte(device, '.')]
	}
	id, _ = strconv.Atoi(m[1] + m[2]) // the form has one to four digits
	return parent, id
}

// vlanToNM: a number after the first dot, or after "vlan", beats VLAN_ID;
// PHYSDEV beats the name (make_vlan_setting).
func vlanToNM(k Keys) (parent string, id int) {
	id, _ = strconv.Atoi(k["VLAN_ID"]) // 0 when there is none
	before, after, dotted := strings.Cut(k["DEVICE"], ".")
	if !dotted {
		after, _ = strings.CutPrefix(k["DEVICE"], "vlan")
	}
	if n, err := strconv.Atoi(after); err == nil && n >= 0 && n <= 4095 {
		id = n
	}
	parent = k["PHYSDEV"]
	if parent == "" && dotted {
		parent = before
	}
	return parent, id
}

func bridgeOf(k Keys, r *Reader) *host.Bridge {
	b := &host.Bridge{}
	switch v := strings.ToLower(k["STP"]); {
	case v == "on", v == "yes", v == "1" && !r.NM, r.RawDelay && IsTrue(v):
		b.STP = new(true)
	case v == "off", v == "no", v == "0" && !r.NM, r.RawDelay && IsFalse(v):
		b.STP = new(false)
	case r.NM:
		b.STP = new(false) // missing or another word: off
	}
	stp := b.STP != nil && *b.STP
	if !r.NM || stp {
		b.ForwardDelay = r.delay(k["DELAY"])
	}
	if r.Takes("PRIO") {
		b.AgeingTime = r.delay(k["AGEING"])
		if n, err := strconv.Atoi(k["PRIO"]); err == nil {
			b.Priority = &n
		}
	}
	if r.Takes("BRIDGING_OPTS") {
		bridgingOpts(k["BRIDGING_OPTS"], b, r.NM, stp)
	}
	return b
}

// delay reads DELAY or AGEING in the reader's unit.
func (r *Reader) delay(s string) *host.Centiseconds {
	if s == "" {
		return nil
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && r.RawDelay {
		return new(host.Centiseconds(n))
	}
	if c, err := host.ParseSeconds(s); err == nil && !r.RawDelay && (!r.NM || c%100 == 0) {
		return &c
	}
	return nil
}

// bridgingOpts reads a bridge's options: to the scripts files of sysfs with
// times in hundredths of a second, to NetworkManager words with times in
// seconds, some of which count only with STP (handle_bridge_option).
func bridgingOpts(s string, b *host.Bridge, nm, stp bool) {
	unit := host.Centiseconds(1)
	if nm {
		unit = 100
	}
	for word := range strings.FieldsSeq(s) {
		key, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(value)
		if err != nil {
			continue
		}
		switch {
		case key == "hello_time" && (!nm || stp):
			b.HelloTime = new(host.Centiseconds(n) * unit)
		case key == "max_age" && (!nm || stp):
			b.MaxAge = new(host.Centiseconds(n) * unit)
		case key == "ageing_time":
			b.AgeingTime = new(host.Centiseconds(n) * unit)
		case key == "forward_delay" && !nm:
			b.ForwardDelay = new(host.Centiseconds(n))
		case key == "priority" && (!nm || stp):
			b.Priority = &n
		case key == "multicast_snooping":
			b.MulticastSnooping = new(n != 0)
		case key == "vlan_filtering":
			b.VLANFiltering = new(n != 0)
		}
	}
}

// PortOf reads a bridge port's own settings from BRIDGING_OPTS of its file.
func PortOf(k Keys, r *Reader) host.BridgePort {
	p := host.BridgePort{Name: k["DEVICE"]}
	if !r.Takes("BRIDGING_OPTS") {
		return p
	}
	for word := range strings.FieldsSeq(k["BRIDGING_OPTS"]) {
		key, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(value)
		if on := IsTrue(value); err != nil && r.NM && key == "hairpin_mode" && (on || IsFalse(value)) {
			n, err = 0, nil
			if on {
				n = 1
			}
		}
		if err != nil || r.NM && !slices.Contains(nmPortOptions, key) {
			continue
		}
		setPort(&p, key, n)
	}
	return p
}

// setPort sets what a file of sysfs below brport stands for.
func setPort(p *host.BridgePort, key string, n int) {
	switch key {
	case "path_cost":
		p.Cost = &n
	case "priority":
		p.Priority = &n
	case "hairpin_mode":
		p.Hairpin = new(n != 0)
	case "isolated":
		p.Isolated = new(n != 0)
	case "learning":
		p.Learning = new(n != 0)
	case "unicast_flood":
		p.Flood = new(n != 0)
	case "bpdu_guard":
		p.Guard = new(n != 0)
	}
}

// nmPortOptions are the options of a port that NetworkManager knows.
var nmPortOptions = []string{"path_cost", "priority", "hairpin_mode"}

// MacForm is a hardware address as the language spells it.
var MacForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2}){5}$`) })

// SpellDelay writes a time in the unit of DELAY and AGEING.
func (r *Reader) SpellDelay(c host.Centiseconds) string {
	if r.RawDelay {
		return strconv.Itoa(int(c))
	}
	return c.Seconds()
}
