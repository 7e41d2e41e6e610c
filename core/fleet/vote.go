package fleet

import (
	"fmt"
	"maps"
	"slices"

	"linkspan/core/diag"
)

// disagreement is a rule about something on which hosts should agree.
type disagreement[K comparable] struct {
	rule  diag.Rule
	what  func(K) string // names the thing, e.g. "the MTU of VLAN 2"
	order func(a, b K) int
}

// compare reports each value that is not the usual one of its key, once. said
// goes through what the hosts say, member by member; it is called again only
// if they disagree, so that nothing is kept of what everybody agrees on.
func compare[K, V comparable](c *comparison, said func(say func(K, V, place)), d disagreement[K]) {
	all := make(map[K]*ballot[V])
	said(func(key K, value V, at place) {
		b := all[key]
		if b == nil {
			b = &ballot[V]{}
			all[key] = b
		}
		b.count(value, at)
	})
	maps.DeleteFunc(all, func(_ K, b *ballot[V]) bool { return len(b.tallies) < 2 })
	if len(all) == 0 {
		return
	}
	for _, b := range all {
		b.counted()
	}
	said(func(key K, value V, at place) {
		if b := all[key]; b != nil {
			b.note(value, at)
		}
	})
	for _, key := range slices.SortedFunc(maps.Keys(all), d.order) {
		all[key].report(c, d.rule, d.what(key))
	}
}

// ballot is what hosts say of one thing.
type ballot[V comparable] struct {
	tallies []tally[V] // as they came
	index   map[V]int  // of tallies; made when there are two
	voters  []voter[V] // members, as they came
	usual   tally[V]   // once all are counted: what most hosts have, of equals the first
}

// tally is one value and who has it.
type tally[V comparable] struct {
	value V
	first place
	last  int // the last member counted: twice on one host is once
	hosts int
}

// voter is one member: a host that has the usual value among others agrees.
type voter[V comparable] struct {
	member int
	first  V
	at     place // of its first value
	agrees bool
}

func (b *ballot[V]) find(value V) (int, bool) {
	if b.index == nil {
		return 0, len(b.tallies) > 0 && b.tallies[0].value == value
	}
	i, ok := b.index[value]
	return i, ok
}

func (b *ballot[V]) count(value V, at place) {
	i, there := b.find(value)
	if there {
		if t := &b.tallies[i]; t.last != at.member {
			t.last = at.member
			t.hosts++
		}
		return
	}
	b.tallies = append(b.tallies, tally[V]{value, at, at.member, 1})
	if len(b.tallies) == 2 {
		b.index = map[V]int{b.tallies[0].value: 0}
	}
	if b.index != nil {
		b.index[value] = len(b.tallies) - 1
	}
}

// counted chooses the usual value.
func (b *ballot[V]) counted() {
	b.usual = b.tallies[0]
	for _, t := range b.tallies[1:] {
		if t.hosts > b.usual.hosts {
			b.usual = t
		}
	}
}

func (b *ballot[V]) note(value V, at place) {
	if n := len(b.voters); n == 0 || b.voters[n-1].member != at.member {
		b.voters = append(b.voters, voter[V]{member: at.member, first: value, at: at})
	}
	if value == b.usual.value {
		b.voters[len(b.voters)-1].agrees = true
	}
}

// mostValues is how many values of one thing are reported one by one.
const mostValues = 5

func (b *ballot[V]) report(c *comparison, r diag.Rule, what string) {
	var odd ballot[V]
	for _, v := range b.voters {
		if !v.agrees {
			odd.count(v.first, v.at)
		}
	}
	usual := fmt.Sprintf("but %v on %q%s", b.usual.value, c.name(b.usual.first), andMore(b.usual.hosts-1))
	list := odd.tallies
	if len(list) > mostValues {
		list = list[:1]
		usual = fmt.Sprintf("%s, and there are %d other values", usual, len(odd.tallies)-1)
	}
	for _, t := range list {
		detail := fmt.Sprintf("%s is %v on %q%s, %s", what, t.value, c.name(t.first), andMore(t.hosts-1), usual)
		c.report(finding{r, detail, t.first, "the usual one", b.usual.first})
	}
}
