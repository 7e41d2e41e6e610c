package ifcfg

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/host"
)

// vlanOf reads a VLAN's parent, id and flags.
func vlanOf(k keys, r *reader) *host.VLAN {
	v := &host.VLAN{}
	if r.nm {
		v.Parent, v.ID = vlanToNM(k)
	} else {
		v.Parent, v.ID = vlanToScripts(k, r)
	}
	flags := strings.FieldsFunc(k["VLAN_FLAGS"], func(c rune) bool { return c == ' ' || c == ',' })
	flag := func(name string) bool { return r.nm && slices.Contains(flags, name) }
	switch {
	case flag("NO_REORDER_HDR"), !r.nm && (k["REORDER_HDR"] == "no" || k["REORDER_HDR"] == "0"):
		v.ReorderHeader = new(false)
	case k["REORDER_HDR"] != "" || r.nm && k["VLAN_FLAGS"] != "":
		v.ReorderHeader = new(true)
	}
	if r.takes("GVRP") && (k["GVRP"] != "" || flag("GVRP")) {
		v.GVRP = new(k.on("GVRP", r) || k["GVRP"] == "1" || k["GVRP"] == "" && flag("GVRP"))
	}
	if r.takes("MVRP") && k["MVRP"] != "" {
		v.MVRP = new(k.on("MVRP", r))
	}
	if r.nm && k["VLAN_FLAGS"] != "" {
		v.LooseBinding = new(flag("LOOSE_BINDING"))
	}
	return v
}

// vlanToScripts: with VID and PHYSDEV these count (9.x); else the name: up to
// the last dot the parent, which beats PHYSDEV, or "vlan" and the id.
func vlanToScripts(k keys, r *reader) (parent string, id int) {
	parent = k["PHYSDEV"]
	if n, err := strconv.Atoi(k["VID"]); err == nil && r.takes("VID") && parent != "" {
		return parent, n
	}
	device := k["DEVICE"]
	m := r.vlanName.FindStringSubmatch(device)
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
func vlanToNM(k keys) (parent string, id int) {
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

func bridgeOf(k keys, r *reader) *host.Bridge {
	b := &host.Bridge{}
	switch v := strings.ToLower(k["STP"]); {
	case v == "on", v == "yes", v == "1" && !r.nm, r.rawDelay && isTrue(v):
		b.STP = new(true)
	case v == "off", v == "no", v == "0" && !r.nm, r.rawDelay && isFalse(v):
		b.STP = new(false)
	case r.nm:
		b.STP = new(false) // missing or another word: off
	}
	stp := b.STP != nil && *b.STP
	if !r.nm || stp {
		b.ForwardDelay = r.delay(k["DELAY"])
	}
	if r.takes("PRIO") {
		b.AgeingTime = r.delay(k["AGEING"])
		if n, err := strconv.Atoi(k["PRIO"]); err == nil {
			b.Priority = &n
		}
	}
	if r.takes("BRIDGING_OPTS") {
		bridgingOpts(k["BRIDGING_OPTS"], b, r.nm, stp)
	}
	return b
}

// delay reads DELAY or AGEING in the reader's unit.
func (r *reader) delay(s string) *host.Centiseconds {
	if s == "" {
		return nil
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && r.rawDelay {
		return new(host.Centiseconds(n))
	}
	if c, err := host.ParseSeconds(s); err == nil && !r.rawDelay && (!r.nm || c%100 == 0) {
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

// portOf reads a bridge port's own settings from BRIDGING_OPTS of its file.
func portOf(k keys, r *reader) host.BridgePort {
	p := host.BridgePort{Name: k["DEVICE"]}
	if !r.takes("BRIDGING_OPTS") {
		return p
	}
	for word := range strings.FieldsSeq(k["BRIDGING_OPTS"]) {
		key, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(value)
		if on := isTrue(value); err != nil && r.nm && key == "hairpin_mode" && (on || isFalse(value)) {
			n, err = truth(&on), nil
		}
		if err != nil || r.nm && !slices.Contains(nmPortOptions, key) {
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

// macForm is a hardware address as the language spells it.
var macForm = regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2}){5}$`)
