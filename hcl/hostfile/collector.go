package hostfile

import "runtime/debug"

const (
	usualPercent   = 100       // of the collector, when nobody has set another (GOGC)
	leastText      = 1 << 20   // bytes of definitions; with less there is little to collect
	heapOfText     = 11        // what definitions need in memory, in times their text
	spareCollector = 256 << 20 // bytes of garbage that are left lying for the sake of time
	mostPercent    = 400       // more saves nothing
)

// collectLess makes the collector of garbage run less often while definitions of
// so many bytes are loaded, until the function that it returns is called. Syntax
// trees are garbage at once; looking at what stays again and again, to find them,
// takes a sixth of the time of loading 1,000 hosts.
func collectLess(text int) (end func()) {
	end = func() {}
	if text < leastText {
		return end
	}
	percent := min(spareCollector/(text/100*heapOfText), mostPercent)
	if percent <= usualPercent {
		return end
	}
	if before := debug.SetGCPercent(percent); before != usualPercent { // another's choice, or another Load's
		debug.SetGCPercent(before)
		return end
	}
	return func() { debug.SetGCPercent(usualPercent) }
}
