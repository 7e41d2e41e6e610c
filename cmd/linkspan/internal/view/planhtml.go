package view

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	"linkspan/core/plan"
)

//go:embed plan.html
var planPage string

// planTemplate escapes every value for its place; there is no script. It is
// parsed when it is needed, and not whenever the program starts.
var planTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("plan").Funcs(template.FuncMap{
		"changes":  mergedChanges,
		"effects":  allEffects,
		"sign":     func(c plan.Change) string { return verbs[c.Action][0] },
		"verb":     func(c plan.Change) string { return verbs[c.Action][1] },
		"address":  address,
		"row":      func(sc plan.SettingChange) string { return settingSign(sc) },
		"class":    func(sign string) string { return signClasses[sign] },
		"settings": func(c plan.Change) []plan.SettingChange { return withoutNoise(c) },
		"diff":     diffLines,
		"alarm": func(e plan.Effect) bool {
			return e.Kind == plan.EffectOperator || e.Kind == plan.EffectUnreachable
		},
		"join":   func(l []string) string { return strings.Join(l, ", ") },
		"guests": guestLine,
		"clean":  Clean,
	}).Parse(planPage))
})

var signClasses = map[string]string{"+": "made", "~": "changed", "-": "removed"}

// htmlLine is one line of a diff with the class of its sign.
type htmlLine struct{ Class, Text string }

func diffLines(f *plan.FileChange) []htmlLine {
	var out []htmlLine
	for line := range strings.SplitSeq(UnifiedDiff(f), "\n") {
		class := ""
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"), strings.HasPrefix(line, "@@"):
			class = "head"
		case strings.HasPrefix(line, "+"):
			class = "made"
		case strings.HasPrefix(line, "-"):
			class = "removed"
		}
		out = append(out, htmlLine{class, cleaner(line, "\t")})
	}
	return out
}

func withoutNoise(c plan.Change) []plan.SettingChange {
	return slices.DeleteFunc(slices.Clone(c.Settings), func(sc plan.SettingChange) bool { return isNoise(c.Action, sc) })
}

// htmlPlan is what the page shows.
type htmlPlan struct {
	*plan.Plan
	Add, Change, Remove int
}

// PlansHTML writes plans as one self-contained page, for light and dark.
func PlansHTML(w io.Writer, plans []*plan.Plan) error {
	var data []htmlPlan
	for _, p := range plans {
		add, change, remove := p.Counts()
		data = append(data, htmlPlan{p, add, change, remove})
	}
	return planTemplate().Execute(w, data)
}
