package uml

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Inside reports whether this process is the program in a rehearsal kernel.
func Inside() bool { return os.Getenv(environment) != "" && os.Getpid() == 1 }

// Main is called at the very start of a program that may be run inside. On an
// ordinary machine it returns at once. Inside, it prepares the kernel, sets
// os.Args, calls program, and halts the kernel with the exit code that program
// returned.
func Main(program func() int) {
	if kernel := os.Getenv(launching); kernel != "" {
		os.Exit(warden(kernel))
	}
	if !Inside() {
		return
	}
	code := 125
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, "rehearsal kernel:", err)
	} else if len(os.Args) == 2 && os.Args[1] == probe {
		code = 0
	} else {
		code = program()
	}
	if err := os.WriteFile(filepath.Join(SharePath, exitFile), []byte(strconv.Itoa(code)), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "rehearsal kernel:", err)
	}
	if os.Getenv(inNamespaces) != "" {
		os.Exit(code)
	}
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	os.Exit(code) // not reached: the kernel is off
}

// start mounts what a program expects, takes the request and loads modules.
func start() error {
	share := os.Getenv(environment)
	mount := mountKernel
	if os.Getenv(inNamespaces) != "" {
		mount = mountNamespaces
	}
	if err := mount(share); err != nil {
		return err
	}
	var r request
	b, err := os.ReadFile(filepath.Join(SharePath, requestFile))
	if err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("decode the request: %w", err)
	}
	return enter(r)
}

// mountKernel mounts what a kernel has that has just begun.
func mountKernel(share string) error {
	mounts := []struct{ kind, at, data string }{
		{"proc", "/proc", ""}, {"sysfs", "/sys", ""}, {"devtmpfs", "/dev", ""}, {"tmpfs", "/run", "mode=755"},
	}
	for _, m := range mounts {
		if err := unix.Mount(m.kind, m.at, m.kind, 0, m.data); err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("mount %s: %w", m.at, err)
		}
	}
	for _, dir := range []string{SharePath, "/run/netns"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("make %s: %w", dir, err)
		}
	}
	if err := unix.Mount("none", SharePath, "hostfs", 0, share); err != nil {
		return fmt.Errorf("mount the share %s: %w", share, err)
	}
	return nil
}

// enter makes this process look like one that was started with the request.
func enter(r request) error {
	if !r.Interactive {
		out, err := os.OpenFile(filepath.Join(SharePath, outputFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("open the output: %w", err)
		}
		for _, fd := range []int{1, 2} {
			if err := unix.Dup2(int(out.Fd()), fd); err != nil {
				return fmt.Errorf("redirect the output: %w", err)
			}
		}
	}
	if os.Getenv(inNamespaces) == "" {
		if err := prepareKernel(r); err != nil {
			return err
		}
	}
	for _, kv := range append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/run", "TMPDIR=/run", "LC_ALL=C"}, r.Env...) {
		key, value, _ := strings.Cut(kv, "=")
		if err := os.Setenv(key, value); err != nil {
			return fmt.Errorf("set %s: %w", key, err)
		}
	}
	if err := os.Chdir(r.Dir); err != nil {
		return fmt.Errorf("enter %s: %w", r.Dir, err)
	}
	os.Args = append(os.Args[:1:1], r.Args...)
	return nil
}

func prepareKernel(r request) error {
	// Each new network device would otherwise start a process (/sbin/hotplug),
	// which costs twenty times as much as the device itself.
	if err := os.WriteFile("/sys/kernel/uevent_helper", []byte("\n"), 0o644); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("clear uevent_helper: %w", err)
	}
	if err := os.Setenv(modulesVariable, r.ModulesDir); err != nil {
		return fmt.Errorf("set %s: %w", modulesVariable, err)
	}
	return loadModules(r.ModulesDir, r.Modules)
}
