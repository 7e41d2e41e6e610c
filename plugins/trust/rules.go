package trust

import "linkspan/core/diag"

// CodeUnlocked is the code of the warning about a plugin that is not locked.
const CodeUnlocked = "LS8001"

// The rules about third-party plugins. A code never changes its meaning.
var (
	ruleUnlocked = diag.Rule{Code: CodeUnlocked, Severity: diag.Warning, Summary: "a plugin that is not locked",
		Explain: "The definitions use a plugin and have no lock file, so whatever executable of its name is found on a host is started. `linkspan plugins lock` writes linkspan.lock.hcl with its version and SHA-256; keep it in git, and another executable is refused before it is started."}
	ruleOverridden = diag.Rule{Code: "LS8002", Severity: diag.Warning, Summary: "a backend is overridden by -dev-override",
		Explain: "An author's own build takes the place of the backend: neither the lock file nor the owner and the mode of the executable were checked. It is meant for trying a plugin out, never for a host that matters."}
	ruleUnusable = diag.Rule{Code: "LS8003", Severity: diag.Error, Summary: "a plugin that cannot be used",
		Explain: "A backend of that name was found, and it is not what the lock file says, may have been changed by others, or did not start. The message names the executable and what to do; `linkspan plugins list` shows all of them. Nothing is planned with only a part of the backends."}
)

// Unlocked warns of a plugin that no lock file has.
func Unlocked(s Spec) diag.Diagnostic {
	return ruleUnlocked.At("", "plugin %q (%s) is started as it was found; `linkspan plugins lock` records what was reviewed", s.Name, s.Path)
}

// Overridden warns, loudly, of an author's own build.
func Overridden(s Spec) diag.Diagnostic {
	return ruleOverridden.At("", "-dev-override IS IN EFFECT: %s takes the place of backend %q, unchecked; use it on no host that matters", s.Path, s.Name)
}

// Unusable says why a plugin cannot be used.
func Unusable(err error) diag.Diagnostic { return ruleUnusable.At("", "%v", err) }

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule { return []diag.Rule{ruleUnlocked, ruleOverridden, ruleUnusable} }
