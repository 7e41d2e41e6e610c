package plugins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"linkspan/core/rehearse/uml"
)

// process runs a plugin's executable in a session of its own: without the
// operator's standard input, and with a pipe that tells it when the program
// has died. It is a runner.Runner of go-plugin.
type process struct {
	cmd    *exec.Cmd
	stdout io.ReadCloser
	stderr io.ReadCloser
	alive  *os.File // our end of the pipe
}

// newProcess prepares the executable with the environment that go-plugin wants
// to give, and the few variables that a plugin gets beside it.
func newProcess(path string, args, handshake []string) (*process, error) {
	p := &process{cmd: exec.Command(path, args...)}
	p.cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "LINKSPAN_PLUGIN_ALIVE_FD=3"}, handshake...)
	p.cmd.Env = append(p.cmd.Env, uml.HandOn()...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
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
	p.cmd.ExtraFiles = []*os.File{theirs} // descriptor 3
	p.alive = ours
	return errors.Join(p.cmd.Start(), theirs.Close())
}

// Wait waits for the end of the process.
func (p *process) Wait(context.Context) error { return p.cmd.Wait() }

// Kill ends the plugin and everything that it has started in its session's
// process group.
func (p *process) Kill(context.Context) error {
	if p.alive != nil {
		p.alive.Close()
	}
	if p.cmd.Process == nil {
		return nil
	}
	err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// Diagnose says what is known when the handshake fails.
func (p *process) Diagnose(context.Context) string {
	info, err := os.Stat(p.cmd.Path)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s, mode %s, %d bytes, is perhaps no linkspan plugin", p.cmd.Path, info.Mode(), info.Size())
}

func (p *process) Stdout() io.ReadCloser { return p.stdout }
func (p *process) Stderr() io.ReadCloser { return p.stderr }
func (p *process) Name() string          { return p.cmd.Path }

func (p *process) ID() string {
	if p.cmd.Process == nil {
		return ""
	}
	return fmt.Sprint(p.cmd.Process.Pid)
}

// PluginToHost and HostToPlugin: both sides see the same file system.
func (*process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

func (*process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
