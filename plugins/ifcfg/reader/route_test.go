package reader

import (
	"fmt"
	"slices"
	"testing"
)

// What is read of a route file in the form of ip's words is read the same from
// what linkspan would write for it, for any bytes.
func FuzzRoutes(f *testing.F) {
	for _, s := range []string{"", "10.0.0.0/8 via 10.1.1.1\n", "default via 10.0.0.1 dev eth0 metric 7\n# c\n\n  10.9.0.1 src 10.0.0.2 onlink table 9\n", "ADDRESS0=10.0.0.0\nNETMASK0=255.0.0.0\nGATEWAY0=10.1.1.1\nADDRESS2=1.1.1.1\n",
		"2001:db8::/32 via fe80::1 dev eth0\n", "10.8.0.0/16 via 10.0.0.1\nADDRESS0=10.9.0.0\nNETMASK0=255.255.0.0", "blackhole 10.0.0.0/8\n", "10.0.0.0/8 via\n", "via via via\n", "ADDRESS0=$(id)\n", "0/0 via 1.1.1.1%x\n"} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, v6 bool) {
		routes, strange := ParseRoutes(raw, "eth0", v6)
		if len(strange) > len(raw)+1 {
			t.Fatalf("%q: %d strange lines", raw, len(strange))
		}
		if IsNumbered(raw) {
			return
		}
		text := ""
		for _, r := range routes {
			text += fmt.Sprintf("%s dev eth0\n", r)
		}
		again, odd := ParseRoutes([]byte(text), "eth0", v6)
		if len(odd) > 0 || !slices.Equal(again, routes) {
			t.Fatalf("%q is %v, written %q, and then %v %q", raw, routes, text, again, odd)
		}
	})
}
