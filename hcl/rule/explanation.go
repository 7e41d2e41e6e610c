package rule

import "linkspan/core/diag"

// explanation is what `linkspan explain` says of a rule. Where a fault is not
// in a definition's text (a missing file, a choice of host) there are no
// examples.
type explanation struct{ code, text, wrong, right string }

// explained joins rules with their explanations, for which hardly anybody asks:
// joined at every start they would cost every start.
func explained(rules []diag.Rule) []diag.Rule {
	for i := range rules {
		for _, e := range explanations {
			if e.code == rules[i].Code {
				rules[i].Explain, rules[i].Wrong, rules[i].Right = e.text, e.wrong, e.right
			}
		}
	}
	return rules
}

// explanations are one of each rule; a test loads every example.
var explanations = []explanation{
	{code: "LS1001", text: "The directory or file could not be opened or is no regular file, or no *.hcl file is directly in the directory. Check the path and its permissions."},
	{code: "LS1002", text: "A definition has at most 1 MiB, brackets are nested at most 200 deep, and there are at most 4,000 template directives. Nobody writes more by hand; a generated file can be split, as all *.hcl files of a directory are read together.",
		wrong: "locals { a = " + open201 + close201 + " }\n", right: "locals { a = [[]] }\n"},
	{code: "LS1003", text: "Word processors, web pages and some editors put in characters that look right and are not: curly quotes, a byte order mark, NUL bytes, text that is not UTF-8. Write straight quotes and save as UTF-8.",
		wrong: "host “a” {\n  backend \"ifcfg\" {}\n}\n", right: "host \"a\" {\n  backend \"ifcfg\" {}\n}\n"},
	{code: "LS1004", text: "The text is not HCL: a quote or bracket is not closed, a block begins on a line with something else, an attribute has no value. The place is where the parser could not go on; the cause may be a line above.",
		wrong: "host \"a\" {\n  bridge \"br0\" {\n", right: "host \"a\" {\n  bridge \"br0\" {}\n}\n"},
	{code: "LS1005", text: "An expression could not be evaluated: a function was called with an argument that it does not take, a map has no such key, types do not go together. Functions that read files read below the definitions' directory only.",
		wrong: "locals { a = cidrhost(\"10.0.0.0/24\", 300) }\n", right: "locals { a = cidrhost(\"10.0.0.0/24\", 30) }\n"},
	{code: "LS1006", text: "The block is misspelt or stands in the wrong place. The reference lists the blocks that each block can hold.",
		wrong: "host \"a\" {\n  brigde \"br0\" {}\n}\n", right: "host \"a\" {\n  bridge \"br0\" {}\n}\n"},
	{code: "LS1007", text: "The attribute is misspelt or belongs to another block. A block is written without an equals sign.",
		wrong: "host \"a\" {\n  bridge \"br0\" { adresses = [] }\n}\n", right: "host \"a\" {\n  bridge \"br0\" { addresses = [] }\n}\n"},
	{code: "LS1008", text: "Most blocks take one label, their name, in quotes between the type and the brace; locals, linkspan, route, dns, match, apply and validation take none.",
		wrong: "host {\n}\n", right: "host \"a\" {\n}\n"},
	{code: "LS1009", text: "A block of one kind and name stands once in a host or profile. A host overrides its profile's block by one of its own, and that is not meant here.",
		wrong: "host \"a\" {\n  bridge \"br0\" {}\n  bridge \"br0\" {}\n}\n", right: "host \"a\" {\n  bridge \"br0\" {}\n  bridge \"br1\" {}\n}\n"},
	{code: "LS1010", text: "The block means nothing without the attribute. An attribute that a profile gives need not be repeated; null counts as not given.",
		wrong: "host \"a\" {\n  vlan \"eth0.2\" { id = 2 }\n}\n", right: "host \"a\" {\n  vlan \"eth0.2\" {\n    parent = \"eth0\"\n    id     = 2\n  }\n}\n"},
	{code: "LS1011", text: "The value is of another type than the attribute takes. Lists are written in brackets also when they have one element; a text is never taken for a list.",
		wrong: "host \"a\" {\n  bridge \"br0\" { ports = \"eth0\" }\n}\n", right: "host \"a\" {\n  bridge \"br0\" { ports = [\"eth0\"] }\n}\n"},
	{code: "LS1012", text: "The attribute takes one of a few words, which the message lists. They are spelt as the kernel spells them.",
		wrong: "host \"a\" {\n  bond \"bond0\" { mode = \"actve-backup\" }\n}\n", right: "host \"a\" {\n  bond \"bond0\" { mode = \"active-backup\" }\n}\n"},
	{code: "LS1013", text: "A variable has no value, or one that does not fit its type or its validation, or a value is given to a variable that is not declared. Values come from -var NAME=VALUE, -var-file, *.auto.vars.hcl files, the environment's LINKSPAN_VAR_NAME, and the default, the earlier winning.",
		wrong: "variable \"gateway\" { type = string }\n", right: "variable \"gateway\" {\n  type    = string\n  default = \"10.0.0.1\"\n}\n"},
	{code: "LS1014", text: "Locals may be written in any order, but none can need itself, also not by way of others.",
		wrong: "locals {\n  a = local.b\n  b = local.a\n}\n", right: "locals {\n  a = local.b\n  b = 1\n}\n"},
	{code: "LS1015", text: "An expression names something that is not there: a variable, local or input that no block declares, each outside a block with for_each, input outside a profile, or a bare word that should have been a text in quotes.",
		wrong: "locals { a = var.gatway }\n", right: "variable \"gateway\" { default = \"10.0.0.1\" }\nlocals { a = var.gateway }\n"},
	{code: "LS1016", text: "A port or parent that no block declares stands for a network card of that name. A name with a dot, or one or two letters from a declared one, is taken for a mistake instead. Declare it, e.g. ethernet \"NAME\" {}, if it is meant.",
		wrong: "host \"a\" {\n  bond \"bond0\" { ports = [\"eth0\"] }\n  bridge \"br0\" { ports = [\"bnod0\"] }\n}\n", right: "host \"a\" {\n  bond \"bond0\" { ports = [\"eth0\"] }\n  bridge \"br0\" { ports = [\"bond0\"] }\n}\n"},
	{code: "LS1017", text: "No backend has that name. `linkspan plugins list` lists the built-in ones and those found."},
	{code: "LS1018", text: "The text is no IP address. An interface's addresses have a prefix, gateways and servers have none.",
		wrong: "host \"a\" {\n  bridge \"br0\" { addresses = [\"10.0.0.1\"] }\n}\n", right: "host \"a\" {\n  bridge \"br0\" { addresses = [\"10.0.0.1/24\"] }\n}\n"},
	{code: "LS1019", text: "A use block names a profile that no file of the directory declares.",
		wrong: "host \"a\" {\n  use \"dom0\" {}\n}\n", right: "profile \"dom0\" {\n}\nhost \"a\" {\n  use \"dom0\" {}\n}\n"},
	{code: "LS1020", text: "Two profiles of one host give an attribute different values, and no order among profiles decides. The host's own block does: set the attribute there.",
		wrong: "profile \"p\" {\n  bridge \"br0\" { mtu = 1500 }\n}\nprofile \"q\" {\n  bridge \"br0\" { mtu = 9000 }\n}\nhost \"a\" {\n  use \"p\" {}\n  use \"q\" {}\n}\n",
		right: "profile \"p\" {\n  bridge \"br0\" { mtu = 1500 }\n}\nprofile \"q\" {\n  bridge \"br0\" { mtu = 9000 }\n}\nhost \"a\" {\n  use \"p\" {}\n  use \"q\" {}\n  bridge \"br0\" { mtu = 1500 }\n}\n"},
	{code: "LS1021", text: "for_each takes a map, an object or a set of texts, so that each element has a lasting name. Make a set of a list with toset(…). Sensitive values are refused, because the keys become names.",
		wrong: "host \"a\" {\n  bridge \"b\" {\n    for_each = [\"br0\"]\n    name     = each.key\n  }\n}\n", right: "host \"a\" {\n  bridge \"b\" {\n    for_each = toset([\"br0\"])\n    name     = each.key\n  }\n}\n"},
	{code: "LS1022", text: "A host's name has letters, digits, dots, hyphens and underscores, begins and ends with a letter or digit, and has at most 253 bytes. It is also the name of a folder of rendered files.",
		wrong: "host \"../a\" {\n}\n", right: "host \"a\" {\n}\n"},
	{code: "LS1024", text: "The linkspan block's required_version excludes the language that this program reads. Constraints are joined by commas; the operators are =, !=, >, >=, <, <= and ~>.",
		wrong: "linkspan { required_version = \">= 99\" }\n", right: "linkspan { required_version = \">= 1.0\" }\n"},
	{code: "LS1025", text: "The kernel has one interface of a name. A host can override a profile's block only by one of the same kind.",
		wrong: "host \"a\" {\n  bond \"x0\" {}\n  bridge \"x0\" {}\n}\n", right: "host \"a\" {\n  bond \"bond0\" {}\n  bridge \"br0\" {}\n}\n"},
	{code: "LS1027", text: "What a host's interfaces, tags and checks say is shown in plans and kept in saved plans, journals and rendered files, so a sensitive value cannot be there. It can be in vars, in a backend's own block and in a hook's config and env, which are handed over and not shown.",
		wrong: "variable \"key\" {\n  default   = \"swordfish\"\n  sensitive = true\n}\nhost \"a\" {\n  ethernet \"eth0\" { description = var.key }\n}\n", right: "variable \"key\" {\n  default   = \"swordfish\"\n  sensitive = true\n}\nhost \"a\" {\n  vars = { key = var.key }\n}\n"},
	{code: "LS1026", text: "The file works, but its line ends or its indentation are not what `linkspan fmt` writes; reviews then show changes that are none.",
		wrong: "host \"a\" {\n\tbridge \"br0\" {}\n}\n", right: "host \"a\" {\n  bridge \"br0\" {}\n}\n"},
	{code: "LS1028", text: "A function block adds a function of the site's own to the expressions, under a name that the language does not have, from an interpreted Go function of that name in its script.",
		wrong: "function \"upper\" {\n  script = \"functions.go\"\n}\n", right: "function \"site_address\" {\n  script = \"functions.go\"\n}\n"},
}

// An empty list in two hundred others.
const (
	open10, close10   = "[[[[[[[[[[", "]]]]]]]]]]"
	open50, close50   = open10 + open10 + open10 + open10 + open10, close10 + close10 + close10 + close10 + close10
	open201, close201 = open50 + open50 + open50 + open50 + "[", close50 + close50 + close50 + close50 + "]"
)
