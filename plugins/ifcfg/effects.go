package ifcfg

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// effects are what the change implies beyond the files: what a restart of the
// network does with these interfaces, and what linkspan does with others' files.
func (p *planning) effects(q backend.PlanRequest) []plan.Effect {
	var out []plan.Effect
	add := func(kind plan.EffectKind, text string, args ...any) {
		if text != "" {
			out = append(out, plan.Effect{Kind: kind, Text: fmt.Sprintf(text, args...)})
		}
	}
	if p.Reader.NM {
		add(plan.EffectLater, "NetworkManager keeps what is up as it is when it starts; a changed connection counts once it is brought up again (nmcli connection up), or at the next boot")
	} else {
		add(plan.EffectLink, "a restart of the network takes every interface down and up again: %s unreachable for some seconds (2 to 12 were measured for a bond with VLANs and bridges), and guests' ports go with bridges that the scripts delete", orNone(p.addresses()))
		out = append(out, p.bridges()...)
		out = append(out, p.stay(q.Changes)...)
	}
	if len(p.adopted) > 0 {
		add(plan.EffectNote, "linkspan takes over %s, which it did not make: comments and keys that it does not manage stay, and the files are never removed", fileList(p.adopted))
	}
	for _, why := range p.reasons() {
		add(plan.EffectNote, "%s", why)
	}
	return out
}

func (p *planning) addresses() []string {
	var out []string
	for i := range p.Declared.Interfaces {
		for _, a := range p.Declared.Interfaces[i].Addresses {
			out = append(out, a.Addr().String())
		}
	}
	return out
}

// bridges says what the restart does to the bridges, and how long one with STP
// keeps ifup waiting.
func (p *planning) bridges() []plan.Effect {
	var names, slow []string
	var wait time.Duration
	for i := range p.Declared.Interfaces {
		one := &p.Declared.Interfaces[i]
		if one.Bridge == nil || one.Wanted() != host.Up {
			continue
		}
		names = append(names, one.Name)
		if w := p.stpWait(one.Bridge); w > 0 {
			slow, wait = append(slow, one.Name), wait+w
		}
	}
	var out []plan.Effect
	if len(names) > 0 {
		out = append(out, plan.Effect{Kind: plan.EffectGuest, Text: fmt.Sprintf("%s: %s", some(names), p.bridgeFate())})
	}
	if wait > 0 {
		out = append(out, plan.Effect{Kind: plan.EffectUnreachable, Gap: wait, Text: fmt.Sprintf("with STP the scripts of %s wait for twice the forward delay and 7 s more at each of %s", p.Reader.Name, some(slow))})
	}
	return out
}

// stpWait: from 9.49 ifup-eth raises LINKDELAY to twice the delay and 7 s.
func (p *planning) stpWait(b *host.Bridge) time.Duration {
	if b.STP == nil || !*b.STP || !p.Reader.IPv6Default {
		return 0
	}
	delay := host.Centiseconds(1500)
	if b.ForwardDelay != nil {
		delay = *b.ForwardDelay
	}
	return 2*time.Duration(delay)*10*time.Millisecond + 7*time.Second
}

// bridgeFate is what ifdown does to a bridge (ifdown-eth of the releases; measured).
func (p *planning) bridgeFate() string {
	switch {
	case p.Reader.BridgeFirst:
		return "the scripts take bridges and VLANs down but never delete them; guests keep their ports, which pass nothing meanwhile"
	case p.Reader.RawDelay:
		return "ifdown of its last port deletes the bridge with its address and routes unless a guest's port is on it; guests' ports pass nothing meanwhile. Never `ifdown` and `ifup` a single port: the bridge would come back down and without address"
	}
	return "when the last port that is not a guest's leaves, the scripts delete the bridge unless a guest's port is on it; guests' ports pass nothing meanwhile"
}

// stay tells what a removed file leaves behind until the next boot: until
// 8.45.26 ifdown-eth leaves before it removes VLANs and bridges (measured).
func (p *planning) stay(changes []plan.Change) []plan.Effect {
	var gone []string
	for _, c := range changes {
		if c.Action == plan.Delete && c.Type != string(host.KindEthernet) {
			gone = append(gone, c.Name)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	text := "the restart no longer knows %s: what it made of them before stays in the kernel, with its ports, until the next boot or until it is deleted by hand"
	return []plan.Effect{{Kind: plan.EffectLater, Text: fmt.Sprintf(text, some(gone))}}
}

func orNone(addresses []string) string {
	switch {
	case len(addresses) == 0:
		return "the host is"
	case len(addresses) > 4:
		return fmt.Sprintf("%s and %d more addresses are", strings.Join(addresses[:3], ", "), len(addresses)-3)
	case len(addresses) == 1:
		return addresses[0] + " is"
	}
	return strings.Join(addresses, " and ") + " are"
}

// some names a few and counts the rest.
func some(names []string) string {
	if len(names) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}

func fileList(names []string) string {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return some(sorted)
}
