package view

import (
	"fmt"
	"slices"
	"strings"

	"linkspan/core/plan"
)

// guests shows the guests on each bridge that the plan touches.
func (v planView) guests() {
	width := 0
	for _, b := range v.plan.Guests {
		width = max(width, len(Clean(b.Bridge)))
	}
	label := "Guests"
	for _, b := range v.plan.Guests {
		for i, line := range wrap(guestLine(b.Guests), 84-width) {
			head := padded(Clean(b.Bridge), width)
			if i > 0 {
				head = strings.Repeat(" ", width)
			}
			v.row(label, head+"  "+line)
			label = ""
		}
	}
}

// guestLine names guests with their ports; how a bridge was chosen for one
// that names none stands behind it.
func guestLine(guests []plan.Guest) string {
	if len(guests) == 0 {
		return "none known"
	}
	var names []string
	notes := make(map[string][]string)
	for _, g := range guests {
		if !slices.Contains(names, g.Name) {
			names = append(names, g.Name)
		}
		for _, note := range []string{portNote(g), defaultNote(g)} {
			if note != "" && !slices.Contains(notes[g.Name], note) {
				notes[g.Name] = append(notes[g.Name], note)
			}
		}
	}
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = Clean(n)
		if len(notes[n]) > 0 {
			out[i] += " (" + Clean(strings.Join(notes[n], ", ")) + ")"
		}
	}
	return strings.Join(out, ", ")
}

func portNote(g plan.Guest) string {
	if g.Port == g.Name {
		return ""
	}
	return g.Port
}

func defaultNote(g plan.Guest) string {
	if g.Default == "" {
		return ""
	}
	return fmt.Sprintf("names no bridge: %s", g.Default)
}

// guestRows are the lines below an interface that guests are on.
func guestRows(guests []plan.Guest) []string {
	if len(guests) == 0 {
		return nil
	}
	return wrap("guests: "+guestLine(guests), 90)
}
