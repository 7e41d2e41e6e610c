package rehearse

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"linkspan/core/rehearse/uml"
)

// director is what runs a rehearsal, as the first process of the kernel.
type director struct {
	request
	around   *around
	pingers  []pinging
	report   Report
	watcher  *watcher
	obedient *obedient // the program on the host; nil where it has to be started
	said     *said     // by the program's last run
	began    time.Time // when that run began
}

// pinging is a pinger and the streams that it measures.
type pinging struct {
	*pinger
	streams []int // index in world.Streams of each of its targets
}

// run makes the world, carries the change out, and puts the report together.
// An error means that there was no rehearsal.
func (d *director) run() error {
	undisturbed()
	d.report = Report{Start: d.Name, Remarks: slices.Clone(d.Remarks)}
	if err := d.prepare(); err != nil {
		return err
	}
	d.say("applying the definition")
	before, err := state()
	if err != nil {
		return err
	}
	there, err := d.leg(d.apply, d.again)
	if err != nil {
		return err
	}
	if there.Exit == 0 {
		if err := d.arrivals(&there); err != nil {
			return err
		}
	}
	d.report.There = there
	if d.report.End, err = readNetwork(); err != nil {
		return err
	}
	if d.Undo && there.Exit == 0 {
		if err := d.back(before); err != nil {
			return err
		}
	}
	for _, p := range d.pingers {
		p.end()
	}
	if err := d.save(); err != nil {
		return err
	}
	return d.look()
}

// undisturbed lets the threads that measure run whenever the kernel gives them
// its one processor. Go would have them wait for one another, GOMAXPROCS being
// 1, and for the collection of garbage, both in threads that come after the
// program that is measured.
func undisturbed() {
	runtime.GOMAXPROCS(16)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(128 << 20)
}

// prepare makes the host, what is around it, and the start; and sees that
// everything that shall be measured answers.
func (d *director) prepare() error {
	d.say("making the host's present network")
	w := surroundings(&d.Start, &d.Wanted)
	d.report.Remarks = append(d.report.Remarks, w.Remarks...)
	if err := makeRoot(append(d.Files, File{Path: definitionPath, Mode: 0o600, Content: d.Definition})); err != nil {
		return err
	}
	for key, value := range d.Sysctls {
		if err := os.WriteFile(filepath.Join("/proc/sys/net", key), []byte(value), 0o644); err != nil {
			return fmt.Errorf("set the host's sysctl %s: %w", key, err)
		}
	}
	var err error
	if d.obedient, err = obey(); err != nil { // it is ready when the host is
		return err
	}
	around, err := build(w)
	if err != nil {
		return err
	}
	d.around = around
	remarks, err := makeStart(&d.Start)
	if err != nil {
		return fmt.Errorf("make the host's present network: %w", err)
	}
	d.report.Remarks = append(d.report.Remarks, remarks...)
	for _, g := range w.Guests {
		ns, err := around.attach(g)
		if err != nil {
			return err
		}
		around.guests = append(around.guests, ns)
	}
	if d.LinkDelay > 0 {
		if err := around.delayLinks(d.LinkDelay, nil); err != nil {
			return err
		}
	}
	if err := framesGoFirst(); err != nil {
		return err
	}
	if d.watcher, err = startWatcher(); err != nil {
		return err
	}
	return d.startStreams()
}

// startStreams begins to ask: one pinger in the peer's namespace, one in that
// of each guest that asks another.
func (d *director) startStreams() error {
	from := make(map[int][]int)
	for n, t := range d.around.Streams {
		from[t.From] = append(from[t.From], n)
	}
	for _, who := range slices.Sorted(maps.Keys(from)) {
		ns := d.around.outside
		if who != fromPeer {
			ns = d.around.guests[who]
		}
		var targets []target
		for _, n := range from[who] {
			targets = append(targets, d.around.Streams[n])
		}
		p, err := startPinger(ns.ns, targets)
		if err != nil {
			return err
		}
		d.pingers = append(d.pingers, pinging{p, from[who]})
	}
	d.awaitStreams()
	return nil
}

// awaitStreams waits until every target has answered: five seconds, and as many
// questions as are asked in them, at most.
func (d *director) awaitStreams() {
	begin := time.Now()
	asks := func(p pinging) bool { return !p.hasAsked(int(5*time.Second/period)/2, begin) }
	for since := time.Duration(0); len(d.silent(begin)) > 0; since = time.Since(begin) {
		if since > patience || since > 5*time.Second && !slices.ContainsFunc(d.pingers, asks) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// silent lists the streams that have had no answer since then.
func (d *director) silent(since time.Time) map[int]bool {
	out := make(map[int]bool)
	for _, p := range d.pingers {
		for k, n := range p.streams {
			if !p.answers(k, since) {
				out[n] = true
			}
		}
	}
	return out
}

// leg measures what a step costs. What comes after it changes nothing, and is
// done where it went well.
func (d *director) leg(step func() (Leg, error), after func(*Leg)) (Leg, error) {
	begin := time.Now()
	d.margin(begin, marginBefore)
	silent := d.silent(begin)
	dropped, before := drops(), time.Now()
	l, err := step()
	if err != nil {
		return l, err
	}
	l.Took = time.Since(before)
	done, said, began := time.Now(), d.said, d.began
	if l.Exit == 0 {
		after(&l)
	}
	d.margin(done, margin)
	end := time.Now()
	l.Changes = d.watcher.since(began)
	l.Drops = risen(dropped, drops())
	for time.Since(end) < patience && d.waits(end) {
		time.Sleep(5 * time.Millisecond)
	}
	l.Streams = make([]Stream, len(d.around.Streams))
	for _, p := range d.pingers {
		for k, n := range p.streams {
			l.Streams[n] = p.measure(k, begin, end)
			l.Streams[n].Silent = silent[n]
			for i := range l.Streams[n].Losses {
				loss := &l.Streams[n].Losses[i]
				loss.After, loss.During = loss.at.Sub(began), said.during(loss.at)
				loss.Before, loss.Next = d.watcher.around(loss.at, began)
			}
		}
	}
	return l, nil
}

// margin lets the peer ask for a while, in which nothing is changed.
func (d *director) margin(begin time.Time, margin time.Duration) {
	asks := func(p pinging) bool { return !p.hasAsked(marginAsked, begin) }
	for since := time.Since(begin); since < margin || since < patience && slices.ContainsFunc(d.pingers, asks); since = time.Since(begin) {
		time.Sleep(10 * time.Millisecond)
	}
}

// waits reports whether an answer may still come.
func (d *director) waits(until time.Time) bool {
	return slices.ContainsFunc(d.pingers, func(p pinging) bool { return p.waits(until) })
}

// apply carries the definition out and looks whether the new network works.
func (d *director) apply() (Leg, error) {
	l := d.program("apply", "-auto-approve", "-json-into", appliedPath, definitionPath)
	return l, l.understand(appliedPath)
}

// again looks whether there is nothing left to do. It changes nothing, and so
// the peer goes on asking meanwhile.
func (d *director) again(l *Leg) {
	d.say("planning again")
	l.Second, l.SecondOutput = d.ask("plan", "-detailed-exitcode", definitionPath)
	l.Views, l.ViewsOutput = d.ask("status", definitionPath)
}

// arrivals puts guests on the bridges that the change has made and asks
// everything that is new. Afterwards the guests are taken away.
func (d *director) arrivals(l *Leg) error {
	for _, g := range d.around.Late {
		if _, err := d.around.attach(g); err != nil {
			l.Unreached = append(l.Unreached, err.Error())
			continue
		}
		defer func() { _ = detach(g) }() // the bridge may be gone by then
	}
	for _, t := range d.around.Reach {
		err := reach(d.around.outside.ns, t.To, 3*time.Second)
		if errors.Is(err, errSilent) {
			l.Unreached = append(l.Unreached, t.Name)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// back rolls the change back and compares with what was before.
func (d *director) back(before []string) error {
	d.say("rolling it back")
	l, err := d.leg(func() (Leg, error) { return d.program("rollback", "-auto-approve"), nil }, func(*Leg) {})
	if err != nil {
		return err
	}
	after, err := state()
	if err != nil {
		return err
	}
	l.Differences = differences(before, after)
	d.report.Back = &l
	return nil
}

// say tells of a step.
func (d *director) say(step string) {
	f, err := os.OpenFile(filepath.Join(uml.SharePath, progressFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return // progress is a courtesy
	}
	defer f.Close()
	fmt.Fprintln(f, strings.ReplaceAll(step, "\n", " "))
}

func (d *director) save() error {
	b, err := json.Marshal(d.report)
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	if err := os.WriteFile(filepath.Join(uml.SharePath, reportFile), b, 0o600); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
