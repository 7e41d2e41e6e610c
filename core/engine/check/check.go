// Package check tries the checks of a host once: does the gateway answer, is a
// port open, does a command succeed? Who calls it decides when, how often and
// what follows.
package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"linkspan/core/host"
)

// tryTimeout bounds one try of one probe.
const tryTimeout = 5 * time.Second

// Probe tries a check once; nil is healthy. The error says what was tried and
// what came of it.
func Probe(ctx context.Context, c host.Check) error {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	switch {
	case c.Ping != "":
		return ping(ctx, c.Ping)
	case c.TCP != "":
		return tcp(ctx, c.TCP)
	case c.ARP != "":
		return arp(ctx, c.ARP)
	case c.HTTP != "":
		return web(ctx, c.HTTP)
	case len(c.Command) > 0:
		return command(ctx, c.Command)
	}
	return fmt.Errorf("check %q has no probe", c.Name)
}

func tcp(ctx context.Context, address string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("tcp %s: %w", address, err)
	}
	return conn.Close()
}

// web wants an answer below 400 to a GET, redirects followed.
func web(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("http %s: %w", url, err)
	}
	// A transport of its own: no connection of before the change is used again.
	transport := &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("http: %w", err)
	}
	defer response.Body.Close()
	if _, err := io.CopyN(io.Discard, response.Body, 1<<20); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("http %s: %w", url, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("http %s: it answered %s", url, response.Status)
	}
	return nil
}

// maxSaid is how much of what a command says is kept.
const maxSaid = 4096

// command runs argv, without a shell, in a process group of its own; all of it
// is killed when its time is over.
func command(ctx context.Context, argv []string) error {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	said := &lastBytes{}
	c.Stdout, c.Stderr = said, said
	err := c.Run()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("%s: %w%s", strings.Join(argv, " "), err, said.suffix())
}

// lastBytes keeps the end of what is written. (An embedded bytes.Buffer would
// lend it ReadFrom, and io.Copy would go past Write.)
type lastBytes struct{ kept bytes.Buffer }

func (l *lastBytes) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > maxSaid {
		p = p[len(p)-maxSaid:]
	}
	if over := l.kept.Len() + len(p) - maxSaid; over > 0 {
		l.kept.Next(over)
	}
	l.kept.Write(p) // a buffer takes everything
	return n, nil
}

func (l *lastBytes) suffix() string {
	lines := strings.Split(strings.TrimSpace(l.kept.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return ": " + last
	}
	return ""
}
