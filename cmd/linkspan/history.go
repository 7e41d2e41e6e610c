package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/engine/journal"
)

func (a *app) historyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "history",
		Short: "What was applied when, by whom, from which definition, and how it ended",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.history() },
	}
}

// historyLine is one run, for the JSON form.
type historyLine struct {
	Run        int       `json:"run"`
	Time       time.Time `json:"time"`
	Host       string    `json:"host"`
	User       string    `json:"user"`
	Command    string    `json:"command"`
	Definition string    `json:"definition"`
	Digest     string    `json:"digest"`
	State      string    `json:"state"`
	Why        string    `json:"why,omitempty"`
	Add        int       `json:"add"`
	Change     int       `json:"change"`
	Remove     int       `json:"remove"`
	RollbackOf int       `json:"rollback_of,omitempty"`
	Warnings   []string  `json:"warnings,omitempty"`
}

func (a *app) history() error {
	runs, damaged := a.journals().All()
	var lines []historyLine
	for _, r := range runs {
		l := lineOf(r)
		if rolledBack(runs, r.ID) {
			l.State = "rolled back"
		}
		lines = append(lines, l)
	}
	if a.text() {
		if len(lines) == 0 && damaged == nil {
			fmt.Fprintln(a.stdout, "Nothing has been applied yet.")
		}
		for _, l := range lines {
			what := fmt.Sprintf("+%d ~%d -%d", l.Add, l.Change, l.Remove)
			if l.RollbackOf != 0 {
				what += fmt.Sprintf(", rolls back %d", l.RollbackOf)
			}
			fmt.Fprintf(a.stdout, "%5d  %s  %-12s %s  %s, %s  by %s, %s\n", l.Run, l.Time.Local().Format("2006-01-02 15:04:05"),
				l.State, l.Digest, view.Clean(l.Host), what, view.Clean(l.User), view.Clean(l.Definition))
			if l.Why != "" {
				fmt.Fprintf(a.stdout, "       %s\n", view.Clean(l.Why))
			}
			a.tellWarnings("       warning: ", l.Warnings)
		}
	}
	if err := a.send("history", lines); err != nil {
		return err
	}
	return damaged
}

// tellWarnings shows what backends had to leave, a line each.
func (a *app) tellWarnings(prefix string, warnings []string) {
	for _, w := range warnings {
		fmt.Fprintf(a.stdout, "%s%s\n", prefix, view.Clean(w))
	}
}

func lineOf(r *journal.Run) historyLine {
	b := r.Begin()
	l := historyLine{Run: r.ID, Time: r.Time(), Host: b.Host, User: b.User, Command: b.Command, Definition: b.Definition,
		Digest: b.Plan.Digest, State: string(r.State()), Why: r.Why(), RollbackOf: b.RollbackOf, Warnings: r.Warnings()}
	l.Add, l.Change, l.Remove = b.Plan.Counts()
	return l
}
