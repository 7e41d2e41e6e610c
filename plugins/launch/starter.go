package launch

import (
	"runtime"
	"sync"
)

// starter is the thread from which plugins are started. A plugin gets SIGTERM
// when the thread that started it ends (PR_SET_PDEATHSIG, prctl(2)), so it must
// be one that lives as long as the program.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// onStarter calls f on the thread from which plugins are started.
func onStarter(f func() error) error {
	result := make(chan error)
	starter() <- func() { result <- f() }
	return <-result
}
