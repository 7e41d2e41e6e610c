package hostfile

import "linkspan/core/diag"

// The rules of the language. A code never changes its meaning.
var (
	ruleRead             = languageRule("LS1001", "definitions that cannot be read")
	ruleSize             = languageRule("LS1002", "a file too large or nested too deep")
	ruleCharacter        = languageRule("LS1003", "a character that does not belong into the file")
	ruleSyntax           = languageRule("LS1004", "a syntax error")
	ruleExpression       = languageRule("LS1005", "an expression without a value")
	ruleUnknownBlock     = languageRule("LS1006", "an unknown block")
	ruleUnknownAttribute = languageRule("LS1007", "an unknown attribute")
	ruleLabels           = languageRule("LS1008", "a block with too few or too many labels")
	ruleTwice            = languageRule("LS1009", "a block given twice")
	ruleMissing          = languageRule("LS1010", "a required attribute is missing")
	ruleType             = languageRule("LS1011", "a value of the wrong type")
	ruleWords            = languageRule("LS1012", "not one of the words")
	ruleVariable         = languageRule("LS1013", "a variable without a good value")
	ruleCycle            = languageRule("LS1014", "locals that need each other")
	ruleReference        = languageRule("LS1015", "an unknown name in an expression")
	ruleInterface        = languageRule("LS1016", "an unknown interface")
	ruleBackend          = languageRule(CodeUnknownBackend, "an unknown backend")
	ruleAddress          = languageRule("LS1018", "not an IP address")
	ruleProfile          = languageRule("LS1019", "an unknown profile")
	ruleConflict         = languageRule("LS1020", "two profiles disagree")
	ruleForEach          = languageRule("LS1021", "for_each over the wrong thing")
	ruleHostName         = languageRule("LS1022", "not a host name")
	ruleVersion          = languageRule("LS1024", "another version of linkspan is required")
	ruleTwoKinds         = languageRule("LS1025", "one interface of two kinds")
	ruleManners          = mild(languageRule("LS1026", "not in the canonical format"))
	ruleSecret           = languageRule("LS1027", "a secret where everybody reads")
)

// ruleFunction is of a function block that cannot be used.
var ruleFunction = languageRule("LS1028", "a function that cannot be called")

// CodeUnknownBackend is the code of a backend that Options.Schema does not know.
const CodeUnknownBackend = "LS1017"

func languageRule(code, summary string) diag.Rule {
	return diag.Rule{Code: code, Severity: diag.Error, Summary: summary}
}

func mild(r diag.Rule) diag.Rule {
	r.Severity = diag.Warning
	return r
}

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule {
	return explained([]diag.Rule{
		ruleRead, ruleSize, ruleCharacter, ruleSyntax, ruleExpression, ruleUnknownBlock, ruleUnknownAttribute, ruleLabels,
		ruleTwice, ruleMissing, ruleType, ruleWords, ruleVariable, ruleCycle, ruleReference, ruleInterface, ruleBackend,
		ruleAddress, ruleProfile, ruleConflict, ruleForEach, ruleHostName, ruleVersion, ruleTwoKinds, ruleManners, ruleSecret, ruleFunction,
	})
}
