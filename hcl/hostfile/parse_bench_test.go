package hostfile

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// BenchmarkParser is what of BenchmarkLoad/hosts=1000 HCL's parser alone takes.
func BenchmarkParser(b *testing.B) {
	var texts [][]byte
	for n := range 1000 {
		texts = append(texts, []byte(hostOf(n)))
	}
	before := usage(b)
	for b.Loop() {
		for n, t := range texts {
			if _, diags := hclsyntax.ParseConfig(t, fmt.Sprint(n), hcl.InitialPos); diags.HasErrors() {
				b.Fatal(diags)
			}
		}
	}
	after := usage(b)
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.ReportMetric(float64(cpu.Microseconds())/1000/float64(b.N), "cpu-ms/op")
}
