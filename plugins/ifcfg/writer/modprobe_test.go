package writer

import (
	"bytes"
	"testing"

	"linkspan/plugins/ifcfg/reader"
)

// What is set in /etc/modprobe.conf is read from it, a second time changes
// nothing, and every other line stays.
func FuzzSetModprobe(f *testing.F) {
	for _, s := range []string{"", "alias bond0 bonding\noptions bond0 mode=1 miimon=100\n", "alias eth0 e1000\noptions bond0 mode=6", "install bond0 /bin/true\n", "alias bond1 bonding\noptions bond1 mode=4\n", "options bond0\n", "alias bond0 off\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		const want = "mode=active-backup miimon=100"
		set := setModprobe(raw, "bond0", want)
		if b := reader.ParseModprobe(set); !b.Has("bond0") || b["bond0"].Options != want {
			t.Fatalf("%q became %q", raw, set)
		}
		if again := setModprobe(set, "bond0", want); !bytes.Equal(again, set) {
			t.Fatalf("%q became %q and then %q", raw, set, again)
		}
		for line := range bytes.Lines(raw) {
			words := bytes.Fields(line)
			if ours := len(words) > 1 && string(words[0]) == "options" && string(words[1]) == "bond0"; !ours && !bytes.Contains(set, bytes.TrimSuffix(line, []byte("\n"))) {
				t.Fatalf("%q became %q without %q", raw, set, line)
			}
		}
	})
}
