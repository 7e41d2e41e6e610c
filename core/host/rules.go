package host

import "linkspan/core/diag"

// The rules of one host. A code never changes its meaning.
var (
	ruleName          = diag.Rule{Code: "LS2001", Severity: diag.Error, Summary: "not an interface name"}
	ruleNameTwice     = diag.Rule{Code: "LS2002", Severity: diag.Error, Summary: "two interfaces of one name"}
	ruleUnknown       = diag.Rule{Code: "LS2003", Severity: diag.Error, Summary: "a reference to something that is not there"}
	ruleCycle         = diag.Rule{Code: "LS2004", Severity: diag.Error, Summary: "interfaces that stand on themselves"}
	ruleTwoMasters    = diag.Rule{Code: "LS2005", Severity: diag.Error, Summary: "a port of two masters"}
	rulePortTwice     = diag.Rule{Code: "LS2006", Severity: diag.Error, Summary: "a port listed twice"}
	ruleAddressOnPort = diag.Rule{Code: "LS2007", Severity: diag.Error, Summary: "an address on a port"}
	ruleVLANRange     = diag.Rule{Code: "LS2008", Severity: diag.Error, Summary: "not a VLAN id"}
	ruleVLANTwice     = diag.Rule{Code: "LS2009", Severity: diag.Error, Summary: "a VLAN id given twice on one parent"}
	ruleVLANOnPort    = diag.Rule{Code: "LS2010", Severity: diag.Error, Summary: "a VLAN on a port"}
	ruleMTU           = diag.Rule{Code: "LS2011", Severity: diag.Error, Summary: "an MTU that does not fit"}
	ruleBondMode      = diag.Rule{Code: "LS2012", Severity: diag.Error, Summary: "a bond option that the mode does not take"}
	ruleBondValue     = diag.Rule{Code: "LS2013", Severity: diag.Error, Summary: "not a value of this bond option"}
	ruleBondPrimary   = diag.Rule{Code: "LS2014", Severity: diag.Error, Summary: "a primary that is no port"}
	ruleTwoMonitors   = diag.Rule{Code: "LS2015", Severity: diag.Error, Summary: "two kinds of link monitoring"}
	ruleNoMonitor     = diag.Rule{Code: "LS2016", Severity: diag.Warning, Summary: "a bond without link monitoring"}
	ruleBondDelay     = diag.Rule{Code: "LS2017", Severity: diag.Error, Summary: "a delay that does not count"}
	ruleBondEmpty     = diag.Rule{Code: "LS2018", Severity: diag.Warning, Summary: "a bond without ports"}
	ruleGateway       = diag.Rule{Code: "LS2019", Severity: diag.Error, Summary: "a gateway that cannot be reached"}
	ruleAddress       = diag.Rule{Code: "LS2020", Severity: diag.Error, Summary: "not an address for a host"}
	ruleAddressTwice  = diag.Rule{Code: "LS2021", Severity: diag.Error, Summary: "an address given twice"}
	ruleMAC           = diag.Rule{Code: "LS2022", Severity: diag.Error, Summary: "not a MAC address for an interface"}
	ruleMACTwice      = diag.Rule{Code: "LS2023", Severity: diag.Error, Summary: "a MAC address given twice"}
	ruleOverlap       = diag.Rule{Code: "LS2024", Severity: diag.Warning, Summary: "overlapping networks"}
	ruleDefaultRoutes = diag.Rule{Code: "LS2025", Severity: diag.Error, Summary: "two default routes of one metric"}
	ruleFamily        = diag.Rule{Code: "LS2026", Severity: diag.Error, Summary: "an address of the wrong family"}
	ruleRoute         = diag.Rule{Code: "LS2027", Severity: diag.Error, Summary: "not a route"}
	ruleRange         = diag.Rule{Code: "LS2028", Severity: diag.Error, Summary: "a number out of range"}
	ruleWord          = diag.Rule{Code: "LS2029", Severity: diag.Error, Summary: "not one of the words"}
	ruleDescription   = diag.Rule{Code: "LS2030", Severity: diag.Error, Summary: "not a description"}
	ruleStacking      = diag.Rule{Code: "LS2031", Severity: diag.Error, Summary: "a port that its master cannot have"}
	ruleLowerAbsent   = diag.Rule{Code: "LS2032", Severity: diag.Error, Summary: "standing on what is to be absent"}
	ruleBridgeTimer   = diag.Rule{Code: "LS2033", Severity: diag.Error, Summary: "a bridge timer out of range"}
	ruleNoBackend     = diag.Rule{Code: "LS2034", Severity: diag.Warning, Summary: "a host without a backend"}
	ruleHook          = diag.Rule{Code: "LS2035", Severity: diag.Error, Summary: "an incomplete hook"}
	ruleCheck         = diag.Rule{Code: "LS2036", Severity: diag.Error, Summary: "not exactly one probe in a check"}
	ruleDuration      = diag.Rule{Code: "LS2037", Severity: diag.Error, Summary: "not a length of time"}
)

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule {
	return []diag.Rule{
		ruleName, ruleNameTwice, ruleUnknown, ruleCycle, ruleTwoMasters, rulePortTwice, ruleAddressOnPort,
		ruleVLANRange, ruleVLANTwice, ruleVLANOnPort, ruleMTU, ruleBondMode, ruleBondValue, ruleBondPrimary,
		ruleTwoMonitors, ruleNoMonitor, ruleBondDelay, ruleBondEmpty, ruleGateway, ruleAddress, ruleAddressTwice,
		ruleMAC, ruleMACTwice, ruleOverlap, ruleDefaultRoutes, ruleFamily, ruleRoute, ruleRange, ruleWord,
		ruleDescription, ruleStacking, ruleLowerAbsent, ruleBridgeTimer, ruleNoBackend, ruleHook, ruleCheck, ruleDuration,
	}
}
