package hostfile

import "linkspan/core/diag"

// The rules of the language. A code never changes its meaning.
var (
	ruleRead             = diag.Rule{Code: "LS1001", Severity: diag.Error, Summary: "definitions that cannot be read"}
	ruleSize             = diag.Rule{Code: "LS1002", Severity: diag.Error, Summary: "a file too large or nested too deep"}
	ruleCharacter        = diag.Rule{Code: "LS1003", Severity: diag.Error, Summary: "a character that does not belong into the file"}
	ruleSyntax           = diag.Rule{Code: "LS1004", Severity: diag.Error, Summary: "a syntax error"}
	ruleExpression       = diag.Rule{Code: "LS1005", Severity: diag.Error, Summary: "an expression without a value"}
	ruleUnknownBlock     = diag.Rule{Code: "LS1006", Severity: diag.Error, Summary: "an unknown block"}
	ruleUnknownAttribute = diag.Rule{Code: "LS1007", Severity: diag.Error, Summary: "an unknown attribute"}
	ruleLabels           = diag.Rule{Code: "LS1008", Severity: diag.Error, Summary: "a block with too few or too many labels"}
	ruleTwice            = diag.Rule{Code: "LS1009", Severity: diag.Error, Summary: "a block given twice"}
	ruleMissing          = diag.Rule{Code: "LS1010", Severity: diag.Error, Summary: "a required attribute is missing"}
	ruleType             = diag.Rule{Code: "LS1011", Severity: diag.Error, Summary: "a value of the wrong type"}
	ruleWords            = diag.Rule{Code: "LS1012", Severity: diag.Error, Summary: "not one of the words"}
	ruleVariable         = diag.Rule{Code: "LS1013", Severity: diag.Error, Summary: "a variable without a good value"}
	ruleCycle            = diag.Rule{Code: "LS1014", Severity: diag.Error, Summary: "locals that need each other"}
	ruleReference        = diag.Rule{Code: "LS1015", Severity: diag.Error, Summary: "an unknown name in an expression"}
	ruleInterface        = diag.Rule{Code: "LS1016", Severity: diag.Error, Summary: "an unknown interface"}
	ruleBackend          = diag.Rule{Code: "LS1017", Severity: diag.Error, Summary: "an unknown backend"}
	ruleAddress          = diag.Rule{Code: "LS1018", Severity: diag.Error, Summary: "not an IP address"}
	ruleProfile          = diag.Rule{Code: "LS1019", Severity: diag.Error, Summary: "an unknown profile"}
	ruleConflict         = diag.Rule{Code: "LS1020", Severity: diag.Error, Summary: "two profiles disagree"}
	ruleForEach          = diag.Rule{Code: "LS1021", Severity: diag.Error, Summary: "for_each over the wrong thing"}
	ruleHostName         = diag.Rule{Code: "LS1022", Severity: diag.Error, Summary: "not a host name"}
	ruleSelect           = diag.Rule{Code: "LS1023", Severity: diag.Error, Summary: "no such host"}
	ruleVersion          = diag.Rule{Code: "LS1024", Severity: diag.Error, Summary: "another version of linkspan is required"}
	ruleTwoKinds         = diag.Rule{Code: "LS1025", Severity: diag.Error, Summary: "one interface of two kinds"}
)

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule {
	return []diag.Rule{
		ruleRead, ruleSize, ruleCharacter, ruleSyntax, ruleExpression, ruleUnknownBlock, ruleUnknownAttribute, ruleLabels,
		ruleTwice, ruleMissing, ruleType, ruleWords, ruleVariable, ruleCycle, ruleReference, ruleInterface, ruleBackend,
		ruleAddress, ruleProfile, ruleConflict, ruleForEach, ruleHostName, ruleSelect, ruleVersion, ruleTwoKinds,
	}
}
