package survey

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
)

// Use is something of this system that depends on the network.
type Use struct {
	Of   string     `json:"of"`            // "the NFS file system / from 192.0.2.9"
	Host netip.Addr `json:"host,omitzero"` // the other end
	Here netip.Addr `json:"here,omitzero"` // this end, where it is known
}

// networkFiles are the kinds of file system that are on another machine.
var networkFiles = map[string]string{"nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "ceph": "Ceph", "gfs2": "GFS2", "ocfs2": "OCFS2"}

// ReadUses finds SSH sessions, network file systems (proc(5), mountinfo) and
// iSCSI sessions (drivers/scsi/scsi_transport_iscsi.c). What is not there is
// not used.
func ReadUses() []Use {
	var out []Use
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
				out = append(out, Use{Of: fmt.Sprintf("the iSCSI disk at %s", ip), Host: ip.Unmap()})
			}
		}
	}
	return out
}

// sessions reads the established connections to port 22 out of a table of the
// kernel (proc_net_tcp.rst): "0: 0200A8C0:0016 0100A8C0:C001 01 …".
func sessions(table string) []Use {
	const ssh, established = 22, "01"
	var out []Use
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 4 || f[3] != established {
			continue
		}
		here, ok := endpoint(f[1])
		there, also := endpoint(f[2])
		if ok && also && here.Port() == ssh && !here.Addr().IsLoopback() {
			out = append(out, Use{Of: fmt.Sprintf("an SSH session from %s to %s", there.Addr(), here.Addr()), Here: here.Addr()})
		}
	}
	slices.SortFunc(out, func(a, b Use) int { return strings.Compare(a.Of, b.Of) })
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
func mounted(line string) []Use {
	before, after, ok := strings.Cut(line, " - ")
	head, tail := strings.Fields(before), strings.Fields(after)
	if !ok || len(head) < 5 || len(tail) < 3 || networkFiles[tail[0]] == "" {
		return nil
	}
	for _, o := range strings.Split(tail[2], ",") {
		name, value, _ := strings.Cut(o, "=")
		if ip, err := netip.ParseAddr(value); err == nil && name == "addr" {
			return []Use{{Of: fmt.Sprintf("the %s file system %s from %s", networkFiles[tail[0]], unescape(head[4]), ip), Host: ip.Unmap()}}
		}
	}
	return nil
}

// unescape undoes what mountinfo does to blanks in names.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`).Replace(s)
}
