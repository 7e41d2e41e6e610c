package survey

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
)

// FuzzUses: whatever the kernel's tables say, nothing panics.
func FuzzUses(f *testing.F) {
	f.Add("36 1 0:30 / / rw,relatime - nfs4 192.0.2.9:/root rw,addr=192.0.2.9")
	f.Add("   1: 0200A8C0:0016 0900000A:C001 01 00000000")
	f.Fuzz(func(t *testing.T, s string) {
		for _, u := range append(mounted(s), sessions(s)...) {
			if _, err := json.Marshal(u); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestWhatIsInUseIsRead(t *testing.T) {
	for line, want := range map[string]Use{
		"36 1 0:30 / / rw,relatime - nfs4 192.0.2.9:/root rw,vers=4.2,addr=192.0.2.9,clientaddr=192.0.2.2": {Of: "the NFS file system / from 192.0.2.9", Host: netip.MustParseAddr("192.0.2.9")},
		"40 1 0:31 / /srv\\040x rw shared:7 - nfs server:/x rw,addr=2001:db8::9":                           {Of: "the NFS file system /srv x from 2001:db8::9", Host: netip.MustParseAddr("2001:db8::9")},
		"41 1 8:1 / / rw - ext4 /dev/sda1 rw,addr=192.0.2.9":                                               {},
		"broken": {},
	} {
		got := append(mounted(line), Use{})[0]
		if got != want {
			t.Errorf("%q: got %+v, want %+v", line, got, want)
		}
	}
	const table = `  sl  local_address rem_address   st
   0: 00000000:0016 00000000:0000 0A 00000000
   1: 0200A8C0:0016 0900000A:C001 01 00000000
   2: 0200A8C0:0050 0900000A:C002 01 00000000
   3: 0000000000000000FFFF00000200A8C0:0016 0000000000000000FFFF00000A00000A:C001 01 00000000
   4: xx:0016 0900000A:C001 01`
	var got []string
	for _, u := range sessions(table) {
		got = append(got, u.Of)
	}
	if want := "an SSH session from 10.0.0.10 to 192.168.0.2, an SSH session from 10.0.0.9 to 192.168.0.2"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
