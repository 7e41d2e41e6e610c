package view

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pmezard/go-difflib/difflib"

	"linkspan/core/plan"
)

// work prints what will be done: files, kernel operations, hooks, restarts,
// and what that implies.
func (v planView) work() {
	v.files()
	v.own()
	v.guests()
	for _, h := range v.plan.Hooks {
		v.row("Hooks", hookText(h))
	}
	v.restarts()
	v.effects()
}

// hookText says when a hook runs, what it is, and what it may do: "drain
// (pre_restart): hooks/drain.go 7d01f2c95cd2, may run /usr/sbin/xl".
func hookText(h plan.Hook) string {
	out := fmt.Sprintf("%s (%s): %s %.12s", h.Name, strings.Join(h.On, ", "), h.Script, h.Digest)
	if len(h.Allow) > 0 {
		out += ", may run " + strings.Join(h.Allow, ", ")
	}
	if h.Privileged {
		out += ", reads every file"
	}
	return out
}

func (v planView) row(label, text string) {
	fmt.Fprintf(v.w, "%s %s\n", v.paint(bold, padded(label, 8)), Clean(text))
}

// files counts the file operations and says what is special about each file.
func (v planView) files() {
	var counts fileCounts
	for _, s := range v.plan.Stages {
		for _, op := range s.Operations {
			if op.File != nil {
				counts.add(op.File)
			}
		}
	}
	if counts.String() == "" {
		return
	}
	fmt.Fprintln(v.w)
	text := counts.String()
	if !v.options.Diff {
		text += "      -diff shows them"
	}
	v.row("Files", text)
	for _, n := range counts.few() {
		v.row("", n)
	}
}

// fileCounts counts file operations by what happens to the file.
type fileCounts struct {
	write, edit, remove int
	notes               []fileNote
}

// fileNote is what is special about a file, e.g. "1 directive remarked".
type fileNote struct{ path, note string }

func (c *fileCounts) add(f *plan.FileChange) {
	switch {
	case !f.After.Exists:
		c.remove++
	case f.Before.Exists:
		c.edit++
	default:
		c.write++
	}
	if f.Note != "" {
		c.notes = append(c.notes, fileNote{f.Path, f.Note})
	}
}

// few gives a line a file, and counts the rest of those with the same note:
// a first plan may adopt thousands.
func (c *fileCounts) few() []string {
	const most = 8
	of := make(map[string]int)
	for _, n := range c.notes {
		of[n.note]++
	}
	var out []string
	shown := make(map[string]int)
	for _, n := range c.notes {
		shown[n.note]++
		switch {
		case of[n.note] <= most || shown[n.note] < most:
			out = append(out, n.path+": "+n.note)
		case shown[n.note] == most:
			out = append(out, fmt.Sprintf("and %d more files: %s", of[n.note]-most+1, n.note))
		}
	}
	return out
}

// String is e.g. "3 to write, 4 to edit"; "" without any.
func (c *fileCounts) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{c.write, "to write"}, {c.edit, "to edit"}, {c.remove, "to remove"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// own lists the operations that a backend carries out itself.
func (v planView) own() {
	for _, s := range v.plan.Stages {
		var lines []string
		for _, op := range s.Operations {
			if op.Kind == plan.OperationOwn {
				lines = append(lines, op.Summary)
			}
		}
		if len(lines) == 0 {
			continue
		}
		label := "Kernel"
		if s.Backend != "netlink" {
			label = s.Backend
		}
		v.row(label, fmt.Sprintf("%d operations, in this order", len(lines)))
		for _, l := range lines {
			fmt.Fprintf(v.w, "           %s\n", Clean(l))
		}
	}
}

func (v planView) restarts() {
	if len(v.plan.Restarts) == 0 {
		return
	}
	for _, r := range v.plan.Restarts {
		text := r.Service + ": " + r.Why
		if len(r.Command) > 0 || len(r.Interfaces) > 0 {
			text += " (" + Clean(r.How()) + ")"
		}
		if r.Skipped != "" {
			text = "not done, " + r.Service + ": " + r.Skipped
		}
		v.row("Restart", text)
	}
}

// effects prints what is implied, each line once.
func (v planView) effects() {
	var seen []string
	for _, e := range allEffects(v.plan) {
		if e.Kind == plan.EffectOperator || e.Kind == plan.EffectUnreachable || slices.Contains(seen, e.Text) {
			continue
		}
		seen = append(seen, e.Text)
	}
	if len(seen) == 0 {
		return
	}
	fmt.Fprintf(v.w, "\n%s\n", v.paint(bold, "What it implies"))
	for _, text := range seen {
		for i, line := range wrap(Clean(text), 84) {
			lead := "  * "
			if i > 0 {
				lead = "    "
			}
			fmt.Fprintf(v.w, "%s%s\n", lead, line)
		}
	}
}

// diffs prints each changed file as a unified diff.
func (v planView) diffs() {
	for _, s := range v.plan.Stages {
		for _, op := range s.Operations {
			if op.File == nil {
				continue
			}
			fmt.Fprintln(v.w)
			for line := range strings.SplitSeq(UnifiedDiff(op.File), "\n") {
				fmt.Fprintln(v.w, v.diffLine(line))
			}
		}
	}
}

func (v planView) diffLine(line string) string {
	text := cleaner(line, "\t")
	switch {
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
		return v.paint(bold, text)
	case strings.HasPrefix(line, "+"):
		return v.paint(green, text)
	case strings.HasPrefix(line, "-"):
		return v.paint(red, text)
	case strings.HasPrefix(line, "@@"):
		return v.paint(cyan, text)
	}
	return text
}

// UnifiedDiff gives a file change as `diff -u` does, without the final line
// end; a file that is not UTF-8 is only counted in bytes.
func UnifiedDiff(f *plan.FileChange) string {
	if !utf8.Valid(f.Before.Content) || !utf8.Valid(f.After.Content) {
		return fmt.Sprintf("--- %s\n+++ %s\n(not UTF-8: %d bytes become %d)", f.Path, f.Path, len(f.Before.Content), len(f.After.Content))
	}
	from, to := f.Path, f.Path
	if !f.Before.Exists {
		from = "/dev/null"
	}
	if !f.After.Exists {
		to = "/dev/null"
	}
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: splitLines(f.Before.Content), B: splitLines(f.After.Content),
		FromFile: from, ToFile: to, Context: 3,
	})
	if err != nil { // only a failing writer, and it writes to memory
		return err.Error()
	}
	return strings.TrimSuffix(text, "\n")
}

func splitLines(content []byte) []string {
	lines := strings.SplitAfter(string(content), "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	} else {
		lines[last] += "\n\\ No newline at end of file\n"
	}
	return lines
}
