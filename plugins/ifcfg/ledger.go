package ifcfg

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/writer"
)

// ledgerFile records which files linkspan has made, and which it has taken
// over. Together with the header line in a file it tells what may be removed
// when its interface leaves the definition.
const ledgerFile = "/var/lib/linkspan/ifcfg.files"

const ledgerHeader = "# Files below " + reader.Dir + " that linkspan has made (it removes them with their\n# interface, when the definition says prune) or adopted (it never removes them).\n"

// ledger maps a file's name to "made" or "adopted".
type ledger map[string]string

func parseLedger(raw []byte) ledger {
	out := make(ledger)
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(line); len(f) == 2 && (f[0] == "made" || f[0] == "adopted") {
			out[f[1]] = f[0]
		}
	}
	return out
}

func (l ledger) text() []byte {
	names := make([]string, 0, len(l))
	for name := range l {
		names = append(names, name)
	}
	slices.Sort(names)
	var b bytes.Buffer
	b.WriteString(ledgerHeader)
	for _, name := range names {
		b.WriteString(l[name] + " " + name + "\n")
	}
	return b.Bytes()
}

// isOurs reports whether linkspan has made the file: it has the header, and
// where there is a ledger that says so, too. A copy of such a file is its
// maker's, and so is one whose header was removed.
func (l ledger) isOurs(name string, state plan.FileState, hasLedger bool) bool {
	return state.Exists && bytes.HasPrefix(state.Content, []byte(writer.Header)) && (!hasLedger || l[name] == "made")
}

// keepsLedger reports whether the state directory is the usual one on the same
// root as the files, so that the ledger can be written in one transaction with them.
func keepsLedger(root, stateDir string) bool {
	if stateDir == "" {
		return false
	}
	if root == "" {
		root = "/"
	}
	state, err := filepath.Abs(stateDir)
	if err != nil {
		return false
	}
	base, err := filepath.Abs(root)
	if err != nil {
		return false
	}
	return state == filepath.Join(base, filepath.Dir(ledgerFile))
}

// factMade lists, in Facts, the interfaces whose files linkspan has made and
// that the definition does not declare.
const factMade = "made"

// leftOvers are the interfaces that have left the definition and whose files
// linkspan has made: they go if the definition says prune.
func leftOvers(h *host.Host, facts map[string]string) []plan.Object {
	if !h.Apply.Prune {
		return nil
	}
	var out []plan.Object
	for device := range strings.FieldsSeq(facts[factMade]) {
		out = append(out, plan.Object{Ref: plan.Ref{Class: plan.ClassInterface, Name: device}, Absent: true,
			Reason: "linkspan made its file, the definition no longer names it and says prune = true"})
	}
	return out
}
