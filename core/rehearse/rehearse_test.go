package rehearse_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linkspan/core/host"
	"linkspan/core/rehearse"
	"linkspan/core/rehearse/lab"
	"linkspan/core/rehearse/uml"
)

// TestMain makes the test binary what runs inside: the director, and the
// program, here one that only says what it was asked for.
func TestMain(m *testing.M) {
	if rehearse.RunIfAsked(standIn) {
		return
	}
	uml.Main(func() int {
		if code, ours := rehearse.Direct(); ours {
			return code
		}
		return m.Run()
	})
	os.Exit(m.Run())
}

// standIn stands for the program: its definition says what it does.
func standIn(args []string) int {
	said := strings.Join(args, " ")
	b, err := os.ReadFile("/etc/linkspan/site.hcl")
	if err != nil {
		return 99
	}
	switch does := string(b); {
	case strings.Contains(said, "apply") && does == "hang":
		time.Sleep(time.Hour)
	case strings.Contains(said, "apply") && does == "refuse":
		os.Stdout.WriteString("no, thank you\n")
		return 1
	case strings.Contains(said, "apply") && does == "cut":
		// what no order may do: the card down for a while
		if err := cut("/sys/class/net/eth0/flags", 100*time.Millisecond); err != nil {
			os.Stdout.WriteString(err.Error())
			return 1
		}
	case strings.Contains(said, "apply") && does == "cuts of 5 ms":
		for range 5 {
			if err := cut("/sys/class/net/eth0/flags", 5*time.Millisecond); err != nil {
				os.Stdout.WriteString(err.Error())
				return 1
			}
			time.Sleep(50 * time.Millisecond)
		}
	case strings.Contains(said, "plan ") && does == "never in sync":
		return 2
	case strings.Contains(said, "plan ") && does == "dies planning":
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			return 98
		}
		select {}
	}
	return 0
}

// cut clears IFF_UP for a while.
func cut(flags string, while time.Duration) error {
	if err := os.WriteFile(flags, []byte("0x1002"), 0o644); err != nil {
		return err
	}
	time.Sleep(while)
	return os.WriteFile(flags, []byte("0x1003"), 0o644)
}

// oneCard is a host with its address on a card.
func oneCard() host.Host {
	return host.Host{Name: "dom0-01", Interfaces: []host.Interface{{
		Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.2/24")},
	}}}
}

func kernel(t *testing.T) uml.Kernel {
	t.Helper()
	if testing.Short() {
		t.Skip("a rehearsal boots a kernel: not with -short")
	}
	k, err := uml.Locate(os.Getenv("LINKSPAN_UML_PREFIX"))
	if err != nil {
		lab.Missing(t, err.Error())
	}
	return k
}

// TestMeasuresWhatTheProgramDoes: the rehearsal tells a program that cuts the
// host off, one that refuses, and one that is never done, from one that does
// nothing wrong.
func TestMeasuresWhatTheProgramDoes(t *testing.T) {
	k := kernel(t)
	for _, does := range []string{"nothing", "refuse", "cut", "cuts of 5 ms", "never in sync", "dies planning"} {
		t.Run(does, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			measures(t, k, does)
			nothingLeft(t, os.Getenv("TMPDIR"))
		})
	}
}

// measures rehearses with a program that does that, and looks for the outcome.
func measures(t *testing.T, on rehearse.Machine, does string) {
	t.Helper()
	want := map[string]rehearse.Outcome{
		"nothing": rehearse.Good, "refuse": rehearse.Refused, "cut": rehearse.Losses, "cuts of 5 ms": rehearse.Losses, "never in sync": rehearse.Differs, "dies planning": rehearse.Differs,
	}[does]
	h := oneCard()
	r, err := rehearse.Run(t.Context(), rehearse.Scenario{Name: "eth0", Start: h, Wanted: h, Definition: []byte(does)}, rehearse.Options{On: on})
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome() != want {
		t.Errorf("%q, want %q: %+v", r.Outcome(), want, r.There)
	}
	if len(r.There.Streams) != 1 || r.There.Streams[0].Sent < 20 || r.There.Streams[0].Silent {
		t.Fatalf("streams: %+v", r.There.Streams)
	}
	if l := r.There; does == "dies planning" && (l.Second != -1 || !strings.Contains(l.SecondOutput, "killed") || l.Views != 0) {
		t.Errorf("it was killed while it planned, and then another one told the status: %+v", l)
	}
	s := r.There.Streams[0]
	if strings.HasPrefix(does, "cut") && (len(s.Losses) == 0 || !strings.Contains(s.Losses[0].Before+s.Losses[0].Next, "eth0")) {
		t.Errorf("the card was down: %+v", s)
	}
	if does == "cut" && s.Gap < 80*time.Millisecond {
		t.Errorf("the card was down for 100 ms: %+v", s)
	}
}

// TestInNamespaces: on a kernel that has all that is needed, here the rehearsal
// kernel, namespaces of it do as well.
func TestInNamespaces(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	n, err := uml.FindNamespaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, does := range []string{"nothing", "cut", "cuts of 5 ms"} {
		t.Setenv("TMPDIR", t.TempDir())
		measures(t, n, does)
		nothingLeft(t, os.Getenv("TMPDIR"))
	}
	if _, err := os.Stat("/sys/class/net/eth0"); err == nil {
		t.Error("a card of the host inside was made outside")
	}
}

// TestStopsWhenAsked: a rehearsal that is interrupted leaves neither kernel nor
// directory behind.
func TestStopsWhenAsked(t *testing.T) {
	k := kernel(t)
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h := oneCard()
	_, err := rehearse.Run(ctx, rehearse.Scenario{Name: "eth0", Start: h, Wanted: h, Definition: []byte("hang")}, rehearse.Options{
		On: k,
		Progress: func(step string) {
			if strings.Contains(step, "applying") {
				cancel()
			}
		},
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want %v", err, context.Canceled)
	}
	nothingLeft(t, os.Getenv("TMPDIR"))
}

func nothingLeft(t *testing.T, tmp string) {
	t.Helper()
	entries, err := os.ReadDir(tmp)
	if err != nil || len(entries) > 0 {
		t.Errorf("left in the temporary directory: %v %v", entries, err)
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		left := running(t, tmp)
		if left == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("still running: %s", left)
		}
	}
}

// running finds a process with a text in its command line or environment.
func running(t *testing.T, text string) string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/[ce][mn][dv]*") // cmdline, environ
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), text) {
			return path + ": " + strings.ReplaceAll(string(b), "\x00", " ")
		}
	}
	return ""
}
