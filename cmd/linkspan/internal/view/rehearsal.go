package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"linkspan/core/rehearse"
)

// RehearsalOptions are how rehearsals are shown.
type RehearsalOptions struct {
	Host    string
	Verbose bool // the network at the end as well
}

// Rehearsals shows what rehearsals found, the runs of each start together, and
// the verdict last.
func Rehearsals(w io.Writer, s Style, reports []rehearse.Report, o RehearsalOptions) {
	var starts []string
	by := make(map[string][]rehearse.Report)
	for _, r := range reports {
		if by[r.Start] == nil {
			starts = append(starts, r.Start)
		}
		by[r.Start] = append(by[r.Start], r)
	}
	for n, start := range starts {
		if n > 0 {
			fmt.Fprintln(w)
		}
		rehearsal{w, s, o}.start(start, by[start])
	}
	verdict(w, s, reports)
}

type rehearsal struct {
	w io.Writer
	s Style
	o RehearsalOptions
}

// start shows the runs from one start.
func (v rehearsal) start(name string, runs []rehearse.Report) {
	fmt.Fprintf(v.w, "%s\n", v.s.paint(bold, Clean(fmt.Sprintf("Rehearsal of %s from %s", v.o.Host, name))))
	for _, r := range runs[0].Remarks {
		for k, line := range wrap(Clean(r), 84) {
			fmt.Fprintf(v.w, "  %s%s\n", map[bool]string{true: "! ", false: "  "}[k == 0], line)
		}
	}
	if first := runs[0].There; first.Digest != "" {
		fmt.Fprintf(v.w, "  plan %s, %d operations\n", first.Digest, first.Operations)
	}
	v.predicted(runs)
	fmt.Fprintln(v.w)
	v.table(runs)
	for n, r := range runs {
		v.trouble(n, len(runs), "there", &r.There)
		if r.Back != nil {
			v.trouble(n, len(runs), "back", r.Back)
		}
	}
	if v.o.Verbose {
		fmt.Fprintln(v.w, "\n  The network at the end")
		for _, line := range runs[len(runs)-1].End {
			fmt.Fprintln(v.w, "    "+Clean(line))
		}
	}
}

func (v rehearsal) predicted(runs []rehearse.Report) {
	for _, text := range runs[0].There.Predicted {
		for k, line := range wrap(Clean("the plan says: "+text), 84) {
			fmt.Fprintf(v.w, "  %s%s\n", map[bool]string{true: "", false: "  "}[k == 0], line)
		}
	}
}

// table has a line for each stream and run.
func (v rehearsal) table(runs []rehearse.Report) {
	rows := [][]string{{"", "sent", "lost", "longest gap"}}
	if slices.ContainsFunc(runs, func(r rehearse.Report) bool { return r.Back != nil }) {
		rows = [][]string{{"", "there", "", "", "", "back"}, {"", "sent", "lost", "longest gap", "", "sent", "lost", "longest gap"}}
	}
	head := len(rows)
	var pause time.Duration
	for n, r := range runs {
		for k, stream := range r.There.Streams {
			row := append([]string{label(n, len(runs), stream)}, cells(stream)...)
			pause = max(pause, stream.Pause)
			if r.Back != nil && k < len(r.Back.Streams) {
				row = append(append(row, ""), cells(r.Back.Streams[k])...)
				pause = max(pause, r.Back.Streams[k].Pause)
			}
			rows = append(rows, row)
		}
	}
	if len(rows) == head {
		return
	}
	v.print(rows)
	fmt.Fprintf(v.w, "  Asked every 2 ms; with one processor the peer itself paused for up to %d ms.\n", pause.Milliseconds())
}

func label(run, of int, s rehearse.Stream) string {
	what := map[rehearse.StreamKind]string{rehearse.Operator: " (operator)", rehearse.Guest: " (guest)", rehearse.Guests: " (guests)"}[s.Kind]
	if of > 1 {
		return fmt.Sprintf("%3d  %s%s", run+1, Clean(s.Name), what)
	}
	return Clean(s.Name) + what
}

func cells(s rehearse.Stream) []string {
	if s.Silent {
		return []string{fmt.Sprint(s.Sent), "-", "silent before"}
	}
	gap := "-"
	if s.Lost > 0 {
		gap = fmt.Sprintf("%d ms", s.Gap.Milliseconds())
	}
	return []string{fmt.Sprint(s.Sent), fmt.Sprint(s.Lost), gap}
}

// print aligns the columns: the first to the left, numbers to the right.
func (v rehearsal) print(rows [][]string) {
	var width []int
	for _, row := range rows {
		for c, cell := range row {
			if c == len(width) {
				width = append(width, 0)
			}
			width[c] = max(width[c], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		line := "  "
		for c, cell := range row {
			pad := strings.Repeat(" ", width[c]-len([]rune(cell)))
			if c == 0 {
				line += cell + pad
				continue
			}
			line += "  " + pad + cell
		}
		fmt.Fprintln(v.w, strings.TrimRight(line, " "))
	}
}

// trouble shows what went wrong on one way of one run.
func (v rehearsal) trouble(run, of int, way string, l *rehearse.Leg) {
	where := way
	if of > 1 {
		where = fmt.Sprintf("run %d, %s", run+1, way)
	}
	say := func(title, text string) {
		fmt.Fprintf(v.w, "\n  %s\n", v.s.paint(red, where+": "+title))
		for line := range strings.Lines(text) {
			fmt.Fprintln(v.w, "    "+strings.TrimRight(Clean(line), "\n"))
		}
	}
	for _, stream := range l.Streams {
		for _, loss := range stream.Losses {
			if !stream.Silent {
				say(fmt.Sprintf("%s lost %d after %.3f s", Clean(stream.Name), loss.Lost, loss.After.Seconds()), loss.Before+"\n"+loss.Next+"\nlinkspan: "+loss.During)
			}
		}
	}
	if l.Lost() > 0 && len(l.Drops) > 0 {
		say("what the host's kernel counted as thrown away", strings.Join(l.Drops, "\n"))
	}
	if l.Exit != 0 {
		say(fmt.Sprintf("linkspan ended with %d", l.Exit), l.Output)
	}
	if l.Second != 0 {
		say("the second plan is not empty", l.SecondOutput)
	}
	if l.Views != 0 {
		say("files, kernel and definition do not say the same", l.ViewsOutput)
	}
	if len(l.Unreached) > 0 {
		say("no answer from", strings.Join(l.Unreached, "\n"))
	}
	if len(l.Differences) > 0 {
		say("not as before", strings.Join(l.Differences, "\n"))
	}
}

// verdict is one line: the worst outcome, and how many runs had it.
func verdict(w io.Writer, s Style, reports []rehearse.Report) {
	if len(reports) == 0 {
		return
	}
	count := make(map[rehearse.Outcome]int)
	var took time.Duration
	for _, r := range reports {
		count[r.Outcome()]++
		took += r.Took
	}
	var parts []string
	for _, o := range []rehearse.Outcome{rehearse.UndoFailed, rehearse.Undone, rehearse.Refused, rehearse.Failed, rehearse.Differs, rehearse.Losses, rehearse.Good} {
		if n := count[o]; n > 0 && len(reports) > 1 {
			parts = append(parts, fmt.Sprintf("%s in %d of %d runs", o, n, len(reports)))
		} else if n > 0 {
			parts = append(parts, string(o))
		}
	}
	t := green
	if count[rehearse.Good] < len(reports) {
		t = red
	}
	fmt.Fprintf(w, "\n%s", s.paint(t, "Verdict: "+strings.Join(parts, ", ")))
	if took > 0 {
		fmt.Fprintf(w, " (%.1f s a run)", took.Seconds()/float64(len(reports)))
	}
	fmt.Fprintln(w)
}
