package reader

import "testing"

// Any bytes are read; an alias for a device is found by that device only.
func FuzzModprobe(f *testing.F) {
	for _, s := range []string{"", "alias bond0 bonding\noptions bond0 mode=1 miimon=100\n", "options bond0 mode=1\nalias bond0 bonding", "alias eth0 e1000\n", "# alias bond0 bonding\n", "alias bond0 bonding # c\r\n", "alias  bond0\tbonding\nalias bond0 off\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for device := range ParseModprobe(raw) {
			if device == "" || !ParseModprobe(raw).Has(device) {
				t.Fatalf("%q: %q", raw, device)
			}
		}
	})
}
