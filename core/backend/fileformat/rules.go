package fileformat

import "linkspan/core/diag"

// The rules of every backend for a file format. A code never changes its meaning.
var (
	ruleCannotExpress = diag.Rule{Code: "LS8010", Severity: diag.Error, Summary: "not expressible in the files of this backend",
		Explain: "The files that the backend would write were read again, and do not say what the definition says: its format has no word for the attribute, or the backend does not know it. linkspan refuses instead of writing files that mean less."}
	ruleUnreadable = diag.Rule{Code: "LS8011", Severity: diag.Error, Summary: "a file that the backend cannot read",
		Explain: "Nothing is planned from files that cannot be read: what they hold might be lost. A directory, a named pipe, a file with a NUL byte or of many megabytes is no configuration; move it away."}
	ruleNotWritten = diag.Rule{Code: "LS8012", Severity: diag.Error, Summary: "files that would not say what is wanted",
		Explain: "linkspan keeps the lines of a file that it does not know, and reads what it is about to write. The result was not the definition: such a line says otherwise, or the file cannot be taken apart line by line. Mend it by hand, or move the file away and let linkspan write it anew."}
	ruleLeft = diag.Rule{Code: "LS8013", Severity: diag.Warning, Summary: "an interface that has left the definition stays",
		Explain: "linkspan made the file, and no definition names the interface any more. It is removed when the host's apply block says prune = true, or when the definition says state = \"absent\" of it."}
	ruleElsewhere = diag.Rule{Code: "LS8014", Severity: diag.Error, Summary: "an interface that another file configures as well",
		Explain: "linkspan would write the interface into its file, and a file of somebody else configures it, too: which of them counts is the reader's secret. Remove it from that file."}
)

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule {
	return []diag.Rule{ruleCannotExpress, ruleUnreadable, ruleNotWritten, ruleLeft, ruleElsewhere}
}
