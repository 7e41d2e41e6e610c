package netlink

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"linkspan/core/backend"
	"linkspan/core/plan"
)

// use is something of this system that depends on the network.
type use struct {
	Of   string     `json:"of"`            // "the NFS file system / from 192.0.2.9"
	Host netip.Addr `json:"host,omitzero"` // the other end
	Here netip.Addr `json:"here,omitzero"` // this end, where it is known
}

// networkFiles are the kinds of file system that are on another machine.
var networkFiles = map[string]string{"nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "ceph": "Ceph", "gfs2": "GFS2", "ocfs2": "OCFS2"}

// readUses finds SSH sessions, network file systems (proc(5), mountinfo) and
// iSCSI sessions (drivers/scsi/scsi_transport_iscsi.c). What is not there is
// not used.
func readUses() []use {
	var out []use
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if b, err := os.ReadFile(table); err == nil {
			out = append(out, sessions(string(b))...)
		}
	}
	if f, err := os.Open("/proc/self/mountinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			out = append(out, mounted(lines.Text())...)
		}
	}
	found, err := filepath.Glob("/sys/class/iscsi_connection/*/persistent_address")
	if err != nil {
		return out
	}
	for _, path := range found {
		if b, err := os.ReadFile(path); err == nil {
			if ip, err := netip.ParseAddr(strings.TrimSpace(string(b))); err == nil {
				out = append(out, use{Of: fmt.Sprintf("the iSCSI disk at %s", ip), Host: ip.Unmap()})
			}
		}
	}
	return out
}

// sessions reads the established connections to port 22 out of a table of the
// kernel (proc_net_tcp.rst): "0: 0200A8C0:0016 0100A8C0:C001 01 …".
func sessions(table string) []use {
	const ssh, established = 22, "01"
	var out []use
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 4 || f[3] != established {
			continue
		}
		here, ok := endpoint(f[1])
		there, also := endpoint(f[2])
		if ok && also && here.Port() == ssh && !here.Addr().IsLoopback() {
			out = append(out, use{Of: fmt.Sprintf("an SSH session from %s to %s", there.Addr(), here.Addr()), Here: here.Addr()})
		}
	}
	slices.SortFunc(out, func(a, b use) int { return strings.Compare(a.Of, b.Of) })
	return slices.Compact(out)
}

// endpoint reads an address of such a table: words of 32 bits in the order of
// the machine, and the port, all in hexadecimal.
func endpoint(s string) (netip.AddrPort, bool) {
	address, port, _ := strings.Cut(s, ":")
	raw, err := hex.DecodeString(address)
	n, errPort := strconv.ParseUint(port, 16, 16)
	if err != nil || errPort != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	ip, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), ok
}

// mounted reads a line of mountinfo: "36 35 0:30 / /srv rw - nfs4 host:/x rw,addr=192.0.2.9".
func mounted(line string) []use {
	before, after, ok := strings.Cut(line, " - ")
	head, tail := strings.Fields(before), strings.Fields(after)
	if !ok || len(head) < 5 || len(tail) < 3 || networkFiles[tail[0]] == "" {
		return nil
	}
	for _, o := range strings.Split(tail[2], ",") {
		name, value, _ := strings.Cut(o, "=")
		if ip, err := netip.ParseAddr(value); err == nil && name == "addr" {
			return []use{{Of: fmt.Sprintf("the %s file system %s from %s", networkFiles[tail[0]], unescape(head[4]), ip), Host: ip.Unmap()}}
		}
	}
	return nil
}

// unescape undoes what mountinfo does to blanks in names.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`).Replace(s)
}

// toward is the link by which packets leave for an address; "" is none. The
// longest prefix counts, of the main table alone.
func (w *world) toward(ip netip.Addr) string {
	best, link := -1, ""
	for _, name := range w.all() {
		for _, a := range w.addresses[name] {
			if p := a.Prefix.Masked(); p.Contains(ip) && p.Bits() > best && w.link(name).Up {
				best, link = p.Bits(), name
			}
		}
	}
	for _, s := range w.slots {
		if s.Table != unix.RT_TABLE_MAIN || !s.To.Contains(ip) || s.To.Bits() <= best {
			continue
		}
		for _, r := range w.routes[s] {
			if links := r.Links(); links[0] != "" {
				best, link = s.To.Bits(), links[0]
			}
		}
	}
	return link
}

// important is a link that something depends on.
type important struct{ link, why string }

// importants are the links of the default routes and of what is in use.
func (w *world) importants(uses []use) []important {
	var out []important
	for _, s := range w.slots {
		for _, r := range w.routes[s] {
			if s.To.Bits() != 0 || r.Type != unix.RTN_UNICAST {
				continue
			}
			for _, link := range r.Links() {
				why := "the default route " + strings.TrimPrefix(words(r), "default ")
				out = append(out, important{link, why})
			}
		}
	}
	for _, u := range uses {
		links := w.holders[u.Here]
		if !u.Here.IsValid() {
			links = []string{w.toward(u.Host)}
		}
		for _, link := range links {
			out = append(out, important{link, u.Of})
		}
	}
	return slices.DeleteFunc(out, func(i important) bool { return w.link(i.link) == nil })
}

// below lists a link and all that it stands on.
func (w *world) below(name string) []string {
	out, seen := []string{name}, map[string]bool{name: true}
	for i := 0; i < len(out); i++ {
		for _, l := range w.lowers(out[i]) {
			if !seen[l] {
				seen[l] = true
				out = append(out, l)
			}
		}
	}
	return out
}

// paths name what depends on a link that the plan touches, or on one below it.
type paths struct {
	of    []important
	below map[string][]string // of each link, before anything is done
}

func (w *world) paths(uses []use) paths {
	out := paths{of: w.importants(uses), below: make(map[string][]string)}
	for _, i := range out.of {
		out.below[i.link] = w.below(i.link)
	}
	return out
}

func (p paths) effects(steps []planned) []plan.Effect {
	touched := make(map[string]bool)
	for _, s := range steps {
		if s.Do != doAnnounce && s.Do != doReady {
			touched[s.Link] = true
		}
	}
	var out []plan.Effect
	said := make(map[string]bool)
	for _, i := range p.of {
		below := p.below[i.link][1:]
		at := slices.IndexFunc(below, func(n string) bool { return touched[n] })
		if at < 0 && !touched[i.link] || said[i.link+i.why] {
			continue
		}
		said[i.link+i.why] = true
		text := fmt.Sprintf("%s carries %s and changes", i.link, i.why)
		if at >= 0 {
			text = fmt.Sprintf("%s carries %s, and %s below it changes", i.link, i.why, below[at])
		}
		out = append(out, plan.Effect{Kind: plan.EffectOperator, Text: text, Objects: []plan.Ref{backend.Ref(i.link)}})
	}
	return out
}
