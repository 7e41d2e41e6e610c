package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/rehearse/uml"
	"linkspan/plugins/internal/wire"
	"linkspan/plugins/trust"
)

// process runs a plugin's executable in a session of its own: without the
// operator's standard input, and with a pipe that tells it when the program
// has died. It is a runner.Runner of go-plugin.
type process struct {
	cmd        *exec.Cmd // nil for a backend in this process
	stop       func()    // ends that one
	executable *os.File  // what was checked, and is what is executed; nil for a built-in one
	stdout     io.ReadCloser
	stderr     io.ReadCloser
	alive      *os.File // our end of the pipe
	log        *lastLine
	sockets    string                // the directory below which its socket must lie
	address    string                // of its socket, once it has said it
	ended      chan struct{}         // closed when the plugin has ended
	exit       atomic.Pointer[error] // of cmd.Wait
	// busy counts operations that the plugin may have in hand: it is given time
	// to finish them before it is killed.
	busy atomic.Int32
}

// newProcess prepares the executable with the environment that go-plugin wants
// to give, and the few variables that a plugin gets beside it.
func newProcess(x trust.Executable, handshake []string, sockets string, log *lastLine) (*process, error) {
	p := &process{cmd: exec.Command(x.Run, x.Args...), executable: x.File, sockets: sockets, log: log, ended: make(chan struct{})}
	p.cmd.Args[0] = x.Path
	p.cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", fmt.Sprintf("%s=%d", wire.AliveVariable, wire.AliveFD)}, handshake...)
	p.cmd.Env = append(p.cmd.Env, uml.HandOn()...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	var err error
	if p.stdout, err = p.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if p.stderr, err = p.cmd.StderrPipe(); err != nil {
		return nil, err
	}
	return p, nil
}

// Start starts the executable.
func (p *process) Start(context.Context) error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return err
	}
	p.cmd.ExtraFiles = []*os.File{theirs} // wire.AliveFD
	if p.executable != nil {
		p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, p.executable) // trust.ExecutableFD
		defer p.executable.Close()
	}
	p.alive = ours
	if err := errors.Join(onStarter(p.cmd.Start), theirs.Close()); err != nil {
		return errors.Join(err, ours.Close())
	}
	go p.watch()
	return nil
}

// watch waits for the plugin's end without reaping it, so that its process
// group still is its own, and ends what it has started.
func (p *process) watch() {
	for {
		err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	p.killGroup() // the plugin is dead, and the others have nobody to answer to
	p.alive.Close()
	close(p.ended)
}

func (p *process) killGroup() error {
	if p.cmd == nil {
		p.stop()
		return nil
	}
	err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// Wait waits for the end of the process.
func (p *process) Wait(context.Context) error {
	<-p.ended
	err := p.cmd.Wait()
	p.exit.Store(&err)
	return err
}

// exitError says how the process ended, e.g. "exit status 3"; "" when it ended
// well or that is not known.
func (p *process) exitError() string {
	for range 100 { // it has ended; its exit status comes when its pipes are empty
		if err := p.exit.Load(); err != nil {
			if *err == nil {
				return ""
			}
			return (*err).Error()
		}
		time.Sleep(5 * time.Millisecond)
	}
	return ""
}

// Kill ends the plugin and everything that it has started in its session's
// process group. Operations in hand are finished first.
func (p *process) Kill(context.Context) error {
	if p.cmd.Process == nil {
		return nil
	}
	if p.busy.Load() > 0 && p.endsWithin(wire.FinishTime) {
		return nil
	}
	if p.endsWithin(0) {
		return nil
	}
	err := p.killGroup()
	if !p.endsWithin(time.Second) {
		err = errors.Join(err, fmt.Errorf("process %d does not end", p.cmd.Process.Pid))
	}
	// Whoever else holds the other ends, in a session of its own, is not waited for.
	return errors.Join(err, p.stdout.Close(), p.stderr.Close())
}

// endsWithin reports whether the plugin ends within a time.
func (p *process) endsWithin(d time.Duration) bool {
	select {
	case <-p.ended:
		return true
	default:
	}
	if d == 0 {
		return false
	}
	select {
	case <-p.ended:
		return true
	case <-time.After(d):
		return false
	}
}

// Diagnose says what is known when the handshake fails; see startError.
func (p *process) Diagnose(context.Context) string { return "" }

func (p *process) Stdout() io.ReadCloser { return newFirstLine(p.stdout, p.log) }
func (p *process) Stderr() io.ReadCloser { return logReader{p.stderr, p.log} }
func (p *process) Name() string          { return p.cmd.Args[0] }

func (p *process) ID() string {
	if p.cmd.Process == nil {
		return ""
	}
	return fmt.Sprint(p.cmd.Process.Pid)
}

// PluginToHost takes the address that the plugin listens on: a Unix socket in
// the directory that it was given, which only this user can enter.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	if network != "unix" || !strings.HasPrefix(address, p.sockets+"/") || strings.Contains(address, "/../") {
		return "", "", fmt.Errorf("it listens on %s %q and not on a Unix socket below %q", network, address, p.sockets)
	}
	p.address = address
	return network, address, nil
}

// HostToPlugin: both sides see the same file system.
func (*process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
