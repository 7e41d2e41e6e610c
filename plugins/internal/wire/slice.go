package wire

import (
	"runtime"
	"sync"
)

// worthwhile is how many values a goroutine of its own must have to convert;
// an object takes about a microsecond.
const worthwhile = 256

// each converts a slice, a long one with all processors; an empty one becomes
// nil, as the wire has it.
func each[A, B any](in []A, convert func(A) B) []B {
	if len(in) == 0 {
		return nil
	}
	out := make([]B, len(in))
	parts := max(1, min(runtime.GOMAXPROCS(0), len(in)/worthwhile))
	var wait sync.WaitGroup
	for part := range parts {
		wait.Go(func() {
			for i := part * len(in) / parts; i < (part+1)*len(in)/parts; i++ {
				out[i] = convert(in[i])
			}
		})
	}
	wait.Wait()
	return out
}

// fill makes the messages of a slice in one piece of memory: a large host has
// hundreds of thousands of settings.
func fill[A, M any](in []A, set func(*M, A)) []*M {
	if len(in) == 0 {
		return nil
	}
	messages, out := make([]M, len(in)), make([]*M, len(in))
	for i, v := range in {
		set(&messages[i], v)
		out[i] = &messages[i]
	}
	return out
}
