package fleet

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"linkspan/core/diag"
)

// Choice says which hosts are meant.
type Choice struct {
	Names   []string // names or patterns of path.Match, e.g. "dom0-*"; a host of any of them is meant
	Tags    []string // a host that has all of them is meant; with Names, only of those
	Machine string   // this machine's host name, short or full: meant when there are no Names and no Tags
}

// Select returns the places of the hosts that are meant, in order. It is an
// error if a name or pattern means none.
func Select(members []Member, c Choice) ([]int, diag.List) {
	if len(c.Names) == 0 && len(c.Tags) == 0 {
		return machine(members, c.Machine)
	}
	var out []int
	met := make([]bool, len(c.Names))
	for n := range members {
		h := members[n].Host
		named := len(c.Names) == 0
		for k, pattern := range c.Names {
			if ok, err := path.Match(pattern, h.Name); ok && err == nil {
				named, met[k] = true, true
			}
		}
		if named && !slices.ContainsFunc(c.Tags, func(t string) bool { return !slices.Contains(h.Tags, t) }) {
			out = append(out, n)
		}
	}
	var diags diag.List
	for k, pattern := range c.Names {
		if !met[k] {
			diags = append(diags, ruleSelect.At("", "no host is called %q.%s", pattern, known(members, pattern)))
		}
	}
	if len(out) == 0 && len(diags) == 0 {
		diags = append(diags, ruleSelect.At("", "no host%s has the tag %s.%s", ofNames(c.Names), strings.Join(quoted(c.Tags), " and "), knownTags(members, c.Tags)))
	}
	return out, diags
}

func ofNames(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " called " + strings.Join(quoted(names), " or ")
}

// machine finds the host of this machine: the one of its full name, else of
// its short name, else the one whose own short name that is.
func machine(members []Member, name string) ([]int, diag.List) {
	if len(members) == 0 {
		return nil, diag.List{ruleSelect.At("", "no host is defined")}
	}
	short := shortName(name)
	for _, same := range []func(of string) bool{
		func(of string) bool { return strings.EqualFold(of, name) },
		func(of string) bool { return strings.EqualFold(of, short) },
		func(of string) bool { return name == short && strings.EqualFold(shortName(of), short) },
	} {
		var out []int
		for n := range members {
			if same(members[n].Host.Name) {
				out = append(out, n)
			}
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	if name == "" {
		return nil, diag.List{ruleSelect.At("", "the name of the machine is not known; choose a host with -host.%s", known(members, ""))}
	}
	return nil, diag.List{ruleSelect.At("", "no host is called %q, as this machine is; choose one with -host.%s", name, known(members, name))}
}

func shortName(name string) string {
	short, _, _ := strings.Cut(name, ".")
	return short
}

// mostNames is how many names a message lists.
const mostNames = 12

// known is the hint after an unknown name: the nearest one, or some of all.
func known(members []Member, given string) string {
	names := make([]string, len(members))
	for n := range members {
		names[n] = members[n].Host.Name
	}
	return hint(names, given)
}

func knownTags(members []Member, given []string) string {
	var tags []string
	for n := range members {
		tags = append(tags, members[n].Host.Tags...)
	}
	slices.Sort(tags)
	return hint(slices.Compact(tags), given[0])
}

func hint(names []string, given string) string {
	if near := diag.DidYouMean(given, names); near != "" {
		return near
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) > mostNames:
		return fmt.Sprintf(" There are: %s and %d more.", strings.Join(quoted(names[:mostNames]), ", "), len(names)-mostNames)
	}
	return " There are: " + strings.Join(quoted(names), ", ") + "."
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for n, w := range words {
		out[n] = fmt.Sprintf("%q", w)
	}
	return out
}
