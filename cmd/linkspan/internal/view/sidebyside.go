package view

import (
	"fmt"
	"io"
	"strings"

	"linkspan/core/engine"
	"linkspan/core/plan"
)

// SideBySide prints what is declared, persisted and live, interface by
// interface, and how the last apply stands.
func SideBySide(w io.Writer, s Style, st *engine.Status) {
	fmt.Fprintf(w, "Host %s\n\n", s.paint(bold, Clean(st.Host)))
	if len(st.Interfaces) > 0 {
		head := padded("", 16) + padded("declared", 11)
		for _, v := range st.Interfaces[0].Views {
			head += padded(fmt.Sprintf("%s (%s)", v.Backend, word(v.Phase)), 22)
		}
		fmt.Fprintf(w, "  %s\n", s.paint(dim, strings.TrimRight(head, " ")))
	}
	guests := plan.GuestsOn(st.Guests)
	for _, i := range st.Interfaces {
		declared := i.Type
		if !i.Declared {
			declared = "-"
		}
		row := padded(Clean(i.Name), 16) + padded(Clean(declared), 11)
		for _, v := range i.Views {
			row += s.paint(stateTint(v.State), padded(string(v.State), 22))
		}
		fmt.Fprintf(w, "  %s\n", strings.TrimRight(row, " "))
		for _, v := range i.Views {
			s.differences(w, v)
		}
		for _, line := range guestRows(guests[i.Name]) {
			fmt.Fprintf(w, "      %s\n", s.paint(dim, line))
		}
	}
	for _, v := range st.Others {
		fmt.Fprintf(w, "  %s%s\n", padded(Clean(v.Object), 27), s.paint(stateTint(v.State), string(v.State)))
		s.differences(w, v)
	}
	fmt.Fprintln(w)
}

// word is what people call a phase's view.
func word(phase string) string {
	if phase == "activate" {
		return "live"
	}
	return "persisted"
}

func stateTint(v engine.ViewState) tint {
	switch v {
	case engine.InSync:
		return green
	case engine.Differs, engine.Missing, engine.StillThere:
		return yellow
	}
	return dim
}

func (s Style) differences(w io.Writer, v engine.ViewStatus) {
	for _, d := range v.Differences {
		fmt.Fprintf(w, "      %s: %s is %s, declared %s\n", v.Backend, Clean(d.Key), Clean(d.Before.String()), Clean(d.After.String()))
	}
}
