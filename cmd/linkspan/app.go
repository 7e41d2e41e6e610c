package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/plugins/trust"
)

// app is one run of the program: its streams and the common flags.
type app struct {
	stdin  *os.File
	stdout *os.File
	stderr *os.File
	getenv func(string) string

	flags       common
	commandName string                     // of the command under way, e.g. "plan"
	sources     map[string][]byte          // texts of the definitions, for diagnostics
	scripts     map[string][]byte          // texts of the scripts that functions are in
	functions   map[string]scriptFunctions // by script
	finder      *finder                    // of the backends that the loaded definitions use
	relock      bool                       // the lock file is about to be written, and not enforced
	json        *view.Stream
	served      func(trust.Spec) backend.Backend // nil: plugins and guards have processes of their own
	unread      bool                             // it goes on when nobody reads what it says
	step        atomic.Value                     // string: the step under way
}

// common are the flags that every command takes.
type common struct {
	host, root, netns, stateDir, color, jsonInto string
	vars, varFiles, pluginDirs, devOverrides     []string
	tags                                         []string
	json, log                                    bool
}

func standard() *app {
	return &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
}

// run runs the command line and returns the exit code.
func run(args []string, a *app) (code int) {
	defer a.crashed(args, &code)
	root := a.command()
	root.SetArgs(longFlags(args))
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(context.Background())
	if err != nil && err.Error() != "" {
		fmt.Fprintf(a.stderr, "linkspan: %s\n", view.Clean(err.Error()))
		if codeOf(err) == exitUsage {
			fmt.Fprintln(a.stderr, "linkspan: hint: `linkspan help` lists the commands, `linkspan COMMAND -h` the flags of one")
		}
	}
	return codeOf(err)
}

// longFlags lets a long flag have one dash: cobra reads "-out=p" as "-o ut=p".
// The only flags of one letter are -h and -v; what begins as a number is a value.
func longFlags(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(out[i:], args[i:])
			break
		}
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' && (arg[1] < '0' || arg[1] > '9') {
			arg = "-" + arg
		}
		out[i] = arg
	}
	return out
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "linkspan",
		Short:         "The network of virtualisation hosts as HCL in git",
		Long:          "linkspan reads host definitions, compares them with a host, shows a plan and carries it out.\nStart with `linkspan demo`; it touches nothing.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	f := root.PersistentFlags()
	f.StringVar(&a.flags.host, "host", "", "the host's `NAME` or a pattern of one (default: the definition that matches this machine's host name)")
	f.StringArrayVar(&a.flags.tags, "tag", nil, "hosts that have the `TAG`; given again, those that have all")
	f.StringVar(&a.flags.root, "root", "", "files below `DIR` instead of /; the kernel and services are then left alone")
	f.StringVar(&a.flags.netns, "netns", "", "the kernel's network namespace `NAME`")
	f.StringArrayVar(&a.flags.vars, "var", nil, "a variable, `NAME=VALUE`; may be given again")
	f.StringArrayVar(&a.flags.varFiles, "var-file", nil, "a `FILE` of variables; may be given again")
	f.StringVar(&a.flags.stateDir, "state-dir", "", "where linkspan keeps its state (default /var/lib/linkspan, below -root)")
	f.StringArrayVar(&a.flags.pluginDirs, "plugin-dir", nil, "a `DIR` with backend plugins; may be given again")
	f.StringArrayVar(&a.flags.devOverrides, "dev-override", nil, "for authors: `NAME=PATH` is the backend NAME, whatever it is and the lock file says")
	f.BoolVar(&a.flags.json, "json", false, "JSON on standard output, one object a line")
	f.StringVar(&a.flags.jsonInto, "json-into", "", "the JSON into `FILE`, beside the text")
	f.StringVar(&a.flags.color, "color", "auto", "colour: auto, always or never")
	f.BoolVarP(&a.flags.log, "v", "v", false, "logs on standard error")
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { a.commandName = c.Name(); return a.begin() }
	root.AddCommand(a.commands()...)
	a.completeFlags(root)
	refuseStrangers(root)
	return root
}

// refuseStrangers makes unknown commands and surplus arguments usage errors
// with exit code 64, as all mistakes on the command line are.
func refuseStrangers(c *cobra.Command) {
	if args := c.Args; args != nil {
		c.Args = func(c *cobra.Command, given []string) error {
			if err := args(c, given); err != nil {
				if !c.HasParent() && len(given) > 0 {
					err = fmt.Errorf("unknown command %q%s", given[0], diag.DidYouMean(given[0], names(c)))
				}
				return usage(err)
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		refuseStrangers(sub)
	}
}

func names(c *cobra.Command) []string {
	var out []string
	for _, sub := range c.Commands() {
		out = append(out, sub.Name())
	}
	return out
}

// begin checks the common flags and opens the JSON stream.
func (a *app) begin() error {
	switch a.flags.color {
	case "auto", "always", "never":
	default:
		return usage(fmt.Errorf("-color is auto, always or never, not %q", a.flags.color))
	}
	var w io.Writer
	switch {
	case a.flags.json:
		w = a.stdout
	case a.flags.jsonInto != "":
		f, err := os.Create(a.flags.jsonInto)
		if err != nil {
			return fmt.Errorf("-json-into: %w", err)
		}
		w = f
	default:
		return nil
	}
	a.json = view.NewStream(w, version())
	return nil
}

// text reports whether text goes to standard output; with -json it does not.
func (a *app) text() bool { return !a.flags.json }

func (a *app) style() view.Style { return view.NewStyle(a.flags.color, a.stdout, a.getenv) }

// send puts a value into the JSON stream, if there is one.
func (a *app) send(kind string, value any) error {
	if a.json == nil {
		return nil
	}
	err := a.json.Send(kind, value)
	if a.unread {
		err = unheard(err)
	}
	return err
}

// report shows diagnostics on standard error, or in the JSON stream; in both
// when the stream goes into a file.
func (a *app) report(l diag.List) error {
	l = l.Sorted()
	if a.text() {
		view.Diagnostics(a.stderr, view.NewStyle(a.flags.color, a.stderr, a.getenv), l, a.sources)
	}
	for _, d := range l {
		if err := a.send("diagnostic", d); err != nil {
			return err
		}
	}
	return nil
}

// refuse shows diagnostics and ends with code 1 if one of them is an error.
func (a *app) refuse(l diag.List) error {
	if err := a.report(l); err != nil {
		return err
	}
	if n := len(l.Sorted().Errors()); n > 0 {
		return exit{code: exitError, err: fmt.Errorf("%s; nothing was changed", count(n, "error"))}
	}
	return nil
}

// count gives "1 error", "2 errors".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// interactive reports whether a person can be asked.
func (a *app) interactive() bool {
	return term.IsTerminal(int(a.stdin.Fd())) && term.IsTerminal(int(a.stderr.Fd()))
}

// root is the -root prefix; "" for the real one.
func (a *app) root() string {
	if a.flags.root == "/" {
		return ""
	}
	return a.flags.root
}

// stateDir is where state is kept on the real file system.
func (a *app) stateDir() string {
	if a.flags.stateDir != "" {
		return a.flags.stateDir
	}
	return strings.TrimSuffix(a.root(), "/") + "/var/lib/linkspan"
}
