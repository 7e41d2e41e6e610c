package host

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"linkspan/core/diag"
)

// HookPhases are the phases at which a hook can run.
func HookPhases() []string {
	return []string{"validate", "pre_apply", "pre_restart", "post_restart", "check", "post_apply", "on_rollback"}
}

// hostBlocks checks the blocks of a host beside its interfaces.
func (v *validation) hostBlocks() {
	if len(v.host.Backends) == 0 {
		v.add(ruleNoBackend.At("", "host %q names no backend, so there is nothing to plan; e.g. backend \"ifcfg\" {}", v.host.Name))
	}
	names := make([]string, len(v.host.Hooks))
	for n, h := range v.host.Hooks {
		names[n] = h.Name
	}
	for _, h := range v.host.Hooks {
		v.hook(h, names)
	}
	for _, c := range v.host.Checks {
		v.check(c)
	}
	v.duration("apply.confirm", v.host.Apply.Confirm)
}

func (v *validation) hook(h Hook, names []string) {
	path := fmt.Sprintf("hook[%q]", h.Name)
	if len(h.On) == 0 {
		v.add(ruleHook.At(path, "a hook says when it runs: on = [...] with one or more of %q", HookPhases()))
	}
	for at, phase := range h.On {
		if !slices.Contains(HookPhases(), phase) {
			v.add(ruleWord.At(path+"."+Index("on", at), "%q is no phase; the phases are %q%s", phase, HookPhases(), diag.DidYouMean(phase, HookPhases())))
		}
	}
	if h.Script == "" {
		v.add(ruleHook.At(path, "a hook needs its script, a Go file below the definitions' directory"))
	}
	if f := h.OnFailure; f != "" && f != "abort" && f != "continue" {
		v.add(ruleWord.At(path+".on_failure", `on_failure is "abort" or "continue", not %q%s`, f, diag.DidYouMean(f, []string{"abort", "continue"})))
	}
	for at, command := range h.Allow {
		if !strings.HasPrefix(command, "/") || filepath.Clean(command) != command {
			v.add(ruleHook.At(path+"."+Index("allow", at), "a command is allowed by its absolute path, e.g. \"/usr/sbin/xl\", not %q", command))
		}
	}
	for at, other := range h.After {
		if !slices.Contains(names, other) {
			v.add(ruleUnknown.At(path+"."+Index("after", at), "no hook is called %q%s", other, diag.DidYouMean(other, names)))
		}
	}
	v.duration(path+".timeout", h.Timeout)
	if v.waitsForItself(h.Name) {
		v.add(ruleHook.At(path+".after", "hook %q waits for itself: one of those that it comes after comes after it", h.Name))
	}
}

// waitsForItself reports whether a hook is among those that it comes after,
// and those that these come after.
func (v *validation) waitsForItself(name string) bool {
	after := make(map[string][]string)
	for _, h := range v.host.Hooks {
		after[h.Name] = h.After
	}
	seen := make(map[string]bool)
	next := slices.Clone(after[name])
	for len(next) > 0 {
		n := next[0]
		next = next[1:]
		if n == name {
			return true
		}
		if !seen[n] {
			seen[n] = true
			next = append(next, after[n]...)
		}
	}
	return false
}

func (v *validation) check(c Check) {
	path := fmt.Sprintf("check[%q]", c.Name)
	probes := 0
	for _, given := range []bool{c.Ping != "", c.TCP != "", c.ARP != "", c.HTTP != "", len(c.Command) > 0} {
		if given {
			probes++
		}
	}
	if probes != 1 {
		v.add(ruleCheck.At(path, "a check has exactly one of ping, tcp, arp, http and command; this one has %d", probes))
	}
	v.duration(path+".timeout", c.Timeout)
	v.probe(path, c)
}

// probe checks the form of what a check asks.
func (v *validation) probe(path string, c Check) {
	for _, p := range []struct{ attribute, address string }{{"ping", c.Ping}, {"arp", c.ARP}} {
		if _, err := netip.ParseAddr(p.address); p.address != "" && err != nil {
			v.add(ruleProbe.At(path+"."+p.attribute, "%s asks an IP address, not %q", p.attribute, p.address))
		}
	}
	if c.TCP != "" {
		_, port, err := net.SplitHostPort(c.TCP)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 {
			v.add(ruleProbe.At(path+".tcp", `tcp is ADDRESS:PORT, e.g. "192.168.0.1:22" or "[2001:db8::1]:22", not %q`, c.TCP))
		}
	}
	if u, err := url.Parse(c.HTTP); c.HTTP != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		v.add(ruleProbe.At(path+".http", "http is a URL that begins with http:// or https://, not %q", c.HTTP))
	}
	if len(c.Command) > 0 && !strings.HasPrefix(c.Command[0], "/") {
		v.add(ruleProbe.At(path+".command", "a command begins with an absolute path, not %q", c.Command[0]))
	}
}

func (v *validation) duration(path, s string) {
	if s == "" {
		return
	}
	if d, err := time.ParseDuration(s); err != nil || d <= 0 {
		v.add(ruleDuration.At(path, `%q is no length of time; e.g. "30s", "2m"`, s))
	}
}
