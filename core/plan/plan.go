package plan

import (
	"cmp"
	"slices"

	"linkspan/core/diag"
)

// FormatVersion is the version of a plan's JSON form. A minor version adds, a
// major one breaks.
const FormatVersion = "1.0"

// Plan is everything that will be done to one host, in order.
type Plan struct {
	FormatVersion string     `json:"format_version"`
	Host          string     `json:"host"`
	Definition    diag.Range `json:"definition,omitzero"` // the host's block
	Root          string     `json:"root,omitempty"`      // "" is the real root
	Netns         string     `json:"netns,omitempty"`
	Digest        string     `json:"digest"` // "ls1-7d01f2c9": see Digest
	Stages        []Stage    `json:"stages"` // persist before activate
	Restarts      []Restart  `json:"restarts,omitempty"`
	Effects       []Effect   `json:"effects,omitempty"` // of the whole
	Hooks         []Hook     `json:"hooks,omitempty"`
	Diagnostics   diag.List  `json:"diagnostics,omitempty"` // warnings and findings
	// Guests are those of every bridge that is touched, for people to see. They
	// come and go by themselves, so they are no part of the digest.
	Guests []BridgeGuests `json:"guests,omitempty"`
	// Fingerprints are of everything that was read to make the plan; an apply
	// that finds another one refuses.
	Fingerprints []Fingerprint `json:"fingerprints,omitempty"`
}

// Stage is one backend's part of a plan.
type Stage struct {
	Backend    string      `json:"backend"`
	Phase      string      `json:"phase"` // "persist" or "activate"
	Changes    []Change    `json:"changes,omitempty"`
	Operations []Operation `json:"operations,omitempty"`
}

// Hook is a hook that will run.
type Hook struct {
	Name       string   `json:"name"`
	On         []string `json:"on"` // those of its phases that there will be, in their order
	Script     string   `json:"script"`
	Digest     string   `json:"digest"`             // hex SHA-256 of its source
	Settings   string   `json:"settings,omitempty"` // hex SHA-256 of its block
	Allow      []string `json:"allow,omitempty"`    // commands that it may run
	Privileged bool     `json:"privileged,omitempty"`
	Continue   bool     `json:"continue,omitempty"` // its failure stops nothing
}

// Fingerprint is the digest of one thing that a plan depends on.
type Fingerprint struct {
	Backend string `json:"backend"`
	// Object is a path, "objects" for a backend's whole state, or for people what
	// else it is, e.g. `the script of backend "switchport"`.
	Object string `json:"object"`
	Digest string `json:"digest"` // SHA-256, in hexadecimal digits
}

// Input is what a plan is made of.
type Input struct {
	Host         string
	Definition   diag.Range
	Root, Netns  string
	Stages       []StageInput
	Hooks        []Hook
	Positions    map[string]diag.Range // host.Path → place, to give each change its origin
	Fingerprints []Fingerprint
	// Operator is the address of the host that the operator's own session came
	// in on, without a prefix; "" when there is none or it is not known.
	Operator string
	Guests   []Guest             // that are known on the host
	Lowers   map[string][]string // declared: what an interface stands on, by name
}

// StageInput is one backend's part of an Input.
type StageInput struct {
	Stage
	Activates   bool // it makes the change live, so that no Replaceable restart is needed
	Restarts    []Restart
	Effects     []Effect
	Diagnostics diag.List
}

// New makes the plan. It is pure: the same input gives the same plan.
func New(in Input) *Plan {
	p := &Plan{FormatVersion: FormatVersion, Host: in.Host, Definition: in.Definition, Root: in.Root, Netns: in.Netns, Hooks: in.Hooks, Fingerprints: in.Fingerprints}
	stages := slices.Clone(in.Stages)
	slices.SortStableFunc(stages, func(a, b StageInput) int {
		return cmp.Or(cmp.Compare(phaseRank(a.Phase), phaseRank(b.Phase)), cmp.Compare(a.Backend, b.Backend))
	})
	live := slices.ContainsFunc(stages, func(s StageInput) bool { return s.Activates })
	for _, s := range stages {
		st := s.Stage
		st.Changes = slices.Clone(st.Changes)
		for i := range st.Changes {
			st.Changes[i].Origin = in.Positions[st.Changes[i].Path]
		}
		p.Stages = append(p.Stages, st)
		p.Effects = append(p.Effects, s.Effects...)
		p.Diagnostics = append(p.Diagnostics, s.Diagnostics...)
		for _, r := range s.Restarts {
			if r.Replaceable && live && r.Skipped == "" {
				r.Skipped = "the kernel is changed live"
			}
			p.Restarts = append(p.Restarts, r)
		}
	}
	p.noteMoves()
	p.Effects = append(p.Effects, p.operatorEffects(in.Operator)...)
	p.skipRestartsBelowRoot()
	slices.SortStableFunc(p.Restarts, func(a, b Restart) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Service, b.Service))
	})
	p.Restarts = slices.CompactFunc(p.Restarts, func(a, b Restart) bool { return a.Service == b.Service })
	p.Guests = p.touchedGuests(in.Guests, in.Lowers)
	p.hooksThatRun()
	p.Digest = p.digest()
	return p
}

func phaseRank(phase string) int {
	if phase == "activate" {
		return 1
	}
	return 0
}

// hooksThatRun leaves the phases that there will be: none of a plan with
// nothing to do, and none around a restart where nothing is restarted and
// nothing is changed live.
func (p *Plan) hooksThatRun() {
	hooks := p.Hooks
	p.Hooks = nil
	if p.Empty() {
		return
	}
	acts := p.acts()
	for _, h := range hooks {
		h.On = slices.DeleteFunc(slices.Clone(h.On), func(phase string) bool {
			return !acts && (phase == "pre_restart" || phase == "post_restart")
		})
		if len(h.On) > 0 {
			p.Hooks = append(p.Hooks, h)
		}
	}
}

// acts reports whether a backend acts itself or a service is restarted.
func (p *Plan) acts() bool {
	for _, s := range p.Stages {
		if slices.ContainsFunc(s.Operations, func(o Operation) bool { return o.Kind == OperationOwn }) {
			return true
		}
	}
	return slices.ContainsFunc(p.Restarts, func(r Restart) bool { return r.Skipped == "" })
}

// skipRestartsBelowRoot: another root's services are not ours to restart.
func (p *Plan) skipRestartsBelowRoot() {
	for i := range p.Restarts {
		if p.Root != "" && p.Restarts[i].Skipped == "" {
			p.Restarts[i].Skipped = "-root leaves services alone"
		}
	}
}

// noteMoves marks list values that leave one interface and come to another in
// the same stage: an address that moves from a VLAN to its bridge.
func (p *Plan) noteMoves() {
	for _, s := range p.Stages {
		from := make(map[string]string)
		for _, c := range s.Changes {
			sc := c.addresses()
			for _, a := range without(sc.Before.List, sc.After.List) {
				from[a] = c.Name
			}
		}
		for i := range s.Changes {
			s.Changes[i].noteMoves(from)
		}
	}
}

// addresses returns the change of the addresses; an empty one when they stay.
func (c *Change) addresses() *SettingChange {
	at := slices.IndexFunc(c.Settings, func(sc SettingChange) bool { return sc.Key == "addresses" })
	if at < 0 {
		return &SettingChange{}
	}
	return &c.Settings[at]
}

// noteMoves marks the addresses that come from another interface; from says
// which one each address leaves.
func (c *Change) noteMoves(from map[string]string) {
	sc := c.addresses()
	for _, a := range without(sc.After.List, sc.Before.List) {
		if f := from[a]; f != "" && f != c.Name {
			c.Settings = slices.Clone(c.Settings) // those at hand are the caller's
			c.addresses().Note = "moves from " + f
		}
	}
}

// without returns the items of a that are not in b.
func without(a, b []string) []string {
	var out []string
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

// FileChanges are the changes of files, in the order in which they are made.
func (p *Plan) FileChanges() []FileChange {
	var out []FileChange
	for _, s := range p.Stages {
		for _, op := range s.Operations {
			if op.File != nil {
				out = append(out, *op.File)
			}
		}
	}
	return out
}

// Empty reports whether the plan has nothing to do.
func (p *Plan) Empty() bool {
	for _, s := range p.Stages {
		if len(s.Operations) > 0 {
			return false
		}
	}
	return !slices.ContainsFunc(p.Restarts, func(r Restart) bool { return r.Skipped == "" })
}

// Counts returns how many objects are added, changed and removed; an object
// that several stages change counts once.
func (p *Plan) Counts() (add, change, remove int) {
	seen := make(map[Ref]Action)
	for _, s := range p.Stages {
		for _, c := range s.Changes {
			if was, ok := seen[c.Ref]; !ok || was == Update {
				seen[c.Ref] = c.Action
			}
		}
	}
	for _, a := range seen {
		switch a {
		case Create:
			add++
		case Update:
			change++
		case Delete:
			remove++
		}
	}
	return add, change, remove
}
