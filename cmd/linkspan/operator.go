package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// operatorAddress is the address of this host that the operator's SSH session
// came in on; "" when there is none. SSH_CONNECTION tells (sshd(8): client's
// address and port, server's address and port); sudo drops it, so then the
// socket of the sshd among this process's ancestors does.
func operatorAddress(getenv func(string) string) string {
	if f := strings.Fields(getenv("SSH_CONNECTION")); len(f) == 4 {
		if a, err := netip.ParseAddr(f[2]); err == nil {
			return a.Unmap().WithZone("").String()
		}
	}
	for pid := os.Getppid(); pid > 1; {
		name, parent, err := processStat(pid)
		if err != nil {
			return ""
		}
		if strings.HasPrefix(name, "sshd") {
			if a := connectionOf(pid); a != "" {
				return a
			}
		}
		pid = parent
	}
	return ""
}

// processStat gives a process's name and parent from /proc/PID/stat (proc(5)):
// the name is in parentheses and may hold any character.
func processStat(pid int) (name string, parent int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, err
	}
	open, end := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
	if open < 0 || end < open {
		return "", 0, fmt.Errorf("stat of process %d: no name in it", pid)
	}
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) < 2 {
		return "", 0, fmt.Errorf("stat of process %d: too short", pid)
	}
	parent, err = strconv.Atoi(fields[1])
	return string(text[open+1 : end]), parent, err
}

// connectionOf is the local address of a process's established TCP connection;
// "" when it has none, or its descriptors are another user's.
func connectionOf(pid int) string {
	descriptors, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil { // only a wrong pattern
		return ""
	}
	var sockets []string
	for _, d := range descriptors {
		to, err := os.Readlink(d)
		if inode, ok := strings.CutPrefix(to, "socket:["); ok && err == nil {
			sockets = append(sockets, strings.TrimSuffix(inode, "]"))
		}
	}
	for _, table := range []string{"tcp", "tcp6"} {
		if a := established(fmt.Sprintf("/proc/%d/net/%s", pid, table), sockets); a != "" {
			return a
		}
	}
	return ""
}

// established finds a connection of one of the sockets in a table of
// connections (proc(5), /proc/net/tcp: local address in field 1, state in 3
// with 01 for established, inode in 9).
func established(table string, sockets []string) string {
	f, err := os.Open(table)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		field := strings.Fields(lines.Text())
		if len(field) < 10 || field[3] != "01" || !slices.Contains(sockets, field[9]) {
			continue
		}
		if a, ok := tableAddress(field[1]); ok {
			return a.String()
		}
	}
	return ""
}

// tableAddress reads "0200A8C0:0016": 32-bit words in the machine's byte
// order, which is taken to be little-endian as on every hypervisor's CPU.
func tableAddress(text string) (netip.Addr, bool) {
	word, _, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(word)
	if err != nil || len(b)%4 != 0 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	a, ok := netip.AddrFromSlice(b)
	return a.Unmap(), ok
}
