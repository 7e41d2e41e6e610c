package host

import "linkspan/core/diag"

// The rules of one host. A code never changes its meaning.
var (
	ruleName          = modelRule("LS2001", "not an interface name")
	ruleNameTwice     = modelRule("LS2002", "two interfaces of one name")
	ruleUnknown       = modelRule("LS2003", "a reference to something that is not there")
	ruleCycle         = modelRule("LS2004", "interfaces that stand on themselves")
	ruleTwoMasters    = modelRule("LS2005", "a port of two masters")
	rulePortTwice     = modelRule("LS2006", "a port listed twice")
	ruleAddressOnPort = modelRule("LS2007", "an address on a port")
	ruleVLANRange     = modelRule("LS2008", "not a VLAN id")
	ruleVLANTwice     = modelRule("LS2009", "a VLAN id given twice on one parent")
	ruleVLANOnPort    = modelRule("LS2010", "a VLAN on a port")
	ruleMTU           = modelRule("LS2011", "an MTU that does not fit")
	ruleBondMode      = modelRule("LS2012", "a bond option that the mode does not take")
	ruleBondValue     = modelRule("LS2013", "not a value of this bond option")
	ruleBondPrimary   = modelRule("LS2014", "a primary that is no port")
	ruleTwoMonitors   = modelRule("LS2015", "two kinds of link monitoring")
	ruleNoMonitor     = warning(modelRule("LS2016", "a bond without link monitoring"))
	ruleBondDelay     = modelRule("LS2017", "a delay that does not count")
	ruleBondEmpty     = warning(modelRule("LS2018", "a bond without ports"))
	ruleGateway       = modelRule("LS2019", "a gateway that cannot be reached")
	ruleAddress       = modelRule("LS2020", "not an address for a host")
	ruleAddressTwice  = modelRule("LS2021", "an address given twice")
	ruleMAC           = modelRule("LS2022", "not a MAC address for an interface")
	ruleMACTwice      = modelRule("LS2023", "a MAC address given twice")
	ruleOverlap       = warning(modelRule("LS2024", "overlapping networks"))
	ruleDefaultRoutes = modelRule("LS2025", "two default routes of one metric")
	ruleFamily        = modelRule("LS2026", "an address of the wrong family")
	ruleRoute         = modelRule("LS2027", "not a route")
	ruleRange         = modelRule("LS2028", "a number out of range")
	ruleWord          = modelRule("LS2029", "not one of the words")
	ruleDescription   = modelRule("LS2030", "not a description")
	ruleStacking      = modelRule("LS2031", "a port that its master cannot have")
	ruleLowerAbsent   = modelRule("LS2032", "standing on what is to be absent")
	ruleBridgeTimer   = modelRule("LS2033", "a bridge timer out of range")
	ruleNoBackend     = warning(modelRule("LS2034", "a host without a backend"))
	ruleHook          = modelRule("LS2035", "an incomplete hook")
	ruleCheck         = modelRule("LS2036", "not exactly one probe in a check")
	ruleDuration      = modelRule("LS2037", "not a length of time")
	ruleProbe         = modelRule("LS2038", "a check that cannot be made")
)

func modelRule(code, summary string) diag.Rule {
	return diag.Rule{Code: code, Severity: diag.Error, Summary: summary}
}

func warning(r diag.Rule) diag.Rule {
	r.Severity = diag.Warning
	return r
}

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule {
	return explained([]diag.Rule{
		ruleName, ruleNameTwice, ruleUnknown, ruleCycle, ruleTwoMasters, rulePortTwice, ruleAddressOnPort,
		ruleVLANRange, ruleVLANTwice, ruleVLANOnPort, ruleMTU, ruleBondMode, ruleBondValue, ruleBondPrimary,
		ruleTwoMonitors, ruleNoMonitor, ruleBondDelay, ruleBondEmpty, ruleGateway, ruleAddress, ruleAddressTwice,
		ruleMAC, ruleMACTwice, ruleOverlap, ruleDefaultRoutes, ruleFamily, ruleRoute, ruleRange, ruleWord,
		ruleDescription, ruleStacking, ruleLowerAbsent, ruleBridgeTimer, ruleNoBackend, ruleHook, ruleCheck, ruleDuration, ruleProbe,
	})
}
