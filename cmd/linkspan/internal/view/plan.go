package view

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"linkspan/core/plan"
)

// PlanOptions choose how much of a plan is shown.
type PlanOptions struct {
	Verbose bool // unchanged settings too
	Diff    bool // each file as a unified diff
	Summary bool // a table of the objects only
}

// Plan prints a plan as people read it.
func Plan(w io.Writer, s Style, p *plan.Plan, o PlanOptions) {
	v := planView{w: w, Style: s, plan: p, options: o}
	v.head()
	v.alarms()
	if o.Summary {
		v.table()
	} else {
		for _, c := range mergedChanges(p) {
			v.change(c)
		}
	}
	v.work()
	if o.Diff {
		v.diffs()
	}
	v.foot()
}

type planView struct {
	Style
	w       io.Writer
	plan    *plan.Plan
	options PlanOptions
}

func (v planView) head() {
	where := v.plan.Definition.String()
	if where != "" {
		where += ", "
	}
	fmt.Fprintf(v.w, "Host %s  (%splan %s)\n", v.paint(bold, Clean(v.plan.Host)), Clean(where), v.plan.Digest)
	if v.plan.Root != "" {
		fmt.Fprintf(v.w, "Below %s; the kernel and services are left alone\n", Clean(v.plan.Root))
	}
	fmt.Fprintln(v.w)
}

// alarms shows first what touches the operator's own way in, and what stops.
func (v planView) alarms() {
	n := 0
	for _, e := range allEffects(v.plan) {
		if e.Kind != plan.EffectOperator && e.Kind != plan.EffectUnreachable {
			continue
		}
		fmt.Fprintln(v.w, v.sign("!", " "+Clean(e.Text)))
		n++
	}
	if n > 0 {
		fmt.Fprintln(v.w)
	}
}

func allEffects(p *plan.Plan) []plan.Effect {
	out := slices.Clone(p.Effects)
	for _, s := range p.Stages {
		for _, op := range s.Operations {
			out = append(out, op.Effects...)
		}
	}
	return out
}

var verbs = map[plan.Action][2]string{
	plan.Create: {"+", "will be created"},
	plan.Update: {"~", "will be updated in place"},
	plan.Delete: {"-", "will be removed"},
}

func (v planView) change(c plan.Change) {
	verb := verbs[c.Action]
	title := fmt.Sprintf("  # %s %s", address(c), verb[1])
	if c.Reason != "" {
		title += ": " + c.Reason
	}
	title = Clean(title)
	if place := Clean(c.Origin.String()); place != "" {
		title = padded(title, 70) + " " + place
	}
	fmt.Fprintln(v.w, v.paint(dim, title))
	fmt.Fprintf(v.w, "  %s\n", v.sign(verb[0], fmt.Sprintf(" %s %q {", Clean(c.Type), c.Name)))
	rows, hidden := v.settings(c)
	for _, r := range rows {
		fmt.Fprintf(v.w, "      %s\n", r)
	}
	if hidden > 0 {
		fmt.Fprintf(v.w, "        %s\n", v.paint(dim, fmt.Sprintf("# (%d unchanged)", hidden)))
	}
	fmt.Fprint(v.w, "    }\n")
}

// address names an object as Terraform does, and a file by its path.
func address(c plan.Change) string {
	if strings.HasPrefix(c.Name, "/") {
		return c.Name
	}
	return c.Type + "." + c.Name
}

// settings lays the changed settings out in columns.
func (v planView) settings(c plan.Change) (rows []string, hidden int) {
	width, beforeWidth := 0, 0
	shown := slices.DeleteFunc(slices.Clone(c.Settings), func(sc plan.SettingChange) bool {
		return !v.options.Verbose && isNoise(c.Action, sc)
	})
	for _, sc := range shown {
		width = max(width, len(sc.Key))
		if settingSign(sc) == "~" {
			beforeWidth = max(beforeWidth, len(Clean(sc.Before.String())))
		}
	}
	for _, sc := range shown {
		sign, value := settingSign(sc), ""
		switch sign {
		case "+":
			value = Clean(sc.After.String())
		case "-":
			value = Clean(sc.Before.String())
		default:
			value = padded(Clean(sc.Before.String()), min(beforeWidth, 40)) + " -> " + Clean(sc.After.String())
		}
		row := v.sign(sign, " "+padded(Clean(sc.Key), width)+" = "+value)
		if sc.Note != "" {
			row += "  " + v.paint(dim, "# "+Clean(sc.Note))
		}
		rows = append(rows, row)
	}
	if v.options.Verbose {
		for _, u := range c.Unchanged {
			rows = append(rows, v.paint(dim, "  "+padded(Clean(u.Key), width)+" = "+Clean(u.Value.String())))
		}
		return rows, 0
	}
	return rows, len(c.Unchanged)
}

func settingSign(sc plan.SettingChange) string {
	switch {
	case sc.Before.IsAbsent():
		return "+"
	case sc.After.IsAbsent():
		return "-"
	}
	return "~"
}

// isNoise tells a setting that says nothing beyond the block's own words when
// an object is made or removed: its type, and what is off or up by default.
func isNoise(a plan.Action, sc plan.SettingChange) bool {
	if a == plan.Update {
		return false
	}
	value := sc.After
	if a == plan.Delete {
		value = sc.Before
	}
	switch sc.Key {
	case "type":
		return true
	case "state":
		return value.Text == "up"
	case "dhcp4", "dhcp6":
		return value.Text == "false"
	case "protocol":
		return value.Text == "802.1q"
	}
	return false
}

func (v planView) table() {
	for _, c := range mergedChanges(v.plan) {
		verb := verbs[c.Action]
		fmt.Fprintf(v.w, "  %s\n", v.sign(verb[0], fmt.Sprintf(" %s %s", padded(Clean(c.Type), 9), Clean(c.Name))))
	}
}

func (v planView) foot() {
	if v.plan.Empty() {
		fmt.Fprintf(v.w, "No changes. %s is as its definition says.\n", Clean(v.plan.Host))
		return
	}
	fmt.Fprintln(v.w)
	add, change, remove := v.plan.Counts()
	fmt.Fprintf(v.w, "%s %d to add, %d to change, %d to remove.\n", v.paint(bold, "Plan:"), add, change, remove)
}

// mergedChanges lays the stages' changes of one object together, in the order
// in which they first come; what only one backend changes is noted.
func mergedChanges(p *plan.Plan) []plan.Change {
	var out []plan.Change
	at := make(map[plan.Ref]int)
	for _, s := range p.Stages {
		for _, c := range s.Changes {
			i, seen := at[c.Ref]
			if !seen {
				at[c.Ref] = len(out)
				c.Settings = slices.Clone(c.Settings)
				out = append(out, c)
				continue
			}
			out[i] = merge(out[i], c, s.Backend)
		}
	}
	return out
}

func merge(into, c plan.Change, backend string) plan.Change {
	for _, sc := range c.Settings {
		same := func(x plan.SettingChange) bool {
			return x.Key == sc.Key && x.Before.Equal(sc.Before) && x.After.Equal(sc.After)
		}
		if slices.ContainsFunc(into.Settings, same) {
			continue
		}
		sc.Note = strings.TrimPrefix(sc.Note+"; only in "+backend, "; ")
		into.Settings = append(into.Settings, sc)
	}
	slices.SortStableFunc(into.Settings, func(a, b plan.SettingChange) int { return cmp.Compare(a.Key, b.Key) })
	return into
}
