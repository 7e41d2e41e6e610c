package launch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// dial connects to the plugin's socket and checks who listens there: the
// process that was started, or one of its session, as this user. Together with
// a directory that only this user can enter that does what certificates would
// do, at no cost and for authors in every language.
func (p *process) dial(ctx context.Context, _ string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", p.address)
	if err != nil {
		return nil, err
	}
	if err := p.checkPeer(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (p *process) checkPeer(conn net.Conn) error {
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return fmt.Errorf("%T is no Unix socket", conn)
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) { peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("who listens on its socket: %w", failed)
	}
	session, err := unix.Getsid(int(peer.Pid))
	if err != nil || int(peer.Uid) != os.Geteuid() || session != p.cmd.Process.Pid {
		return fmt.Errorf("process %d of user %d listens on its socket, which is not the process %d that was started", peer.Pid, peer.Uid, p.cmd.Process.Pid)
	}
	return nil
}
