package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/peterh/liner"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/hcl/hostfile"
	"linkspan/hcl/syntax"
)

type consoleFlags struct{ eval string }

func (a *app) consoleCommand() *cobra.Command {
	var f consoleFlags
	c := &cobra.Command{
		Use:   "console [DIR]",
		Short: "Evaluates expressions of the definitions, typed, piped or given by -eval",
		Long: "Evaluates expressions with the variables, locals and functions of the definitions; with -host also host.name, host.tags and host.vars.\n" +
			"On a terminal it asks for one after the other and keeps a history; from a pipe it reads one a line. Nothing is changed.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			site, err := a.consoleSite(first(args))
			if err != nil {
				return err
			}
			console := &console{app: a, site: site}
			switch {
			case c.Flags().Changed("eval"):
				console.answer(f.eval)
			case term.IsTerminal(int(a.stdin.Fd())):
				err = console.talk()
			default:
				err = console.read(a.stdin)
			}
			if err == nil && console.failed > 0 {
				err = exit{code: exitError, err: fmt.Errorf("%s without a value", count(console.failed, "expression"))}
			}
			return err
		},
	}
	c.Flags().StringVar(&f.eval, "eval", "", "one `EXPRESSION` to evaluate, instead of asking")
	return c
}

// consoleSite loads the definitions. Without a directory named, the present one
// may have none: functions can be tried anywhere.
func (a *app) consoleSite(dir string) (*hostfile.Site, error) {
	if dir == "" {
		if here, err := filepath.Glob("*.hcl*"); err != nil || len(here) == 0 {
			return hostfile.Empty("."), nil
		}
	}
	site, diags, err := a.load(dir)
	if errors.Is(err, fs.ErrNotExist) { // most likely it is an expression
		return nil, fmt.Errorf("there is no directory %q with definitions; an expression is given by -eval", dir)
	}
	if err != nil {
		return nil, err
	}
	return site, a.refuse(diags.Errors())
}

// console evaluates expressions, one after the other.
type console struct {
	*app
	site   *hostfile.Site
	failed int // expressions without a value
}

// answer evaluates one expression and shows its value, or what is wrong.
func (c *console) answer(expression string) {
	v, diags := c.site.Evaluate(expression, c.flags.host)
	c.sources = map[string][]byte{syntax.Typed: []byte(expression)}
	err := c.report(diags)
	if err == nil && !diags.HasErrors() {
		err = c.show(v)
	}
	if err != nil || diags.HasErrors() {
		c.failed++
	}
}

func (c *console) show(v hostfile.Value) error {
	if c.text() {
		if _, err := fmt.Fprintln(c.stdout, view.Clean(v.Text)); err != nil {
			return err
		}
	}
	return c.send("value", map[string]any{"value": v.Plain, "text": v.Text, "type_name": v.Type, "sensitive": v.Sensitive})
}

// longestExpression is the most that is read as one expression, in bytes.
const longestExpression = 1 << 20

// read evaluates what a pipe or file holds: an expression a line, or over more
// lines within brackets. Empty lines and comments are left out.
func (c *console) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestExpression)
	expression := ""
	for lines.Scan() {
		expression += lines.Text()
		if syntax.Unfinished(expression) && len(expression) < longestExpression {
			expression += "\n"
			continue
		}
		if text := strings.TrimSpace(expression); text != "" && !strings.HasPrefix(text, "#") && !strings.HasPrefix(text, "//") {
			c.answer(expression)
		}
		expression = ""
	}
	if strings.TrimSpace(expression) != "" {
		c.answer(expression)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("console: standard input: %w", err)
	}
	return nil
}

// talk asks for expressions on the terminal until its end.
func (c *console) talk() error {
	line := liner.NewLiner()
	defer line.Close()
	line.SetCtrlCAborts(true)
	names := c.site.Names()
	line.SetWordCompleter(func(text string, pos int) (string, []string, string) { return complete(names, text, pos) })
	history := c.historyFile()
	if f, err := os.Open(history); err == nil {
		_, err = line.ReadHistory(f)
		f.Close()
		if err != nil {
			fmt.Fprintf(c.stderr, "linkspan: the history of the console is not readable: %v\n", err)
		}
	}
	fmt.Fprintln(c.stdout, "An expression a line, e.g. cidrhost(\"10.0.0.0/24\", 7); exit or Ctrl-D ends.")
	for {
		expression, err := ask(line)
		switch word := strings.TrimSpace(expression); {
		case errors.Is(err, liner.ErrPromptAborted):
			continue
		case errors.Is(err, io.EOF) || word == "exit" || word == "quit":
			c.failed = 0 // seen and dealt with by the person
			return saveHistory(line, history)
		case err != nil:
			return fmt.Errorf("console: %w", err)
		case word != "":
			line.AppendHistory(strings.ReplaceAll(expression, "\n", " "))
			c.answer(expression)
		}
	}
}

// ask reads one expression, over more lines while brackets are open.
func ask(line *liner.State) (string, error) {
	expression, err := line.Prompt("> ")
	for err == nil && syntax.Unfinished(expression) {
		var more string
		more, err = line.Prompt(". ")
		expression += "\n" + more
	}
	return expression, err
}

// complete completes the name before the cursor.
func complete(names []string, text string, pos int) (string, []string, string) {
	before := []rune(text)[:pos]
	start := len(before)
	for start > 0 && (before[start-1] == '.' || before[start-1] == '_' || before[start-1] >= 'a' && before[start-1] <= 'z' || before[start-1] >= 'A' && before[start-1] <= 'Z' || before[start-1] >= '0' && before[start-1] <= '9') {
		start--
	}
	word := string(before[start:])
	var out []string
	for _, n := range names {
		if word != "" && strings.HasPrefix(n, word) {
			out = append(out, n)
		}
	}
	return string(before[:start]), out, string([]rune(text)[pos:])
}

// historyFile is where the console's history is kept: in the person's state
// directory (XDG Base Directory Specification 0.8); "" when there is none.
func (c *console) historyFile() string {
	dir := c.getenv("XDG_STATE_HOME")
	if dir == "" && c.getenv("HOME") != "" {
		dir = filepath.Join(c.getenv("HOME"), ".local", "state")
	}
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "linkspan", "console-history")
}

// saveHistory keeps the history for the next time, for this person's eyes only.
func saveHistory(line *liner.State, path string) error {
	if path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("console: history: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("console: history: %w", err)
	}
	_, err = line.WriteHistory(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("console: history: %w", err)
	}
	return nil
}
