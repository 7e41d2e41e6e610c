package launch

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"linkspan/plugins/internal/wire"
	"linkspan/plugins/trust"
)

// What is said of a plugin that fails: which one, where it lies, what happened,
// what to do.

// explain makes the error of one call.
func (c *client) explain(method string, err error) error {
	if err == nil {
		return nil
	}
	who := fmt.Sprintf("plugin %q (%s): %s", c.name, c.path, method)
	s, _ := status.FromError(err)
	switch s.Code() {
	case codes.DeadlineExceeded:
		return fmt.Errorf("%s has not answered within %s and was given up; -v shows its log", who, c.timeout)
	case codes.Canceled:
		return fmt.Errorf("%s: %w", who, context.Canceled)
	case codes.Unavailable:
		return fmt.Errorf("%s: %s; `linkspan plugins test %s` shows which call it fails in", who, c.death(s.Message()), c.name)
	case codes.ResourceExhausted:
		return fmt.Errorf("%s: a message is larger than %d MiB (%s); a backend that lists that much is to be mended by its author", who, wire.MaxMessage>>20, s.Message())
	case codes.Internal:
		// The text of grpc-go's rpc_util.go; what the plugin itself says has none.
		if strings.Contains(s.Message(), "failed to unmarshal the received message") {
			return fmt.Errorf("%s: its answer is no message of protocol %d (%s); `linkspan plugins test %s` shows which call it fails in", who, wire.ProtocolVersion, s.Message(), c.name)
		}
	case codes.Unimplemented:
		return fmt.Errorf("%s: it does not have this call (%s); it must be built for protocol %d", who, s.Message(), wire.ProtocolVersion)
	}
	return fmt.Errorf("%s: %s", who, s.Message())
}

// death says how the plugin ended, if it did, and what it logged last.
func (c *client) death(message string) string {
	if !c.process.endsWithin(time.Second) {
		return "the connection broke (" + message + ")"
	}
	how := "it died"
	if e := c.process.exitError(); e != "" {
		how += " (" + e + ")"
	}
	return how + c.log.quoted()
}

// The texts of go-plugin 1.8.0 (client.go) that are told in other words.
var (
	wrongVersion = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`incompatible API version with plugin\. Plugin version: (-?\d+)`)
	})
	noHandshake = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?s)^Unrecognized remote plugin message: (.*?)(\nFailed to read any lines from plugin's stdout)?\n?$`)
	})
)

// attempt is one start of a plugin.
type attempt struct {
	spec    trust.Spec
	options Options
	process *process // nil when there was none
	log     *lastLine
}

// failed makes the error of a plugin that did not start.
func (a attempt) failed(err error) error {
	who := fmt.Sprintf("plugin %q (%s) did not start", a.spec.Name, a.spec.Shown())
	text := err.Error()
	if m := wrongVersion().FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s: it speaks version %s of the plugin protocol, and this linkspan %s; install a build of it for one of these, or another linkspan", who, m[1], versionList(a.options.newest))
	}
	if m := noHandshake().FindStringSubmatch(text); m != nil {
		return fmt.Errorf("%s: %s; is it a linkspan plugin? run it by hand to see what it says", who, a.said(m[1], m[2] != ""))
	}
	switch {
	case strings.Contains(text, "timeout while waiting for plugin to start"):
		return fmt.Errorf("%s: it has not said where it listens within %s and was ended%s; run it by hand to see what it does", who, a.options.StartTimeout, a.log.quoted())
	case strings.Contains(text, "plugin exited before we could connect"):
		return fmt.Errorf("%s: %s; run it by hand to see what it says", who, a.said("", true))
	}
	return fmt.Errorf("%s: %w", who, errors.New(strings.Join(strings.Fields(text), " ")))
}

// versionList names the versions that the program speaks.
func versionList(newest int) string {
	var out []string
	for _, v := range wire.Versions(newest) {
		out = append(out, strconv.Itoa(v))
	}
	return strings.Join(out, " and ")
}

// said tells what came instead of the handshake.
func (a attempt) said(line string, silent bool) string {
	if !silent {
		return fmt.Sprintf("its first line is %q and not the handshake", line[:min(len(line), 100)])
	}
	how := "it ended"
	if a.process != nil && a.process.endsWithin(time.Second) {
		if e := a.process.exitError(); e != "" {
			how += " (" + e + ")"
		}
	}
	return how + " before it said where it listens" + a.log.quoted()
}
