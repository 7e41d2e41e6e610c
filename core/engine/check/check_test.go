package check

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"linkspan/core/host"
)

func TestProbe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := l.Addr().String()
	defer l.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shut := closed.Addr().String()
	closed.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ill" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	for _, tt := range []struct {
		name  string
		check host.Check
		want  string // "" is healthy
	}{
		{"ping", host.Check{Ping: "127.0.0.1"}, ""},
		{"ping of IPv6", host.Check{Ping: "::1"}, ""},
		{"ping of no address", host.Check{Ping: "gateway"}, "ping"},
		{"tcp", host.Check{TCP: open}, ""},
		{"tcp, closed", host.Check{TCP: shut}, "tcp " + shut},
		{"http", host.Check{HTTP: server.URL}, ""},
		{"http, ill", host.Check{HTTP: server.URL + "/ill"}, "503"},
		{"command", host.Check{Command: []string{"true"}}, ""},
		{"command that fails", host.Check{Command: []string{"sh", "-c", "echo first; echo no carrier >&2; exit 3"}}, "exit status 3: no carrier"},
		{"no such command", host.Check{Command: []string{"/nonexistent"}}, "/nonexistent"},
		{"nothing", host.Check{Name: "x"}, "no probe"},
	} {
		err := Probe(t.Context(), tt.check)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

// TestCommandIsKilledWithItsChildren: the time is over, and nothing that the
// command has started stays.
func TestCommandIsKilledWithItsChildren(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := Probe(ctx, host.Check{Command: []string{"sh", "-c", "sleep 4242 & sleep 4242"}})
	if err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("%v", err)
	}
	if err := Probe(t.Context(), host.Check{Command: []string{"sh", "-c", "! pgrep -x -f 'sleep 4242'"}}); err != nil {
		t.Errorf("a child stayed: %v", err)
	}
}

func TestWhatACommandSaysIsBounded(t *testing.T) {
	err := Probe(t.Context(), host.Check{Command: []string{"sh", "-c", "head -c 50000000 /dev/zero | tr '\\0' x; exit 1"}})
	if err == nil || len(err.Error()) > 2*maxSaid {
		t.Errorf("%d bytes", len(err.Error()))
	}
}
