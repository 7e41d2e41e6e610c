package diag

import "fmt"

// Rule is one check with its stable code. The package that makes the check
// declares the Rule; `linkspan explain CODE` prints it.
//
// Codes: LS1xxx the language, LS2xxx the model of one host, LS3xxx across
// hosts, LS4xxx the ifcfg backend, LS5xxx the xend backend, LS6xxx the netlink
// backend, LS7xxx scripts, LS8xxx plugins.
type Rule struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Summary  string   `json:"summary"`         // constant: names the fault without the case
	Explain  string   `json:"explain"`         // what it means and what to do, a few sentences
	Wrong    string   `json:"wrong,omitempty"` // HCL (or, for a backend, the file) that has the fault
	Right    string   `json:"right,omitempty"` // the same without it
}

// At makes the diagnostic of this rule for the part of the host at path. The
// detail is formatted as fmt.Sprintf does.
func (r Rule) At(path, detail string, args ...any) Diagnostic {
	return Diagnostic{Severity: r.Severity, Code: r.Code, Summary: r.Summary, Detail: fmt.Sprintf(detail, args...), Path: path}
}

// In makes the diagnostic of this rule for a place in a file.
func (r Rule) In(place Range, detail string, args ...any) Diagnostic {
	d := r.At("", detail, args...)
	d.Range = place
	return d
}

// With returns d with a second place added.
func (d Diagnostic) With(message, path string) Diagnostic {
	d.Related = append(d.Related[:len(d.Related):len(d.Related)], Related{Message: message, Path: path})
	return d
}
