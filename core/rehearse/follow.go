package rehearse

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// follower passes on what the director says of its progress.
type follower struct {
	stop  chan struct{}
	done  chan struct{}
	once  sync.Once
	late  func() // stops a kernel in which nothing has begun within bootLimit
	share string
	o     Options

	mu    sync.Mutex
	lines int
}

// follow begins to follow. Files written inside are seen here at once, but no
// event tells of them: hostfs has none.
func follow(ctx context.Context, share string, o Options) *follower {
	f := &follower{stop: make(chan struct{}), done: make(chan struct{}), share: share, o: o}
	go func() {
		defer close(f.done)
		begin := time.Now()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-f.stop:
				f.read()
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				f.read()
				if !f.began() && time.Since(begin) > bootLimit {
					f.late()
					return
				}
			}
		}
	}()
	return f
}

func (f *follower) end() {
	f.once.Do(func() { close(f.stop) })
	<-f.done
}

func (f *follower) began() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lines > 0
}

// read passes on the lines that are new.
func (f *follower) read() {
	file, err := os.Open(filepath.Join(f.share, progressFile))
	if err != nil {
		return // nothing has been said yet
	}
	defer file.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	lines := bufio.NewScanner(file)
	for n := 0; lines.Scan(); n++ {
		if n < f.lines {
			continue
		}
		f.lines++
		if terminal, kept := cutKept(lines.Text()); kept {
			if r, err := readReport(f.share); err == nil && f.o.Kept != nil {
				f.o.Kept(r, terminal)
			}
			continue
		}
		if f.o.Progress != nil {
			f.o.Progress(lines.Text())
		}
	}
}
