package engine

import (
	"fmt"
	"strings"

	"linkspan/core/engine/journal"
)

// How many warnings of a run its journal keeps, and how many bytes of each: less
// than is reserved in it for what follows on a full disk.
const (
	mostWarnings   = 20
	longestWarning = 500
)

// warner tells of what a backend has left, and writes it down for those who were not
// there.
func warner(run *journal.Run, backend string, tell func(string)) func(string) {
	return func(text string) {
		tell("warning: " + backend + ": " + text)
		kept := len(run.Warnings())
		if kept > mostWarnings {
			return
		}
		rec := journal.Record{Kind: journal.KindWarning, Warning: backend + ": " + strings.ToValidUTF8(text[:min(len(text), longestWarning)], "")}
		if kept == mostWarnings {
			rec.Warning = "there were more warnings, which are not kept"
		}
		if err := run.Append(rec, false); err != nil {
			tell(fmt.Sprintf("the journal does not take the warning: %v", err)) // which stops nothing
		}
	}
}
