package view

import (
	"fmt"
	"os"

	"golang.org/x/term"
)

// Status is one line that says what is being done. On a terminal it is
// rewritten, and gone at the end; elsewhere nothing is shown.
type Status struct {
	to    *os.File
	on    bool
	shown bool
}

// NewStatus makes the line on a stream.
func NewStatus(to *os.File, env func(string) string) *Status {
	return &Status{to: to, on: term.IsTerminal(int(to.Fd())) && env("TERM") != "dumb"}
}

// Show rewrites the line.
func (s *Status) Show(text string) {
	if !s.on {
		return
	}
	width, _, err := term.GetSize(int(s.to.Fd()))
	if r := []rune(Clean(text)); err == nil && width > 4 && len(r) >= width {
		text = string(r[:width-2]) + "…"
	}
	s.shown = true
	fmt.Fprintf(s.to, "\r\x1b[K%s", Clean(text))
}

// End takes the line away.
func (s *Status) End() {
	if s.shown {
		fmt.Fprint(s.to, "\r\x1b[K")
		s.shown = false
	}
}
