package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	garbagePercent = 400       // of what stays: so much garbage lies before it is collected
	usualMemory    = 112 << 20 // bytes; beside the executable's own pages that is a plan of 8,003 files in 150 MiB
	memoryOfLive   = 2         // times what stays, where that is more
)

// collectLess makes the collector of garbage run less often, in the program and
// in its plugins: they live for a second, and looking at what stays again and
// again takes a fifth of that with Go's usual 100 percent. Memory is bounded
// where it can be; a limit that what stays does not fit below would have the
// collector run all the time, so that it grows with that.
func collectLess() {
	debug.SetGCPercent(garbagePercent)
	debug.SetMemoryLimit(usualMemory)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var collected func(*collection)
	collected = func(*collection) {
		metrics.Read(live)
		if live[0].Value.Kind() == metrics.KindUint64 { // else this Go has no such figure
			debug.SetMemoryLimit(max(usualMemory, memoryOfLive*int64(live[0].Value.Uint64())))
		}
		runtime.SetFinalizer(new(collection), collected)
	}
	runtime.SetFinalizer(new(collection), collected)
}

// collection is garbage from the start: its finalizer runs after each collection.
type collection struct{ _ [2]uintptr }
