package main

import (
	"bytes"
	"flag"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"linkspan/core/engine/fault"
)

// faultsWanted is how many faults of each host are tried; the short form takes
// a sample of all that there are.
var faultsWanted = flag.Int("faults", 120, "how many faults TestFaults tries on each host; 0 is all that there are")

// planned is one fault that a run is to have.
type planned struct {
	scene  *scene
	role   string // whose call
	number int
	kind   string // "kill" or the name of an error
}

func (p planned) String() string {
	return fmt.Sprintf("%s: %s at call %d of %s", p.scene.name, p.kind, p.number, p.role)
}

var faultErrors = map[string]syscall.Errno{"ENOSPC": syscall.ENOSPC, "EIO": syscall.EIO, "EROFS": syscall.EROFS, "EACCES": syscall.EACCES}

// kinds are what happens at a call.
var kinds = []string{"kill", "ENOSPC", "EIO", "EROFS", "EACCES"}

func (p planned) verdict() fault.Verdict {
	return fault.Verdict{Kill: p.kind == "kill", Errno: faultErrors[p.kind]}
}

// TestFaults kills the program, a plugin or the guard, or lets a system call
// fail, at every call that may change something, in apply, rollback, resume and recover:
// afterwards, with at most one `linkspan recover`, the host has the old
// configuration or the new one, byte for byte, with modes, owners, attributes
// and times. Exit 0 means new; exit 1 and 5 mean old, without a recover.
func TestFaults(t *testing.T) {
	hosts := []struct {
		name   string
		scenes []scene
		wanted int // of its faults; each of the second host's costs three times as much
	}{{"the scenario", scenarioScenes(t), *faultsWanted}, {"50 VLANs", manyScenes(t, 50), (*faultsWanted + 6) / 7}}
	total := 0
	for _, h := range hosts {
		t.Run(h.name, func(t *testing.T) {
			var all []planned
			for i := range h.scenes {
				all = append(all, faultsOf(t, &h.scenes[i])...)
			}
			chosen := sample(all, h.wanted)
			tally := tryAll(t, chosen)
			t.Logf("%d of %d possible faults: %s", len(chosen), len(all), tally)
			total += len(chosen)
			for i := range h.scenes {
				if s := &h.scenes[i]; !s.alone {
					total += killStates(t, s, max(1, 4*stride(1000, *faultsWanted)/3))
				}
			}
		})
	}
	t.Logf("%d faults in all", total)
	if total < longForm && (*faultsWanted == 0 || *faultsWanted >= 1600) {
		t.Errorf("only %d faults: the long form has at least %d", total, longForm)
	}
}

// longForm is how many faults the long form has at least. The plugins' protocol makes
// more calls or fewer in each run: 3,572 and 3,864 were seen.
const longForm = 5000

// killStates stops a run at each of its calls, takes a copy of the tree as a kill
// in that moment leaves it, and recovers the copy: every kill of a run for the
// price of one.
func killStates(t *testing.T, s *scene, every int) int {
	t.Helper()
	c := tally{here: true}
	var wg sync.WaitGroup
	copies := make(chan string)
	for range 2 {
		wg.Go(func() {
			for dir := range copies {
				if err := s.judge(t, dir, ending{code: -1, said: "killed at " + filepath.Base(dir)}, &c); err != nil {
					t.Errorf("%s: %v", s.name, err)
				}
				c.tried.Add(1)
				if err := os.RemoveAll(dir); err != nil {
					t.Error(err)
				}
			}
		})
	}
	dir := s.copy(t)
	calls := 0
	linkspan(t, dir, func(call fault.Call) fault.Verdict {
		if call.Role != "program" {
			return fault.Verdict{}
		}
		if calls++; calls%every == 0 {
			copied := fmt.Sprintf("%s-call-%d", dir, call.Number)
			copyTree(t, dir, copied)
			forgetPlugins(t, copied)
			copies <- copied
		}
		return fault.Verdict{}
	}, s.args...)
	close(copies)
	wg.Wait()
	t.Logf("%s: killed at %d of %d calls; %d ended old, %d new, none between", s.name, c.tried.Load(), calls, c.old.Load(), c.new.Load())
	return int(c.tried.Load())
}

// forgetPlugins takes the processes of the plugins out of a copied journal: those are
// of the run that goes on, and would have died with it.
func forgetPlugins(t *testing.T, dir string) {
	t.Helper()
	journals, err := filepath.Glob(filepath.Join(dir, "before/var/lib/linkspan/applies/*.journal"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range journals {
		if err := rewrite(path, func(text []byte) []byte {
			var out []byte
			for line := range bytes.Lines(text) {
				if body := processes.ReplaceAll(line, nil); len(body) < len(line) {
					sum := crc32.Checksum(bytes.TrimSpace(body[9:]), crc32.MakeTable(crc32.Castagnoli))
					line = fmt.Appendf(nil, "%08x%s", sum, body[8:])
				}
				out = append(out, line...)
			}
			return out
		}); err != nil {
			t.Fatal(err)
		}
	}
}

var processes = regexp.MustCompile(`,"plugins":\[[^]]*\]`)

// tally counts faults.
type tally struct {
	tried, killed, old, new, recovered, missed atomic.Int64
	longest                                    atomic.Int64
	// here recovers in this process: where thousands of states of a tree are to be
	// recovered, starting a process for each costs more than all the rest.
	here bool
}

func (c *tally) String() string {
	return fmt.Sprintf("%d tried, %d of them kills; %d ended old, %d new, none between, %d after a recover; %d calls were not reached again; no process outlived a kill by more than %s",
		c.tried.Load(), c.killed.Load(), c.old.Load(), c.new.Load(), c.recovered.Load(), c.missed.Load(), time.Duration(c.longest.Load()).Round(time.Millisecond))
}

// tryAll tries faults, some at once.
func tryAll(t *testing.T, chosen []planned) *tally {
	var c tally
	var wg sync.WaitGroup
	next := make(chan planned)
	for range 3 { // two processors, and one that waits
		wg.Go(func() {
			for p := range next {
				if err := try(t, p, &c); err != nil {
					t.Errorf("%s: %v", p, err)
				}
			}
		})
	}
	for _, p := range chosen {
		next <- p
	}
	close(next)
	wg.Wait()
	return &c
}

// faultsOf are all faults of a scene: every kind at every call of a clean run.
func faultsOf(t *testing.T, s *scene) []planned {
	dir := faultDir(t)
	copyTree(t, s.template, dir)
	var all []planned
	count := make(map[string]int)
	names := make(map[string]int)
	out := linkspan(t, dir, func(c fault.Call) fault.Verdict {
		count[c.Role] = c.Number
		if c.Role == "program" {
			names[c.Name]++
		}
		for _, kind := range kinds {
			if possible(kind, c) {
				all = append(all, planned{s, c.Role, c.Number, kind})
			}
		}
		return fault.Verdict{}
	}, s.args...)
	if out.code != 0 {
		t.Fatalf("%s ended with %d:\n%s", s.name, out.code, out.said)
	}
	for _, call := range []string{"syncfs", "unlinkat", "write"} {
		if names[call] == 0 {
			t.Fatalf("%s makes no %s: the faults would miss it\n%v", s.name, call, names)
		}
	}
	t.Logf("%s: calls %v, %d faults", s.name, count, len(all))
	return all
}

// possible reports whether a fault can happen at a call: a socket and a pipe have
// no full disk.
func possible(kind string, c fault.Call) bool {
	return kind == "kill" || onDisk(c)
}

// onDisk reports whether a call is about a file, or may be.
func onDisk(c fault.Call) bool {
	to := c.Target()
	return !strings.HasPrefix(to, "socket:") && !strings.HasPrefix(to, "pipe:")
}

func sample(all []planned, n int) []planned {
	if n == 0 || n >= len(all) {
		return all
	}
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:n]
}

// try makes one fault and looks how it ended.
func try(t *testing.T, p planned, c *tally) error {
	dir, err := os.MkdirTemp(filepath.Dir(p.scene.template), "try")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	copyTree(t, p.scene.template, dir)
	made := false
	out := linkspan(t, dir, func(call fault.Call) fault.Verdict {
		if made || call.Role != p.role || call.Number < p.number || !possible(p.kind, call) {
			return fault.Verdict{}
		}
		made = true
		return p.verdict()
	}, p.scene.args...)
	c.tried.Add(1)
	switch {
	case !out.fired: // fewer packets went over a socket this time
		c.missed.Add(1)
	case p.kind == "kill":
		c.killed.Add(1)
		for w := int64(out.wait); p.role == "program" && !p.scene.alone && w > c.longest.Load(); {
			c.longest.Store(w)
		}
	}
	return p.scene.judge(t, dir, out, c)
}

// recover puts back what a fault has left.
func (c *tally) recover(t *testing.T, dir string) ending {
	if !c.here {
		return linkspan(t, dir, nil, "recover", "-root", "before")
	}
	said, err := os.CreateTemp(dir, ".said")
	if err != nil {
		t.Error(err)
		return ending{code: -1}
	}
	defer said.Close()
	code := run([]string{"recover", "-root", filepath.Join(dir, "before")}, &app{stdin: said, stdout: said, stderr: said, getenv: os.Getenv})
	text, err := os.ReadFile(said.Name())
	if err != nil {
		t.Error(err)
	}
	return ending{code: code, said: string(text)}
}

// judge says what is wrong with how a run ended, and recovers what it has left.
func (s *scene) judge(t *testing.T, dir string, out ending, c *tally) error {
	at := hostState(t, dir)
	switch {
	case out.code == 0 && at != s.done && !s.alone:
		return fmt.Errorf("it says that it is done, and is not:\n%s\n%s", out.said, difference(at, s.done))
	case (out.code == exitError && !s.cut || out.code == exitUndone) && at != s.old:
		return fmt.Errorf("it ended with %d, and something is changed:\n%s\n%s", out.code, out.said, difference(at, s.old))
	}
	if at != s.old && at != s.new || leftover(t, dir) != "" {
		c.recovered.Add(1)
		if s.alone {
			time.Sleep(soon) // a recover leaves alone what may still be confirmed
		}
		if again := c.recover(t, dir); again.code != 0 {
			return fmt.Errorf("it ended with %d:\n%s\nrecover with %d:\n%s", out.code, out.said, again.code, again.said)
		}
	}
	at = hostState(t, dir)
	if left := leftover(t, dir); left != "" {
		return fmt.Errorf("it ended with %d and left %s:\n%s", out.code, left, out.said)
	}
	switch at {
	case s.old:
		c.old.Add(1)
		return nil
	case s.new:
		c.new.Add(1)
		return nil
	}
	return fmt.Errorf("it ended with %d:\n%s\nafter recover it is neither the old nor the new:\n%s", out.code, out.said, difference(at, s.old))
}

// missing skips and names what is missing, or fails where nothing may be.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("LINKSPAN_REQUIRE_LIVE") != "" {
		t.Fatalf("%s is missing", what)
	}
	t.Skipf("%s is missing", what)
}
