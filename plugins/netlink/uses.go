package netlink

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"linkspan/core/backend"
	"linkspan/core/plan"
)

// use is something of this system that depends on a machine in the network.
type use struct {
	Of   string     `json:"of"` // "the NFS file system / from 192.0.2.9"
	Host netip.Addr `json:"host"`
}

// networkFiles are the kinds of file system that are on another machine.
var networkFiles = map[string]string{"nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "ceph": "Ceph", "gfs2": "GFS2", "ocfs2": "OCFS2"}

// readUses finds network file systems (proc(5), mountinfo) and iSCSI sessions
// (drivers/scsi/scsi_transport_iscsi.c). What is not there is not used.
func readUses() []use {
	var out []use
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
				out = append(out, use{fmt.Sprintf("the iSCSI disk at %s", ip), ip.Unmap()})
			}
		}
	}
	return out
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
			return []use{{fmt.Sprintf("the %s file system %s from %s", networkFiles[tail[0]], unescape(head[4]), ip), ip.Unmap()}}
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

// importants are the links of the default routes and of network file systems.
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
		if link := w.toward(u.Host); link != "" {
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
		at := slices.IndexFunc(p.below[i.link], func(n string) bool { return touched[n] })
		if at < 0 || said[i.link+i.why] {
			continue
		}
		said[i.link+i.why] = true
		text := fmt.Sprintf("%s carries %s and changes", i.link, i.why)
		if at > 0 {
			text = fmt.Sprintf("%s carries %s, and %s below it changes", i.link, i.why, p.below[i.link][at])
		}
		out = append(out, plan.Effect{Kind: plan.EffectOperator, Text: text, Objects: []plan.Ref{backend.Ref(i.link)}})
	}
	return out
}
