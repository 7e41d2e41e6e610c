package hosttest

import (
	"math/rand/v2"
	"testing"

	"linkspan/core/host"
)

// Every random host keeps every rule.
func TestRandomIsValid(t *testing.T) {
	kinds := make(map[host.Kind]int)
	for seed := range uint64(5000) {
		h := Random(rand.New(rand.NewPCG(seed, 1)), Options{})
		if l := host.Validate(&h); l.HasErrors() {
			t.Fatalf("seed %d: %s", seed, l)
		}
		for _, i := range h.Interfaces {
			kinds[i.Kind]++
		}
	}
	for _, k := range host.Kinds() {
		if kinds[k] < 1000 {
			t.Errorf("only %d of %s in 5000 hosts", kinds[k], k)
		}
	}
}
