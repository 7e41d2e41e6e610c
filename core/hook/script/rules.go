package script

import "linkspan/core/diag"

type rule = diag.Rule

// The rules of scripts. A code never changes its meaning.
var (
	ruleSyntax = diag.Rule{Code: "LS7001", Severity: diag.Error, Summary: "a script that does not parse",
		Explain: "A script is a Go file, and it must be one before anything is interpreted. The message is the Go parser's.",
		Wrong:   example("\treturn nil\n\t}"), Right: example("\treturn nil")}
	ruleType = diag.Rule{Code: "LS7002", Severity: diag.Error, Summary: "a script that does not compile",
		Explain: "The types are checked against what scripts can import, at the level of Go 1.20, which is what the interpreter has: min, max, clear, and range over a number or a function are later. The interpreter itself would accept unused variables and missing returns, and do something else than is written.",
		Wrong:   example("\tfor i := range 3 {\n\t\tenv.Log(\"%d\", i)\n\t}\n\treturn nil"), Right: example("\tfor i := 0; i < 3; i++ {\n\t\tenv.Log(\"%d\", i)\n\t}\n\treturn nil")}
	ruleImport = diag.Rule{Code: "LS7003", Severity: diag.Error, Summary: "a package that scripts cannot import",
		Explain: "Scripts can import those packages of the standard library that reach no file, no network and no process, hooks also package hook; functions have no clock either. What a hook wants done on the host it asks hook.Env for, so that it can be allowed, recorded and shown.",
		Wrong:   "package drain\n\nimport \"os\"\n", Right: example("\t_, err := env.Run(ctx, \"/usr/sbin/xl\", \"list\")\n\treturn err")}
	ruleClosure = diag.Rule{Code: "LS7004", Severity: diag.Error, Summary: "a function literal in a loop",
		Explain: "The interpreter gives all functions that are made in a loop the variables of the last round, also when they were copied first, and says nothing.",
		Wrong:   example("\tfor _, g := range event.Guests() {\n\t\tdefer func() { env.Log(\"%s\", g) }()\n\t}\n\treturn nil"), Right: example("\tfor _, g := range event.Guests() {\n\t\tenv.Log(\"%s\", g)\n\t}\n\treturn nil")}
	ruleGo = diag.Rule{Code: "LS7005", Severity: diag.Error, Summary: "a go statement in a script",
		Explain: "A panic in a goroutine would end the script without a reason, and what still runs when Run returns is killed.",
		Wrong:   example("\tgo env.Log(\"started\")\n\treturn nil"), Right: example("\tenv.Log(\"started\")\n\treturn nil")}
	ruleRun = diag.Rule{Code: "LS7006", Severity: diag.Error, Summary: "a hook without its function Run",
		Explain: "A hook is a package of its own name with func Run(ctx context.Context, env hook.Env, event hook.Event) error.",
		Wrong:   "package drain\n\nfunc Drain() error { return nil }\n", Right: example("\treturn nil")}
	ruleAs = diag.Rule{Code: "LS7007", Severity: diag.Error, Summary: "errors.As in a script",
		Explain: "errors.As with a type of the script's own panics in the interpreter.",
		Wrong:   "package drain\n\nimport (\n\t\"context\"\n\t\"errors\"\n\n\t\"linkspan/core/hook\"\n)\n\nfunc Run(ctx context.Context, env hook.Env, event hook.Event) error {\n\t_, err := env.Run(ctx, \"/bin/true\")\n\tvar n *hook.NotAllowed\n\tif errors.As(err, &n) {\n\t\treturn nil\n\t}\n\treturn err\n}\n",
		Right:   example("\t_, err := env.Run(ctx, \"/bin/true\")\n\tif hook.IsNotAllowed(err) {\n\t\treturn nil\n\t}\n\treturn err")}
	ruleDefer = diag.Rule{Code: "LS7010", Severity: diag.Error, Summary: "a deferred call that would see later values",
		Explain: "The interpreter reads the arguments of a deferred call when the call runs, not when it is deferred as Go does, and says nothing. Defer a function without arguments, which says so itself, and none in a loop.",
		Wrong:   example("\tn := 1\n\tdefer env.Log(\"%d\", n)\n\tn = 2\n\treturn nil"), Right: example("\tn := 1\n\tdefer func() { env.Log(\"%d\", n) }()\n\tn = 2\n\treturn nil")}
	ruleMethodValue = diag.Rule{Code: "LS7011", Severity: diag.Error, Summary: "a method used as a value",
		Explain: "The interpreter looks at the receiver of a method that is used as a value when it is called, not when the value is made as Go does, and says nothing: in a loop all of them have the last receiver.",
		Wrong:   example("\tlog := event.Touches\n\tenv.Log(\"%v\", log(\"xenbr0\"))\n\treturn nil"), Right: example("\tenv.Log(\"%v\", event.Touches(\"xenbr0\"))\n\treturn nil")}
	ruleAddress = diag.Rule{Code: "LS7012", Severity: diag.Error, Summary: "the address of a loop's variable",
		Explain: "A loop has one variable for all its rounds in the interpreter, as in Go before 1.22: all addresses are the same.",
		Wrong:   example("\tvar all []*hook.Bridge\n\tfor _, b := range event.Plan.Bridges {\n\t\tall = append(all, &b)\n\t}\n\tenv.Log(\"%d\", len(all))\n\treturn nil"), Right: example("\tvar all []*hook.Bridge\n\tfor i := range event.Plan.Bridges {\n\t\tall = append(all, &event.Plan.Bridges[i])\n\t}\n\tenv.Log(\"%d\", len(all))\n\treturn nil")}
	ruleLost = diag.Rule{Code: "LS7013", Severity: diag.Error, Summary: "a value whose methods would not be seen",
		Explain: "Compiled functions that take any, as env.Log does, do not see the methods of a script's own types in the interpreter; String, Error and MarshalJSON would not be called, and nothing would say so. The print functions of fmt, and json.Marshal, do see them, but only of the value itself and not of one within a slice, map or struct.",
		Wrong:   "package drain\n\nimport (\n\t\"context\"\n\n\t\"linkspan/core/hook\"\n)\n\ntype vlan int\n\nfunc (v vlan) String() string { return \"a vlan\" }\n\nfunc Run(ctx context.Context, env hook.Env, event hook.Event) error {\n\tenv.Log(\"%s\", vlan(2))\n\treturn nil\n}\n",
		Right:   "package drain\n\nimport (\n\t\"context\"\n\n\t\"linkspan/core/hook\"\n)\n\ntype vlan int\n\nfunc (v vlan) String() string { return \"a vlan\" }\n\nfunc Run(ctx context.Context, env hook.Env, event hook.Event) error {\n\tenv.Log(\"%s\", vlan(2).String())\n\treturn nil\n}\n"}
	ruleReturn = diag.Rule{Code: "LS7014", Severity: diag.Error, Summary: "a comparison returned as an interface",
		Explain: "The interpreter panics where a comparison is the operand of return and the function's result is an interface.",
		Wrong:   example("\tenv.Log(\"%v\", same(1, 2))\n\treturn nil") + "\nfunc same(a, b int) any { return a == b }\n", Right: example("\tenv.Log(\"%v\", same(1, 2))\n\treturn nil") + "\nfunc same(a, b int) any {\n\ts := a == b\n\treturn s\n}\n"}
	ruleHidden = diag.Rule{Code: "LS7016", Severity: diag.Error, Summary: "hidden fields that JSON would show",
		Explain: "The interpreter gives fields that begin with a small letter another name, which JSON shows: {\"Xpool\":\"a\"}.",
		Wrong:   example("\tvar config struct{ pool string }\n\treturn event.Decode(&config)"), Right: example("\tvar config struct {\n\t\tPool string `json:\"pool\"`\n\t}\n\treturn event.Decode(&config)")}
	ruleInterpreter = diag.Rule{Code: "LS7015", Severity: diag.Error, Summary: "a script that the interpreter does not take",
		Explain: "The script is Go, but the interpreter stops at it; the message is the interpreter's own. It knows generic functions with one type parameter, but guesses two of them wrong; simpler code helps."}
	ruleFunction = diag.Rule{Code: "LS7018", Severity: diag.Error, Summary: "a function that expressions cannot call",
		Explain: "A function block needs a Go function of its name in its script, SiteAddress for \"site_address\", whose parameters and result have types that the definitions' language has: string, bool, numbers, slices, maps with strings as keys, structs of these, types that are written as text (netip.Addr), and any. It gives one value, or one value and an error. It can import no package of this program, no context and no clock."}
	ruleNew = diag.Rule{Code: "LS7019", Severity: diag.Error, Summary: "a scripted backend without its function New",
		Explain: "A backend in a script is a package with func New(env hook.Env) backend.Backend, or backend.Applier when it acts itself, or, for a file format, func New() (fileformat.About, fileformat.Format): the interfaces that a compiled backend has."}
	ruleBroken = diag.Rule{Code: "LS7020", Severity: diag.Error, Summary: "a scripted backend that failed",
		Explain: "The script ended in an error, a panic or at a limit; the message is its own. `linkspan plugins test NAME DIR` tries it."}
	// RuleDenied is given by the program for what a hook of phase validate
	// refuses.
	RuleDenied = diag.Rule{Code: "LS7008", Severity: diag.Error, Summary: "refused by a hook of the site",
		Explain: "A hook of phase validate has looked at the plan and refuses it; the message is the hook's own."}
	// RuleFailed is given by the program for a hook of phase validate that does
	// not come to a judgement.
	RuleFailed = diag.Rule{Code: "LS7017", Severity: diag.Error, Summary: "a hook of the site failed",
		Explain: "A hook of phase validate must say whether the plan is good; it ended otherwise, so nothing is planned. It is tried with `linkspan hooks test`. With on_failure = \"continue\" this is a warning."}
	// RuleSource is given by the program for a script that cannot be read.
	RuleSource = diag.Rule{Code: "LS7009", Severity: diag.Error, Summary: "a script that cannot be read",
		Explain: "A script is a Go file, or a directory of Go files, below the definitions' directory. When linkspan runs as root it must belong to root, and nobody else may be able to write it or its directory."}
)

// example is a hook with that body.
func example(body string) string {
	return "package drain\n\nimport (\n\t\"context\"\n\n\t\"linkspan/core/hook\"\n)\n\nfunc Run(ctx context.Context, env hook.Env, event hook.Event) error {\n" + body + "\n}\n"
}

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule {
	return []diag.Rule{ruleSyntax, ruleType, ruleImport, ruleClosure, ruleGo, ruleRun, ruleAs, RuleDenied, RuleFailed, RuleSource,
		ruleDefer, ruleMethodValue, ruleAddress, ruleLost, ruleReturn, ruleHidden, ruleInterpreter, ruleFunction, ruleNew, ruleBroken}
}
