package hostfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linkspan/hcl/writer"
)

// BenchmarkLoadMany is of its own so that the most memory is that of 10,000 hosts.
func BenchmarkLoadMany(b *testing.B) {
	if testing.Short() {
		b.Skip("10,000 hosts")
	}
	loadMany(b, 10000)
}

// hostOf writes a definition of some 60 blocks: 1 bond, 29 VLANs, 29 bridges,
// a backend.
func hostOf(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "host \"h%d\" {\n  bond \"bond0\" {\n    ports  = [\"eth0\", \"eth1\"]\n    mode   = \"active-backup\"\n    miimon = 100\n  }\n", n)
	for v := 2; v <= 30; v++ {
		fmt.Fprintf(&b, "  vlan \"bond0.%d\" {\n    parent = \"bond0\"\n    id     = %d\n  }\n", v, v)
		fmt.Fprintf(&b, "  bridge \"br%d\" {\n    ports     = [\"bond0.%d\"]\n    addresses = [\"10.%d.%d.%d/24\"]\n  }\n", v, v, v, n/250, 1+n%250)
	}
	b.WriteString("  backend \"ifcfg\" {}\n}\n")
	return b.String()
}

func BenchmarkLoad(b *testing.B) {
	for _, hosts := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) { loadMany(b, hosts) })
	}
}

// loadMany loads and validates hosts, each in a file of its own. cpu-ms/op is
// the processor's time of all threads, RSS-MiB the most memory of the process.
func loadMany(b *testing.B, hosts int) {
	dir := b.TempDir()
	for n := range hosts {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("h%d.hcl", n)), []byte(hostOf(n)), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	before := usage(b)
	for b.Loop() {
		site, diags := Load(dir, Options{})
		diags = append(diags, site.Check(diags)...)
		if len(diags) > 0 || len(site.Definitions) != hosts {
			b.Fatal(diags, len(site.Definitions))
		}
	}
	after := usage(b)
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.ReportMetric(float64(cpu.Microseconds())/1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(after.Maxrss)/1024, "RSS-MiB")
}

func usage(b *testing.B) syscall.Rusage {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u
}

func BenchmarkWrite(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.hcl")
	if err := os.WriteFile(path, []byte(hostOf(1)), 0o600); err != nil {
		b.Fatal(err)
	}
	site, diags := Load(path, Options{})
	if diags.HasErrors() {
		b.Fatal(diags)
	}
	for b.Loop() {
		writer.Host(site.Definitions[0].Host)
	}
}
