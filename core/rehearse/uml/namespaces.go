package uml

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Namespaces are a machine of their own on the running kernel: a user, a
// network, a file system tree and processes that see nothing else. All of the
// machine's file systems are read-only in them. They need no privilege where
// the kernel lets everybody have them.
type Namespaces struct{}

// inNamespaces is the environment variable that tells start where it is.
const inNamespaces = "LINKSPAN_UML_NAMESPACES"

// probe is the argument with which the program inside only begins and ends.
const probe = "rehearsal-probe"

// parts of the running kernel that a network of cards, bonds, VLANs and bridges
// needs, each with a function that the kernel has together with it. They are
// not loaded: the module of the bonding driver makes a bond0 when it is.
var parts = map[string]string{"veth": "veth_newlink", "8021q": "register_vlan_dev", "bridge": "br_add_if", "bonding": "bond_enslave"}

// FindNamespaces reports whether the running kernel has what is needed, by
// trying it. The error wraps ErrMissing where it has not.
func FindNamespaces(ctx context.Context) (Namespaces, error) {
	lacks, err := lacking("/proc/kallsyms")
	if err != nil {
		return Namespaces{}, fmt.Errorf("%w of this machine can be used: %w", ErrMissing, err)
	}
	if len(lacks) > 0 {
		return Namespaces{}, fmt.Errorf("%w of this machine can be used: the running kernel lacks %s", ErrMissing, strings.Join(lacks, ", "))
	}
	var said strings.Builder
	if code, err := (Namespaces{}).Run(ctx, Options{Args: []string{probe}, Stdout: &said}); err != nil || code != 0 {
		return Namespaces{}, fmt.Errorf("%w of this machine can be used: %v %s", ErrMissing, err, said.String())
	}
	return Namespaces{}, nil
}

// lacking lists the parts that are not among the kernel's functions.
func lacking(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("look what the running kernel has: %w", err)
	}
	defer f.Close()
	has := make(map[string]bool)
	lines := bufio.NewScanner(f)
	for lines.Scan() { // "ffffffffc0a01230 t bond_enslave	[bonding]"
		if words := strings.Fields(lines.Text()); len(words) > 2 {
			has[words[2]] = true
		}
	}
	var out []string
	for part, function := range parts {
		if !has[function] {
			out = append(out, part)
		}
	}
	slices.Sort(out)
	return out, lines.Err()
}

// Run runs the program in namespaces of its own, as Kernel.Run does in a
// kernel. When ctx ends, all that runs in them is killed.
func (Namespaces) Run(ctx context.Context, o Options) (int, error) {
	if o.Interactive || o.Terminal {
		return -1, errors.New("namespaces have no terminal of their own")
	}
	share, err := prepare(&o, "")
	if err != nil {
		return -1, err
	}
	if o.Share == "" {
		defer os.RemoveAll(share)
	}
	cmd := exec.Command(o.Executable)
	cmd.Env = append(os.Environ(), environment+"="+share, inNamespaces+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Setpgid:     true, Pdeathsig: syscall.SIGKILL,
	}
	var console strings.Builder
	cmd.Stdout, cmd.Stderr = &console, &console
	runtime.LockOSThread() // PR_SET_PDEATHSIG goes by the thread
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return -1, fmt.Errorf("make namespaces: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-ctx.Done():
		_ = cmd.Process.Kill() // the first process of the namespaces takes all others with it
		<-done
		return -1, fmt.Errorf("stopped: %w", ctx.Err())
	}
	if o.Stdout != nil {
		copyFile(o.Stdout, filepath.Join(share, outputFile))
	}
	code, err := os.ReadFile(filepath.Join(share, exitFile))
	if err != nil {
		return -1, fmt.Errorf("what ran in namespaces ended without a result: %s", strings.TrimSpace(console.String()))
	}
	return strconv.Atoi(string(code))
}

// mountNamespaces makes the file system tree that the program sees: the
// machine's, read-only, with /proc, /sys and /run of its own.
func mountNamespaces(share string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("part from the machine's mounts: %w", err)
	}
	dir, err := unix.Open(share, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open the share: %w", err)
	}
	defer unix.Close(dir)
	readOnly := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(-1, "/", unix.AT_RECURSIVE, &readOnly); err != nil {
		return fmt.Errorf("make the machine's file systems read-only (needs Linux 5.12): %w", err)
	}
	for _, m := range []struct{ kind, at, data string }{{"proc", "/proc", ""}, {"sysfs", "/sys", ""}, {"tmpfs", "/run", "mode=755"}} {
		if err := unix.Mount(m.kind, m.at, m.kind, 0, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.at, err)
		}
	}
	if err := os.MkdirAll("/run/netns", 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(SharePath, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(fmt.Sprintf("/proc/self/fd/%d", dir), SharePath, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount the share %s: %w", share, err)
	}
	writable := unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(-1, SharePath, 0, &writable); err != nil {
		return fmt.Errorf("make the share writable: %w", err)
	}
	return nil
}
