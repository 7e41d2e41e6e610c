package xend

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"linkspan/core/diag"
)

// surroundings reports what beside the files decides about the network.
func (r *reading) surroundings() {
	r.keptNetworks()
	r.otherConfig()
	r.leftovers()
}

// xapi refuses a host that the XAPI toolstack manages, by what XenServer,
// XCP-ng and Debian's xcp-xapi install.
func (r *reading) xapi() {
	for _, name := range []string{"/etc/xensource-inventory", "/etc/xensource", "/opt/xensource/bin/xapi", "/usr/sbin/xcp-networkd", "/usr/sbin/xapi", "/etc/xcp/inventory"} {
		if r.tree.Exists(name) {
			r.found(ruleXAPI.In(diag.Range{File: name}, "%s is there", name))
			return
		}
	}
}

// record is a network or a physical interface as xend keeps it
// (XendStateStore.py).
type record struct {
	Label   string `xml:"name_label"`
	Managed string `xml:"managed"` // "1", "0"
	Device  string `xml:"device"`
	VLAN    string `xml:"VLAN"` // "-1" for none
}

// The files where xend keeps them.
const (
	networksFile = "/var/lib/xend/state/network.xml"
	pifsFile     = "/var/lib/xend/state/pif.xml"
)

// keptNetworks reports what xend makes at its start whatever network-script
// says: bridges of managed networks (XendNetwork.recreate) and VLANs
// (XendPIF.recreate).
func (r *reading) keptNetworks() {
	var bridges, vlans []string
	for _, n := range r.records(networksFile) {
		if v := strings.TrimSpace(n.Managed); v != "" && v != "0" && !strings.EqualFold(v, "false") {
			bridges = append(bridges, strings.TrimSpace(n.Label))
		}
	}
	for _, p := range r.records(pifsFile) {
		if id, err := strconv.Atoi(strings.TrimSpace(p.VLAN)); err == nil && id >= 0 {
			vlans = append(vlans, fmt.Sprintf("%s.%d", strings.TrimSpace(p.Device), id))
		}
	}
	if len(bridges) > 0 {
		r.found(ruleState.In(diag.Range{File: networksFile}, "when they are missing xend makes the bridges %s; move the file away while xend is stopped", quotedList(bridges)))
	}
	if len(vlans) > 0 {
		r.found(ruleState.In(diag.Range{File: pifsFile}, "when they are missing xend makes the VLANs %s and puts them on a bridge; move the file away while xend is stopped", quotedList(vlans)))
	}
}

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strconv.Quote(n)
	}
	return strings.Join(quoted, ", ")
}

func (r *reading) records(name string) []record {
	f, err := r.tree.Read(name)
	if err != nil || len(f.Content) == 0 {
		return nil
	}
	var doc struct {
		Networks []record `xml:"network"`
		PIFs     []record `xml:"pif"`
	}
	if err := xml.Unmarshal(f.Content, &doc); err != nil {
		r.found(ruleState.In(diag.Range{File: name}, "it is no XML: %v", err))
	}
	return slices.Concat(doc.Networks, doc.PIFs)
}

// environment is where a start script or a unit gets XEND_CONFIG from.
var environment = []string{"/etc/sysconfig/xend", "/etc/sysconfig/xencommons", "/etc/default/xend", "/etc/default/xencommons", "/etc/init.d/xend",
	"/etc/systemd/system/xend.service", "/usr/lib/systemd/system/xend.service", "/lib/systemd/system/xend.service"}

var xendConfig = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^[^#\n]*\bXEND_CONFIG=["']?([^"'\s;]+)`) })

// otherConfig reports that xend reads another file than the one that is
// edited: XEND_CONFIG says so to the running one, or where it is started.
func (r *reading) otherConfig() {
	for _, name := range environment {
		if m := xendConfig().FindStringSubmatch(r.tree.Text(name)); m != nil {
			r.setElsewhere(m[1], name)
			return
		}
	}
	if pid := r.xendPID(); pid > 0 {
		environ := fmt.Sprintf("/proc/%d/environ", pid)
		for variable := range strings.SplitSeq(r.tree.Text(environ), "\x00") {
			if value, ok := strings.CutPrefix(variable, "XEND_CONFIG="); ok {
				r.setElsewhere(value, environ)
			}
		}
	}
}

func (r *reading) setElsewhere(value, source string) {
	if value == r.path {
		return
	}
	r.found(ruleOtherConfig.In(diag.Range{File: source}, "XEND_CONFIG is %q, and %q would be edited; say config = %q in the backend's block", value, r.path, value))
}

// xendPID is the process of xend; 0 when it does not run, or when that cannot
// be known. A lock or a process number may be left of one that was killed.
func (r *reading) xendPID() int {
	if r.live == nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(r.tree.Text("/var/run/xend.pid")))
	if err != nil || pid <= 0 {
		return 0
	}
	for argument := range strings.SplitSeq(r.tree.Text(fmt.Sprintf("/proc/%d/cmdline", pid)), "\x00") {
		if argument == "xend" || strings.HasSuffix(argument, "/xend") {
			return pid
		}
	}
	return 0
}

// leftover matches what network-bridge leaves: the card by another name (p and
// its own), the host's own end of a loop, and the bridge that it renames at the
// end.
var leftover = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(p(eth|em|bond)[0-9]+(\.[0-9]+)?|vif0\.[0-9]+|tmpbridge)$`)
})

var cardName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(eth|em|bond)[0-9]+$`) })

// leftovers reports what an earlier run of network-bridge has made and nobody
// declares.
func (r *reading) leftovers() {
	if r.live == nil {
		return
	}
	var found []string
	for _, name := range r.live.Names {
		_, declared := r.host.Interface(name)
		switch {
		case leftover().MatchString(name) && !declared:
			found = append(found, name)
		case cardName().MatchString(name) && slices.Contains(r.live.Bridges, name) && !declaredBridge(r.host, name):
			found = append(found, "the bridge "+name)
		}
	}
	if len(found) > 0 {
		r.found(ruleLeftover.At("", "network-bridge has left %s", strings.Join(found, ", ")))
	}
}
