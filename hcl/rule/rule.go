// Package rule has the rules of the language: each kind of fault with its stable
// code, LS1001 and on, its severity and what `linkspan explain` says of it.
package rule

import "linkspan/core/diag"

// The rules of the language. A code never changes its meaning.
var (
	Read             = languageRule("LS1001", "definitions that cannot be read")
	Size             = languageRule("LS1002", "a file too large or nested too deep")
	Character        = languageRule("LS1003", "a character that does not belong into the file")
	Syntax           = languageRule("LS1004", "a syntax error")
	Expression       = languageRule("LS1005", "an expression without a value")
	UnknownBlock     = languageRule("LS1006", "an unknown block")
	UnknownAttribute = languageRule("LS1007", "an unknown attribute")
	Labels           = languageRule("LS1008", "a block with too few or too many labels")
	Twice            = languageRule("LS1009", "a block given twice")
	Missing          = languageRule("LS1010", "a required attribute is missing")
	Type             = languageRule("LS1011", "a value of the wrong type")
	Words            = languageRule("LS1012", "not one of the words")
	Variable         = languageRule("LS1013", "a variable without a good value")
	Cycle            = languageRule("LS1014", "locals that need each other")
	Reference        = languageRule("LS1015", "an unknown name in an expression")
	Interface        = languageRule("LS1016", "an unknown interface")
	Backend          = languageRule(CodeUnknownBackend, "an unknown backend")
	Address          = languageRule("LS1018", "not an IP address")
	Profile          = languageRule("LS1019", "an unknown profile")
	Conflict         = languageRule("LS1020", "two profiles disagree")
	ForEach          = languageRule("LS1021", "for_each over the wrong thing")
	HostName         = languageRule("LS1022", "not a host name")
	Version          = languageRule("LS1024", "another version of linkspan is required")
	TwoKinds         = languageRule("LS1025", "one interface of two kinds")
	Manners          = mild(languageRule("LS1026", "not in the canonical format"))
	Secret           = languageRule("LS1027", "a secret where everybody reads")
	Function         = languageRule("LS1028", "a function that cannot be called")
)

// CodeUnknownBackend is the code of a backend that Options.Schema does not know.
const CodeUnknownBackend = "LS1017"

func languageRule(code, summary string) diag.Rule {
	return diag.Rule{Code: code, Severity: diag.Error, Summary: summary}
}

func mild(r diag.Rule) diag.Rule {
	r.Severity = diag.Warning
	return r
}

// All lists the rules by code.
func All() []diag.Rule {
	return explained([]diag.Rule{
		Read, Size, Character, Syntax, Expression, UnknownBlock, UnknownAttribute, Labels,
		Twice, Missing, Type, Words, Variable, Cycle, Reference, Interface, Backend,
		Address, Profile, Conflict, ForEach, HostName, Version, TwoKinds, Manners, Secret, Function,
	})
}
