package ifcfg

import (
	"slices"
	"strconv"
	"strings"

	"linkspan/core/host"
)

// editor collects the edits of one file.
type editor struct{ edits []edit }

func (e *editor) set(key, value string) { e.edits = append(e.edits, edit{key: key, value: value}) }

func (e *editor) unset(keys ...string) {
	for _, k := range keys {
		e.edits = append(e.edits, edit{key: k, unset: true})
	}
}

// choose sets key to yes when the condition holds, else to no.
func (e *editor) choose(key, no string, condition bool, yes string) {
	if condition {
		e.set(key, yes)
	} else {
		e.set(key, no)
	}
}

// given sets the key, or unsets it when there is no value.
func (e *editor) given(key, value string) {
	if value != "" {
		e.set(key, value)
	} else {
		e.unset(key)
	}
}

// fallback sets the key only where the file has none.
func (e *editor) fallback(key, value string) {
	e.edits = append(e.edits, edit{key: key, value: value, keep: true})
}

// change makes the key's value of the present one; "" leaves the key out.
func (e *editor) change(key string, f func(have string) string) {
	e.edits = append(e.edits, edit{key: key, change: f})
}

// merge sets options inside a list of KEY=VALUE words, and keeps the words of
// the file that are not named; no options leave the list as it is.
func (e *editor) merge(key string, options []string) {
	if len(options) > 0 {
		e.change(key, func(have string) string { return mergeOptions(have, options) })
	}
}

// unsetFrom removes KEYn for n and above, and 0 (which is another name of the
// first), as far as the scripts of any release look.
func (e *editor) unsetFrom(n int, keys ...string) {
	for _, k := range keys {
		if n == 0 {
			e.unset(k)
		}
		e.unset(k + "0")
		e.edits = append(e.edits, edit{key: k, unset: true, above: max(n, 1)})
	}
}

// against settles the edits that depend on what the file has. Of two edits of
// one key the later counts.
func against(edits []edit, have keys) []edit {
	out := make([]edit, 0, len(edits))
	for _, e := range edits {
		switch {
		case e.keep && have[e.key] != "":
			continue
		case e.key == "BOOTPROTO" && e.value == "none" && have[e.key] == "static": // the same to every reader
			continue
		case e.change != nil:
			e.value = e.change(have[e.key])
			e.unset = e.value == ""
		case e.above > 0:
			out = append(out, numbered(e, have)...)
			continue
		case e.unset && len(have) == 0:
			continue
		}
		out = append(out, e)
	}
	return out
}

// numbered gives the removals of KEYn for the numbers that the file has.
func numbered(e edit, have keys) []edit {
	var out []edit
	for k := range have {
		tail, ok := strings.CutPrefix(k, e.key)
		if n, err := strconv.Atoi(tail); ok && err == nil && n >= e.above {
			out = append(out, edit{key: k, unset: true})
		}
	}
	slices.SortFunc(out, func(a, b edit) int { return strings.Compare(a.key, b.key) })
	return out
}

// mergeOptions lays wanted words over present ones by their keys. What is no
// ASCII word was never an option, but half a typographic quote.
func mergeOptions(have string, want []string) string {
	out := slices.Clone(want)
	named := make(map[string]bool)
	for _, w := range out {
		key, _, _ := strings.Cut(w, "=")
		named[key] = true
	}
	for w := range strings.FieldsSeq(have) {
		key, _, ok := strings.Cut(w, "=")
		if o, known := host.BondOptionNamed(key); known && named[o.Driver] {
			continue
		}
		if ok && !named[key] && pairForm.MatchString(w) {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}
