package xend

import "linkspan/core/diag"

// The rules of the xend backend. A code never changes its meaning.
var (
	ruleSyntax = diag.Rule{Code: "LS5001", Severity: diag.Error, Summary: "xend itself would not start with this file",
		Explain: "xend's parser ends with an error at this place, in every release from 3.0 to 4.4, and xend does not start. linkspan edits only what it understands to the byte; mend the place first.",
		Wrong:   "(network-script network-bridge\n(vif-script vif-bridge)", Right: "(network-script network-bridge)\n(vif-script vif-bridge)"}
	ruleUnreadable = diag.Rule{Code: "LS5002", Severity: diag.Error, Summary: "Xen's configuration cannot be read",
		Explain: "The file is there but cannot be read, is not a regular file, or is far larger than any configuration of Xen's."}
	ruleTwo = diag.Rule{Code: "LS5003", Severity: diag.Warning, Summary: "more than one network-script",
		Explain: "xend uses the first one only, even when that is empty. Remarking just that one would bring the next to life; linkspan remarks them all.",
		Wrong:   "(network-script 'network-bridge netdev=eth1')\n(network-script network-dummy)", Right: "(network-script network-dummy)"}
	ruleExtra = diag.Rule{Code: "LS5004", Severity: diag.Warning, Summary: "arguments that xend ignores",
		Explain: "xend takes the first value after network-script; further ones are dropped without a word. Arguments belong into one quoted string.",
		Wrong:   "(network-script network-bridge netdev=eth1)", Right: "(network-script 'network-bridge netdev=eth1')"}
	ruleVifScript = diag.Rule{Code: "LS5005", Severity: diag.Warning, Summary: "guests are not connected to the bridges of the definition",
		Explain: "vif-script says how xend connects guests. vif-nat and vif-route do it without a bridge, and a bridge= argument names the bridge of all guests that name none: it must be there, or they do not start.",
		Wrong:   "(vif-script vif-nat)", Right: "(vif-script vif-bridge)"}
	ruleRelocation = diag.Rule{Code: "LS5006", Severity: diag.Warning, Summary: "the relocation address names a card without an address",
		Explain: "From 4.1 on xend resolves an interface name in xend-relocation-address to its address. Once the card is a port, it has none, and xend does not listen for guests that move in.",
		Wrong:   "(xend-relocation-address eth0)", Right: "(xend-relocation-address xenbr0)"}
	ruleXAPI = diag.Rule{Code: "LS5007", Severity: diag.Error, Summary: "the host is managed by XAPI",
		Explain: "On XenServer and XCP-ng the toolstack owns the host's network and writes it anew; linkspan would fight it. Use xe."}
	ruleState = diag.Rule{Code: "LS5008", Severity: diag.Warning, Summary: "xend keeps networks of its own",
		Explain: "From 3.1 on xend makes, at every start and whatever network-script says, the managed networks of /var/lib/xend/state/network.xml as bridges, and the VLANs of pif.xml, when they are missing."}
	ruleDiffers = diag.Rule{Code: "LS5009", Severity: diag.Error, Summary: "xend's releases read this file differently",
		Explain: "Releases from 3.0 to 4.4 do not agree on this place, and with some of them xend does not start, or takes another network-script. linkspan edits only what all of them read alike. Unknown escapes ended xend up to 3.0.3 and lose a letter later; \"!\" ended a word up to 3.4.",
		Wrong:   `(xend-relocation-hosts-allow '^.*\.example\.org$')`, Right: `(xend-relocation-hosts-allow '^.*\\.example\\.org$')`}
	ruleSilent = diag.Rule{Code: "LS5010", Severity: diag.Error, Summary: "xend drops a part of this file without a word",
		Explain: "xend reads on as if the rest were not there: a list that the end of the file cuts off inside a word or a comment, or what follows a ^D. Anything added to the file could bring it to life, or end xend. Complete it or take it away.",
		Wrong:   "(network-script network-bridge", Right: "(network-script network-bridge)"}
	ruleLeftover = diag.Rule{Code: "LS5011", Severity: diag.Warning, Summary: "an earlier network-script has changed the network",
		Explain: "network-bridge renames the card (eth0 becomes peth0) and makes a bridge of its name, older ones put vif0.* on it. xend never takes that back, not when it stops either. Before the network of the definition is made, run /etc/xen/scripts/network-bridge stop by hand from the console, or remark the directive and reboot."}
	ruleGuestBridge = diag.Rule{Code: "LS5012", Severity: diag.Warning, Summary: "a guest's bridge is missing",
		Explain: "The guest does not start (\"Could not find bridge device\"), or loses its network at its next start: no bridge of that name is declared, and none is there. Declare it, or mend the guest's file.",
		Wrong:   "vif = ['bridge=xenbr9']", Right: "vif = ['bridge=xenbr0']"}
	ruleGuestUnknown = diag.Rule{Code: "LS5013", Severity: diag.Warning, Summary: "a guest's bridge is not known",
		Explain: "The files of xm are Python programs. linkspan does not run them: what literals at the left margin assign is known, what is computed is not. The guest may be on any bridge; look yourself before a change that touches guests.",
		Wrong:   "vif = ['bridge=' + bridge_of(name)]", Right: "vif = ['bridge=xenbr0']"}
	ruleXLSyntax = diag.Rule{Code: "LS5014", Severity: diag.Warning, Summary: "xl ends every command with this file",
		Explain: "xl reads xl.conf at every command and ends when it does not parse: Windows line ends, a last comment without line end, a value without quotes.",
		Wrong:   "vif.default.bridge=xenbr0", Right: `vif.default.bridge="xenbr0"`}
	ruleDefaultMoves = diag.Rule{Code: "LS5015", Severity: diag.Warning, Summary: "guests that name no bridge would come to another one",
		Explain: "Without bridge= a guest of xend's comes to the first bridge that brctl show lists, in the order of their names. The bridges of the definition change which one that is. Name the bridge in the guest's file, or for all in vif-script.",
		Wrong:   "(vif-script vif-bridge)", Right: "(vif-script 'vif-bridge bridge=xenbr0')"}
	ruleOtherConfig = diag.Rule{Code: "LS5016", Severity: diag.Warning, Summary: "xend reads another file",
		Explain: "The variable XEND_CONFIG names the file that xend reads. An edit of any other one has no effect. Name it in the block; it must be below /etc/xen.",
		Wrong:   `backend "xend" {}`, Right: "backend \"xend\" {\n  config = \"/etc/xen/xend-site.sxp\"\n}"}
	ruleXen2 = diag.Rule{Code: "LS5017", Severity: diag.Error, Summary: "Xen 2.0 is not supported",
		Explain: "The xend of 2.0 runs its network script also when no directive names one, so that remarking the directive changes nothing. From 3.0.0 on no directive means no script.",
		Wrong:   "(network-script    network)\n(vif-bridge        xen-br0)", Right: "(network-script network-bridge)"}
	ruleEditor = diag.Rule{Code: "LS5018", Severity: diag.Warning, Summary: "an editor has the file open",
		Explain: "Its swap or lock file is there: somebody is editing, or an editor was killed. What it writes would undo linkspan's edit. Close it, or remove the file that it left."}
	ruleXLDefault = diag.Rule{Code: "LS5019", Severity: diag.Warning, Summary: "xl's default bridge is not declared",
		Explain: "vif.default.bridge of xl.conf is the bridge of every guest that names none. When it is missing, they do not start."}
	ruleXLEdit = diag.Rule{Code: "LS5020", Severity: diag.Error, Summary: "xl.conf cannot be set",
		Explain: "The backend's block sets a default of xl.conf, but the file does not parse, or the value cannot be written so that every release of xl reads it alike. Mend the file or the value first.",
		Wrong:   "vif.default.bridge=xenbr0", Right: `vif.default.bridge="xenbr0"`}
	ruleEdit = diag.Rule{Code: "LS5021", Severity: diag.Error, Summary: "xend's configuration cannot be edited safely",
		Explain: "After the edit the file would not mean the same but for network-script, or managed = false could not bring it back to the byte: a line looks like half of a remark of linkspan's. Take that line away, or remark network-script by hand.",
		Wrong:   "#linkspan#(network-script\n(network-script\nnetwork-bridge)\n#linkspan#)", Right: "(network-script network-bridge)"}
	ruleRuns = diag.Rule{Code: "LS5022", Severity: diag.Warning, Summary: "xend changes the network by itself",
		Explain: "import leaves the backend xend out of the definition, so that its plan is empty: with that backend, the plan would remark the directive. Add the block when xend shall leave the network alone.",
		Wrong:   "(network-script network-bridge)", Right: "#(network-script network-bridge)"}
)

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule {
	return []diag.Rule{ruleSyntax, ruleUnreadable, ruleTwo, ruleExtra, ruleVifScript, ruleRelocation, ruleXAPI, ruleState, ruleDiffers, ruleSilent,
		ruleLeftover, ruleGuestBridge, ruleGuestUnknown, ruleXLSyntax, ruleDefaultMoves, ruleOtherConfig, ruleXen2, ruleEditor, ruleXLDefault, ruleXLEdit, ruleEdit, ruleRuns}
}
