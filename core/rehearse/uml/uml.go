// Package uml boots a User-Mode Linux kernel as an ordinary process and runs
// this very executable as its only program. Where the running kernel has what
// is needed, it can also be run in namespaces of that one.
//
// The kernel needs no privilege and no virtualisation. Its root is the
// machine's own file system, mounted read-only through hostfs, so that nothing
// outside the share directory can be written. See README.md in the directory
// above for what it needs and how long it takes.
package uml

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Options say what to run in the kernel.
type Options struct {
	// Executable is run as init; it must call Main first of all. Empty means
	// the running executable.
	Executable string
	Args       []string // of the program inside, without its name
	Env        []string // KEY=VALUE, added inside
	Memory     int      // MiB; 0 means 256
	Modules    []string // kernel modules to load, with what they need; nil means DefaultModules
	// Stdout receives what the program inside writes, when it has ended.
	Stdout io.Writer
	// Interactive connects the console of the kernel with this terminal.
	Interactive bool
	// Terminal gives the program inside a terminal (/dev/tty1) whose other end
	// is a pseudo-terminal of the machine; the kernel's log says which.
	Terminal bool
	// Share is a directory that the program inside can write, as SharePath.
	// Empty means a temporary one that is removed at the end.
	Share string
}

// DefaultModules are what a network of cards, bonds, VLANs and bridges needs.
func DefaultModules() []string {
	return []string{"ipv6", "dummy", "veth", "8021q", "bridge", "bonding", "tun", "af_packet"}
}

// SharePath is where the share directory is seen inside.
const SharePath = "/run/share"

// request is what Boot leaves in the share for Main.
type request struct {
	Args        []string `json:"args"`
	Env         []string `json:"env"`
	Modules     []string `json:"modules"`
	ModulesDir  string   `json:"modules_dir"`
	Dir         string   `json:"dir"` // working directory
	Interactive bool     `json:"interactive"`
}

// ErrMissing is wrapped by the errors of Find: the machine has no such kernel.
var ErrMissing = errors.New("no User-Mode Linux kernel")

// Kernel is a kernel as found on the machine.
type Kernel struct {
	Path    string // of the kernel, an executable
	Modules string // directory that holds modules.dep
}

// Find looks for the kernel of Debian's package user-mode-linux, below prefix
// ("" is the real root; another one is where `dpkg -x` unpacked the package).
func Find(prefix string) (Kernel, error) {
	k := Kernel{Path: filepath.Join("/", prefix, "usr/bin/linux.uml")}
	if _, err := os.Stat(k.Path); err != nil {
		return Kernel{}, fmt.Errorf("%w: %s is not there (Debian package user-mode-linux)", ErrMissing, k.Path)
	}
	found, err := filepath.Glob(filepath.Join("/", prefix, "usr/lib/uml/modules/*/modules.dep"))
	if err != nil || len(found) == 0 {
		return Kernel{}, fmt.Errorf("%w: no modules below %s", ErrMissing, filepath.Join("/", prefix, "usr/lib/uml/modules"))
	}
	slices.Sort(found)
	k.Modules = filepath.Dir(found[len(found)-1])
	return k, nil
}

// Run boots the kernel, runs the program in it and returns the exit code of
// the program. When ctx ends the kernel is killed. Nothing is left behind.
func (k Kernel) Run(ctx context.Context, o Options) (int, error) {
	share, err := prepare(&o, k.Modules)
	if err != nil {
		return -1, err
	}
	if o.Share == "" {
		defer os.RemoveAll(share)
	}
	var console bytes.Buffer
	cmd, err := k.command(o, share, &console)
	if err != nil {
		return -1, err
	}
	if err = runUntil(ctx, cmd); err != nil && cmd.Process == nil {
		return -1, err
	}
	if o.Stdout != nil {
		copyFile(o.Stdout, filepath.Join(share, outputFile))
	}
	if ctx.Err() != nil {
		return -1, fmt.Errorf("the rehearsal kernel was stopped: %w\n%s", ctx.Err(), tail(console.Bytes()))
	}
	code, readErr := os.ReadFile(filepath.Join(share, exitFile))
	if readErr != nil {
		return -1, fmt.Errorf("the rehearsal kernel ended without a result (%v)\n%s", err, tail(console.Bytes()))
	}
	return strconv.Atoi(string(code))
}

const (
	requestFile = ".request.json"
	outputFile  = ".output"
	exitFile    = ".exit"
	environment = "LINKSPAN_UML"
)

// prepare makes the share and writes the request into it.
func prepare(o *Options, modules string) (string, error) {
	if o.Executable == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find the running executable: %w", err)
		}
		o.Executable = self
	}
	share := o.Share
	if share == "" {
		dir, err := os.MkdirTemp("", "linkspan-uml-")
		if err != nil {
			return "", fmt.Errorf("make the share of the rehearsal kernel: %w", err)
		}
		share = dir
	}
	if o.Modules == nil {
		o.Modules = DefaultModules()
	}
	dir, err := os.Getwd()
	if err != nil {
		dir = "/"
	}
	r := request{Args: o.Args, Env: o.Env, Modules: o.Modules, ModulesDir: modules, Dir: dir, Interactive: o.Interactive}
	b, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encode the request: %w", err)
	}
	return share, os.WriteFile(filepath.Join(share, requestFile), b, 0o600)
}

// withoutRaid6 leaves out of the boot what measures for 0.8 s which way of
// computing RAID 6 is the quickest (Linux lib/raid6/algos.c, raid6_select_algo).
// Nothing in the kernel may use RAID 6 then.
const withoutRaid6 = "initcall_blacklist=raid6_select_algo"

// loopsKnown spares the boot 60 ms in which it measures how long its delay loops
// take (Linux init/calibrate.c, lpj=): no driver that is used here waits in one.
const loopsKnown = "lpj=10000000"

func (k Kernel) command(o Options, share string, console *bytes.Buffer) (*exec.Cmd, error) {
	memory := o.Memory
	if memory == 0 {
		memory = 256
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the running executable: %w", err)
	}
	cmd := exec.Command(self, fmt.Sprintf("mem=%dM", memory), "rootfstype=hostfs", "rootflags=/", "ro",
		"init="+o.Executable, "con=null", "con0=fd:0,fd:1", "quiet", "panic=-1", withoutRaid6, loopsKnown, "uml_dir="+share+"/.uml", "umid=rehearsal",
		environment+"="+share)
	if o.Terminal {
		cmd.Args = append(cmd.Args, "con1=pts")
	}
	cmd.Args = append(cmd.Args, narrowEnvironment()...) // the kernel hands KEY=VALUE on to init
	cmd.Env = append(os.Environ(), memoryDirectory(share), launching+"="+k.Path, sharing+"="+share)
	// A group of its own, so that Ctrl-C reaches us and not the kernel.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !o.Interactive}
	cmd.Stdout, cmd.Stderr = console, console
	if o.Interactive {
		cmd.Args = append(cmd.Args, "loglevel=1") // a terminal is for what the person does there
		cmd.Env = append(cmd.Env, onTerminal+"=1")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	}
	return cmd, nil
}

// memoryDirectory says where the kernel keeps the file that is its memory: on
// a tmpfs where there is one, else in the share.
func memoryDirectory(share string) string {
	const shm = "/dev/shm"
	probe, err := os.CreateTemp(shm, "linkspan-")
	if err != nil {
		return "TMPDIR=" + share
	}
	probe.Close()
	os.Remove(probe.Name())
	return "TMPDIR=" + shm
}

// runUntil runs the kernel's warden until it has ended; when ctx ends the
// warden is told to end the kernel.
func runUntil(ctx context.Context, cmd *exec.Cmd) error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start the rehearsal kernel: %w", err)
	}
	defer ours.Close()
	cmd.ExtraFiles = []*os.File{theirs} // wardenPipe
	cmd.WaitDelay = 2 * time.Second
	if err := errors.Join(cmd.Start(), theirs.Close()); err != nil {
		return fmt.Errorf("start the rehearsal kernel: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		if _, err := ours.Write([]byte{stopByte}); err != nil {
			return fmt.Errorf("end the rehearsal kernel: %w", err)
		}
		return <-done
	}
}

func copyFile(w io.Writer, path string) {
	f, err := os.Open(path)
	if err != nil {
		return // the kernel died before it wrote: Run tells of that
	}
	defer f.Close()
	_, _ = io.Copy(w, f)
}

// tail gives the last lines of what the kernel said.
func tail(b []byte) []byte {
	const most = 4000
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return bytes.TrimSpace(b)
}
