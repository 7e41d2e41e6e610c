package hostfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"linkspan/core/diag"
	"linkspan/hcl/language"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
)

// settings reads the `linkspan` block.
func (l *loader) settings() {
	var first diag.Range
	for _, b := range l.ofType("linkspan") {
		if !first.IsZero() {
			l.add(relatedTo(rule.Twice.In(syntax.Place(b.TypeRange), "a directory has one linkspan block"), "first given here", first))
			continue
		}
		first = syntax.Place(b.TypeRange)
		l.linkspanBlock(b, language.Top("linkspan"))
	}
}

func (l *loader) linkspanBlock(b *hclsyntax.Block, schema *language.Block) {
	r := l.record(b, schema, l.scope.context())
	if v, ok := r.value("required_version"); ok {
		if !satisfies(language.Version, v.AsString()) {
			l.add(rule.Version.In(v.place, "this linkspan reads version %s of the language; the directory requires %q", language.Version, v.AsString()))
		}
	}
	for _, p := range r.blocks {
		one := Plugin{Name: p.label, Place: p.place}
		if v, ok := p.value("version"); ok {
			one.Version = v.AsString()
		}
		if v, ok := p.value("sha256"); ok {
			one.SHA256 = strings.ToLower(v.AsString())
		}
		l.site.Plugins = append(l.site.Plugins, one)
	}
}

// satisfies checks a version against a constraint like ">= 0.1, < 2".
func satisfies(version, constraint string) bool {
	for part := range strings.SplitSeq(constraint, ",") {
		part = strings.TrimSpace(part)
		operator := strings.TrimRight(part[:len(part)-len(strings.TrimLeft(part, "<>=!~ "))], " ")
		c, ok := compareVersions(version, strings.TrimLeft(part, "<>=!~ "))
		if !ok {
			return false
		}
		good := map[string]bool{"": c == 0, "=": c == 0, "!=": c != 0, ">": c > 0, ">=": c >= 0, "<": c < 0, "<=": c <= 0, "~>": c >= 0 && sameSeries(version, strings.TrimLeft(part, "<>=!~ "))}
		if holds, known := good[operator]; !known || !holds {
			return false
		}
	}
	return true
}

// sameSeries is the upper bound of "~>": all but the last part of the
// constraint's version are the same.
func sameSeries(version, of string) bool {
	have, want := strings.Split(version, "."), strings.Split(of, ".")
	return len(want) > 1 && len(have) >= len(want)-1 && slices.Equal(have[:len(want)-1], want[:len(want)-1])
}

func compareVersions(a, b string) (int, bool) {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		var m, n int
		var err error
		if i < len(x) {
			m, err = strconv.Atoi(x[i])
		}
		if err == nil && i < len(y) {
			n, err = strconv.Atoi(y[i])
		}
		if err != nil {
			return 0, false
		}
		if m != n {
			return m - n, true
		}
	}
	return 0, true
}

// Definition returns the definition of the host of that name.
func (s *Site) Definition(name string) (*Definition, bool) {
	i, ok := slices.BinarySearchFunc(s.Definitions, name, func(d Definition, n string) int { return strings.Compare(d.Host.Name, n) })
	if !ok {
		return nil, false
	}
	return &s.Definitions[i], true
}
