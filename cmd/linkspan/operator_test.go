package main

import (
	"net"
	"os"
	"testing"
)

func TestOperatorAddressFromTheEnvironment(t *testing.T) {
	for value, want := range map[string]string{
		"203.0.113.7 50022 192.168.0.2 22":        "192.168.0.2",
		"2001:db8::7 50022 2001:db8::2 22":        "2001:db8::2",
		"::ffff:203.0.113.7 1 ::ffff:10.0.0.1 22": "10.0.0.1",
		"fe80::1%eth0 50022 fe80::2%eth0 22":      "fe80::2",
	} {
		if got := operatorAddress(func(string) string { return value }); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

// TestConnectionOf finds this process's own connection in the kernel's table.
func TestConnectionOf(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := connectionOf(os.Getpid()); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		c.Close()
		l.Close()
	}
}

func TestProcessStat(t *testing.T) {
	_, parent, err := processStat(os.Getpid())
	if err != nil || parent != os.Getppid() {
		t.Errorf("parent %d (%v), want %d", parent, err, os.Getppid())
	}
}
