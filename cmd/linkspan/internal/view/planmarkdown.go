package view

import (
	"fmt"
	"io"
	"strings"

	"linkspan/core/plan"
)

// maxMarkdown is what a comment on a pull request may have, in bytes, with
// some room (GitHub's limit is 65,536 characters).
const maxMarkdown = 60_000

// PlansMarkdown writes plans for a comment on a pull request: hosts with the
// same work are one section, and what is beyond the length of a comment is cut
// with a word about it.
func PlansMarkdown(w io.Writer, plans []*plan.Plan) error {
	var b strings.Builder
	groups, order := byDigest(plans)
	fmt.Fprintf(&b, "### linkspan: %s, %s\n", counted(len(plans), "host"), counted(len(order), "plan"))
	cut := 0
	for _, digest := range order {
		section := markdownSection(groups[digest])
		if b.Len()+len(section) > maxMarkdown-200 {
			section = markdownHead(groups[digest])
			cut++
		}
		if b.Len()+len(section) <= maxMarkdown-200 {
			b.WriteString(section)
		}
	}
	if cut > 0 {
		fmt.Fprintf(&b, "\n*%s too long for a comment; `linkspan show PLAN` has the whole.*\n", counted(cut, "plan"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// byDigest groups plans of the same work, in the order in which they come.
func byDigest(plans []*plan.Plan) (groups map[string][]*plan.Plan, order []string) {
	groups = make(map[string][]*plan.Plan)
	for _, p := range plans {
		if groups[p.Digest] == nil {
			order = append(order, p.Digest)
		}
		groups[p.Digest] = append(groups[p.Digest], p)
	}
	return groups, order
}

func markdownHead(group []*plan.Plan) string {
	const shown = 5
	var names []string
	for _, p := range group[:min(shown, len(group))] {
		names = append(names, "`"+strings.ReplaceAll(Clean(p.Host), "`", "")+"`")
	}
	if more := len(group) - shown; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	add, change, remove := group[0].Counts()
	what := fmt.Sprintf("%d to add, %d to change, %d to remove", add, change, remove)
	if group[0].Empty() {
		what = "no changes"
	}
	return fmt.Sprintf("\n**%s**: %s (`%s`)\n", strings.Join(names, ", "), what, group[0].Digest)
}

// markdownSection is the text view as a diff, which code hosts colour by the
// first character of a line.
func markdownSection(group []*plan.Plan) string {
	head := markdownHead(group)
	if group[0].Empty() {
		return head
	}
	var text strings.Builder
	Plan(&text, Style{}, group[0], PlanOptions{})
	fence := "```"
	for strings.Contains(text.String(), fence) {
		fence += "`"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n<details><summary>the plan</summary>\n\n%sdiff\n", head, fence)
	for line := range strings.Lines(text.String()) {
		trimmed := strings.TrimLeft(line, " ")
		if indent := len(line) - len(trimmed); indent > 0 && strings.ContainsAny(trimmed[:1], "+-~") {
			line = strings.Replace(trimmed[:1], "~", "!", 1) + strings.Repeat(" ", indent) + trimmed[1:]
		}
		b.WriteString(line)
	}
	fmt.Fprintf(&b, "%s\n\n</details>\n", fence)
	return b.String()
}

// counted gives "1 plan", "2 plans".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
