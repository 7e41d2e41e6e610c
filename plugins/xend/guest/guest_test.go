package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"linkspan/plugins/xend/tree"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestWhichFilesAreGuests: in /etc/xen stand guests' files with and without a
// suffix beside much else, and auto has symlinks to them.
func TestWhichFilesAreGuests(t *testing.T) {
	dir := t.TempDir()
	const config = "name = '%s'\nmemory = 512\nvif = ['bridge=br-%s']\n"
	for _, name := range []string{"web1", "web2.cfg", "xmexample1", "web3.bak", "web4~", ".web5.cfg.swp", "web6.rpmsave", "auto/web7", "xl.conf.d"} {
		write(t, dir, "etc/xen/"+name, fmt.Sprintf(config, filepath.Base(name), filepath.Base(name)))
	}
	write(t, dir, "etc/xen/xend-config.sxp", "(a b)\n")
	write(t, dir, "etc/xen/notes", "memory = 512\n")
	write(t, dir, "etc/xen/qemu-ifup", "#!/bin/sh\nip link set $1 up\n")
	write(t, dir, "etc/xen/scripts/network-bridge", "name = 'x'\nmemory = 1\n")
	for link, target := range map[string]string{"auto/web1": "/etc/xen/web1", "auto/web2.cfg": "../web2.cfg", "auto/gone": "/etc/xen/gone"} {
		if err := os.Symlink(target, filepath.Join(dir, "etc/xen", link)); err != nil {
			t.Fatal(err)
		}
	}
	got := ""
	for _, i := range Configured(tree.At(dir), XM, nil) {
		got += fmt.Sprintf("%s %s %s %s\n", i.Guest, i.Bridge, i.File, i.Unknown)
	}
	want := "gone  /etc/xen/auto/gone it cannot be read: no such file or directory\n" +
		"web1 br-web1 /etc/xen/web1 \n" +
		"web2.cfg br-web2.cfg /etc/xen/web2.cfg \n" +
		"web7 br-web7 /etc/xen/auto/web7 \n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestHugeAndStrange: a directory of files that are no guests' costs nothing and
// tells nothing.
func TestHugeAndStrange(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "", "b": "\x7fELF\x00", "c": "[[[[", "d": "'''", "e.cfg": ""} {
		write(t, dir, "etc/xen/"+name, text)
	}
	if err := os.Truncate(filepath.Join(dir, "etc/xen/a"), tree.MaxFile+1); err != nil {
		t.Fatal(err)
	}
	for _, stack := range []Stack{XM, XL} {
		if got := Configured(tree.At(dir), stack, nil); len(got) > 0 {
			t.Errorf("%s: %+v", stack, got)
		}
	}
}
