package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/hook"
	"linkspan/core/host"
	own "linkspan/core/process"
)

// maxOutput is how much of what a command says a script gets, of each stream,
// and how much of a file; in bytes.
const maxOutput = 1 << 20

// HostEnv is the environment of a hook that runs for real: a hook.Env that
// does what is asked on this host.
type HostEnv struct {
	Hook   host.Hook
	Root   string                                              // where the host's files are; "" is "/"
	Silent bool                                                // of phase validate: no command is run
	Say    func(line string)                                   // shows a line
	Record func(command []string) error                        // is told of a command before it runs; an error keeps it from running
	Keep   func(key, value string)                             // keeps a value
	Ask    func(ctx context.Context) ([]hook.Interface, error) // tells the interfaces as they are
}

// Log shows a line.
func (e *HostEnv) Log(format string, args ...any) { e.Say(fmt.Sprintf(format, args...)) }

// Set keeps a value.
func (e *HostEnv) Set(key, value string) { e.Keep(key, value) }

// Network tells the host's interfaces as they are.
func (e *HostEnv) Network(ctx context.Context) ([]hook.Interface, error) { return e.Ask(ctx) }

// Run runs a command, if the hook's block allows it.
func (e *HostEnv) Run(ctx context.Context, path string, args ...string) (hook.Output, error) {
	argv := append([]string{path}, args...)
	if !slices.Contains(e.Hook.Allow, path) {
		return hook.Output{}, &hook.NotAllowed{Path: path}
	}
	if e.Silent {
		return hook.Output{}, fmt.Errorf("%s: in phase validate nothing is run; hand in what it would say as config, or run it in pre_apply", path)
	}
	if err := e.Record(argv); err != nil {
		return hook.Output{}, fmt.Errorf("%s: %w", path, err)
	}
	return runCommand(ctx, argv, e.Hook.Env)
}

// runCommand runs a command in a process group of its own. What is left of the
// group when the command ends is killed; when ctx ends, all that it has
// started is. When this program dies, so does the command; see package process.
func runCommand(ctx context.Context, argv []string, env map[string]string) (hook.Output, error) {
	marked, err := own.Mark()
	if err != nil {
		return hook.Output{}, err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Env = append(cmd.Env, marked)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var stdout, stderr head
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// It dies with the thread that has started it (prctl(2), PR_SET_PDEATHSIG).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = cmd.Run()
	if cmd.Process != nil {
		// Nobody is left there usually.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	out := hook.Output{Stdout: stdout.text.String(), Stderr: stderr.text.String()}
	if cmd.ProcessState != nil {
		out.Code = cmd.ProcessState.ExitCode()
	}
	switch {
	case ctx.Err() != nil:
		own.End(marked)
		err = fmt.Errorf("%w; it was killed", context.Cause(ctx))
	case errors.Is(err, exec.ErrWaitDelay):
		err = errors.New("it ended, but what it has started in the background kept its output open, and was killed")
	}
	if err != nil {
		return out, fmt.Errorf("%s: %w%s", strings.Join(argv, " "), err, lastOf(out.Stderr))
	}
	return out, nil
}

func lastOf(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return ": " + last
	}
	return ""
}

// head keeps the beginning of what is written. (An embedded bytes.Buffer would
// lend it ReadFrom, and io.Copy would go past Write.)
type head struct{ text bytes.Buffer }

// Write takes everything.
func (h *head) Write(p []byte) (int, error) {
	if room := maxOutput - h.text.Len(); room > 0 {
		h.text.Write(p[:min(room, len(p))]) // a buffer takes everything
	}
	return len(p), nil
}

// ReadFile reads a file of the host: one that everybody may read, unless the
// hook is privileged.
func (e *HostEnv) ReadFile(name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		return nil, fmt.Errorf("%q is no absolute path", name)
	}
	base := e.Root
	if base == "" {
		base = "/"
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	rel := strings.TrimPrefix(filepath.Clean(name), "/")
	// O_NONBLOCK: opening a FIFO must not wait for a writer.
	f, err := root.OpenFile(rel, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	if !e.Hook.Privileged {
		if err := public(f, base); err != nil {
			return nil, fmt.Errorf("%s is not for everybody to read (%w), and the hook is not privileged", name, err)
		}
	}
	content, err := io.ReadAll(io.LimitReader(f, maxOutput+1))
	if err == nil && len(content) > maxOutput {
		err = errors.New(name + " has more than 1 MiB")
	}
	return content, err
}

// public refuses a file that not everybody may read, or that lies below a
// directory, as far up as base, that not everybody may enter.
func public(f *os.File, base string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode()&0o004 == 0 {
		return fmt.Errorf("mode %04o", info.Mode().Perm())
	}
	at, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd())) // symlinks resolved
	if err != nil {
		return err
	}
	for dir := filepath.Dir(at); dir != "/" && dir != filepath.Clean(base); dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if info.Mode()&0o001 == 0 {
			return fmt.Errorf("%s has mode %04o", dir, info.Mode().Perm())
		}
	}
	return nil
}
