package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

const (
	garbagePercent = 400       // of what stays: so much garbage lies before it is collected
	usualMemory    = 104 << 20 // bytes; beside the executable's own pages that is an apply of 8,003 files in 150 MiB
)

// spareMemory is the bound in percent of what stays, where that fills three
// quarters of usualMemory: the little that a plugin's messages want more, and
// room to load the definitions of a thousand hosts.
var spareMemory atomic.Int64

const (
	spareOfPlugin  = 150
	spareOfProgram = 200
)

// collectLess makes the collector of garbage run less often, in the program and
// in its plugins: they live for a second, and looking at what stays again and
// again takes a fifth of that with Go's usual 100 percent. Memory is bounded, but
// not below what stays, where the collector would run all the time.
func collectLess() {
	spareMemory.Store(spareOfPlugin)
	debug.SetGCPercent(garbagePercent)
	debug.SetMemoryLimit(usualMemory)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var collected func(*collection)
	collected = func(*collection) {
		limit := int64(usualMemory)
		metrics.Read(live)
		if live[0].Value.Kind() == metrics.KindUint64 { // else this Go has no such figure
			if stays := int64(live[0].Value.Uint64()); stays > usualMemory/4*3 {
				limit = max(limit, stays/100*spareMemory.Load())
			}
		}
		debug.SetMemoryLimit(limit)
		runtime.SetFinalizer(new(collection), collected)
	}
	runtime.SetFinalizer(new(collection), collected)
}

// collection is garbage from the start: its finalizer runs after each collection.
type collection struct{ _ [2]uintptr }
