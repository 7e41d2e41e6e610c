package main

import (
	"bytes"
	"os"
	"regexp"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// spoils are ways in which a file can be wrong.
var spoils = map[string]func(path string) error{
	"nul":       func(p string) error { return os.WriteFile(p, []byte("DEVICE=eth0\x00\nONBOOT=yes\n"), 0o644) },
	"crlf":      func(p string) error { return os.WriteFile(p, []byte("DEVICE=eth0\r\nONBOOT=yes\r\n"), 0o644) },
	"endless":   func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte("a"), 30<<20), 0o644) },
	"directory": func(p string) error { return os.Mkdir(p, 0o755) },
	"fifo":      func(p string) error { return syscall.Mkfifo(p, 0o644) },
	"loop":      func(p string) error { return os.Symlink(p, p) },
	"outside":   func(p string) error { return os.Symlink("../../../../../../../../../etc/hostname", p) },
	"command": func(p string) error {
		return os.WriteFile(p, []byte("DEVICE=$(touch pwned)\nONBOOT=`touch pwned`\n"), 0o644)
	},
	"cut-off-sxp": func(p string) error { return os.WriteFile(p, []byte("(network-script network-bridge\n"), 0o644) },
}

// spoil WAY FILE replaces a file by one that is wrong in that way.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || spoils[args[0]] == nil {
		ts.Fatalf("usage: spoil WAY FILE")
	}
	path := ts.MkAbs(args[1])
	ts.Check(os.RemoveAll(path))
	ts.Check(spoils[args[0]](path))
}

// refused ROOT DEFINITIONS PATTERN: neither plan nor apply goes on; both end
// with 1, name what matches, and leave the tree as it was.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: refused ROOT DEFINITIONS PATTERN")
	}
	root := ts.MkAbs(args[0])
	before := treeState(ts, root)
	for _, command := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
		exits(ts, false, append([]string{"1", "linkspan"}, append(command, "-root", args[0], "-host", "dom0-01", args[1])...))
		if said := ts.ReadFile("stderr"); !regexp.MustCompile(args[2]).MatchString(said) {
			ts.Fatalf("%s does not name %s:\n%s", command[0], args[2], said)
		}
	}
	if after := treeState(ts, root); before != after {
		ts.Fatalf("the tree was changed:\n%s\n%s", before, after)
	}
}
