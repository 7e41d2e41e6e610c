// Package service restarts what reads files only when it starts: by systemctl,
// by service, by ifdown and ifup of the interfaces concerned, or by a command of
// the site's.
package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"linkspan/core/plan"
)

// Timeout bounds one restart that does not say. A network restart of a large
// host takes minutes: the scripts of RHEL 7 and 8 sleep half a minute for each
// bridge with spanning tree.
const Timeout = 10 * time.Minute

// Host restarts services of this machine.
type Host struct{}

// Restart restarts one service, as the plan says. The error has the last line of
// what it said.
func (Host) Restart(ctx context.Context, r plan.Restart) error {
	limit := r.Timeout
	if limit == 0 {
		limit = Timeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not within %s", limit))
	defer cancel()
	switch {
	case len(r.Command) > 0:
		return run(ctx, r.Command...)
	case len(r.Interfaces) > 0:
		return interfaces(ctx, r.Interfaces)
	}
	argv, err := found([][]string{
		{"/usr/bin/systemctl", "restart", r.Service}, {"/bin/systemctl", "restart", r.Service},
		{"/sbin/service", r.Service, "restart"}, {"/usr/sbin/service", r.Service, "restart"},
	})
	if err != nil {
		return errors.New("neither systemctl nor service is on this host")
	}
	return run(ctx, argv...)
}

// interfaces takes interfaces down, the upper ones first, and up again, the lower
// ones first. One that was not up cannot be taken down, and need not be.
func interfaces(ctx context.Context, names []string) error {
	down, errDown := found([][]string{{"/sbin/ifdown"}, {"/usr/sbin/ifdown"}})
	up, errUp := found([][]string{{"/sbin/ifup"}, {"/usr/sbin/ifup"}})
	if err := errors.Join(errDown, errUp); err != nil {
		return fmt.Errorf("ifup and ifdown are not both on this host: %w", err)
	}
	for _, name := range slices.Backward(names) {
		if err := run(ctx, down[0], name); err != nil && ctx.Err() != nil {
			return err
		}
	}
	for _, name := range names {
		if err := run(ctx, up[0], name); err != nil {
			return err
		}
	}
	return nil
}

// found is the first command that is on this host.
func found(candidates [][]string) ([]string, error) {
	var errs []error
	for _, c := range candidates {
		_, err := exec.LookPath(c[0])
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// run runs a command, without a shell, in a session of its own: neither the end
// of the operator's terminal nor a Ctrl-C that is meant for linkspan ends a
// restart half-way. All of it is killed when its time is over.
func run(ctx context.Context, argv ...string) error {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = 5 * time.Second // a daemon may keep the pipe open
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	err := c.Run()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	err = fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		err = fmt.Errorf("%w: %s", err, last)
	}
	return err
}
