package main

import (
	"bytes"
	"os"
	"path/filepath"
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
	"loop":      func(p string) error { return os.Symlink(filepath.Base(p), p) },
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

// fullDisk ROOT DEFINITIONS: on a disk without a free byte an apply ends with 1
// and leaves the tree as it was. The disk is a small tmpfs in a namespace.
func fullDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fulldisk ROOT DEFINITIONS")
	}
	if err := ts.Exec("unshare", "-rm", "true"); err != nil {
		if os.Getenv("LINKSPAN_REQUIRE_LIVE") != "" {
			ts.Fatalf("unshare -rm (util-linux, user namespaces) is missing: %v", err)
		}
		ts.Logf("skipped: unshare -rm (util-linux, user namespaces) is missing: %v", err)
		return
	}
	const script = `set -e
mkdir disk
mount -t tmpfs -o size=128k none disk
cp -r "$1/." disk/
dd if=/dev/zero of=disk/fill bs=1k count=500 2>/dev/null || true
state() { find disk -type f -exec stat -c '%n %Y %a' {} + -exec md5sum {} + | sort; }
state >before
set +e
linkspan apply -auto-approve -state-dir state -root disk "$2"
test $? = 1 || { echo "the apply did not end with 1"; exit 1; }
state >after
cmp before after
`
	ts.Check(ts.Exec("unshare", "-rm", "sh", "-c", script, "sh", args[0], args[1]))
	if said := ts.ReadFile("stderr"); !regexp.MustCompile("no space left").MatchString(said) {
		ts.Fatalf("the reason is not named:\n%s", said)
	}
}
