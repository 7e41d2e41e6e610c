package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Services restarts what reads the files only when it starts.
type Services interface {
	// Restart restarts a service by its usual name, e.g. "network", "xend".
	Restart(ctx context.Context, service string) error
}

// restartTimeout bounds one restart. A network restart of a large host takes
// minutes: the scripts of RHEL 7 and 8 sleep half a minute for each bridge
// with spanning tree.
const restartTimeout = 10 * time.Minute

// HostServices restarts services of this machine, by systemctl or by service,
// whichever it has.
type HostServices struct{}

// Restart restarts the service and returns what it said if it failed.
func (HostServices) Restart(ctx context.Context, service string) error {
	argv, err := restartCommand(service)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, restartTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.WaitDelay = 5 * time.Second // a daemon may keep the pipe open
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, lastLine(said.String()))
	}
	return nil
}

func restartCommand(service string) ([]string, error) {
	for _, candidate := range [][]string{
		{"/usr/bin/systemctl", "restart", service},
		{"/bin/systemctl", "restart", service},
		{"/sbin/service", service, "restart"},
		{"/usr/sbin/service", service, "restart"},
	} {
		if _, err := exec.LookPath(candidate[0]); err == nil {
			return candidate, nil
		}
	}
	return nil, errors.New("neither systemctl nor service is on this host")
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
