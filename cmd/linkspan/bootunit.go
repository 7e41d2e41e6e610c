package main

import (
	"fmt"
	"os"
	"strings"
)

// bootUnits are what runs `linkspan recover` at boot, by the kind of init; %s is
// the command.
var bootUnits = map[string]string{
	// After the file systems and before whatever brings the network up: the
	// scripts (network.service), NetworkManager, networkd, ifupdown; and xend,
	// which has a network script of its own. With default dependencies it would
	// run after basic.target, which network-pre.target does not wait for
	// (systemd.special(7)).
	"systemd": `[Unit]
Description=linkspan: put back what a crash or a power cut left half done
DefaultDependencies=no
RequiresMountsFor=/var/lib/linkspan /etc
After=local-fs.target
Before=network-pre.target network.service NetworkManager.service systemd-networkd.service networking.service xend.service
Wants=network-pre.target
Conflicts=shutdown.target
Before=shutdown.target
ConditionDirectoryNotEmpty=/var/lib/linkspan/applies

[Service]
Type=oneshot
ExecStart=%s
TimeoutStartSec=15min

[Install]
WantedBy=multi-user.target
`,
	// "network" starts at 10 (initscripts etc/rc.d/init.d/network, chkconfig line).
	"sysv": `#!/bin/sh
# chkconfig: 2345 09 91
# description: puts back what a crash or a power cut left half done
### BEGIN INIT INFO
# Provides: linkspan-recover
# Required-Start: $local_fs
# Required-Stop:
# X-Start-Before: network NetworkManager xend
# Default-Start: 2 3 4 5
# Default-Stop:
# Short-Description: undo of an unfinished change of the network
### END INIT INFO
case "$1" in
start) exec %s ;;
stop | status) exit 0 ;;
restart | reload | force-reload) exit 0 ;;
*)
	echo "Usage: $0 start" >&2
	exit 2
	;;
esac
`,
}

// printUnit writes the unit for a kind of init, for this executable.
func (a *app) printUnit(kind string) error {
	unit, ok := bootUnits[kind]
	if !ok {
		return usage(fmt.Errorf("-print-unit is systemd or sysv, not %q", kind))
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := []string{self, "recover"}
	if a.flags.stateDir != "" {
		command = append(command, "-state-dir", a.absolute(a.flags.stateDir))
		unit = strings.ReplaceAll(unit, "/var/lib/linkspan", a.absolute(a.flags.stateDir))
	}
	_, err = fmt.Fprintf(a.stdout, unit, strings.Join(command, " "))
	return err
}
