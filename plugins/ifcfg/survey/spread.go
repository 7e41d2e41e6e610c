package survey

import (
	"runtime"
	"sync"
)

// worthwhile is how many files or interfaces a goroutine of its own must have
// to do; reading one takes some ten microseconds.
const worthwhile = 64

// spread calls do for 0 to n-1, in contiguous parts by all processors when n is
// large. do puts its result into a slot of its own.
func spread(n int, do func(i int)) {
	parts := max(1, min(runtime.GOMAXPROCS(0), n/worthwhile))
	var wait sync.WaitGroup
	for part := range parts {
		wait.Go(func() {
			for i := part * n / parts; i < (part+1)*n/parts; i++ {
				do(i)
			}
		})
	}
	wait.Wait()
}
