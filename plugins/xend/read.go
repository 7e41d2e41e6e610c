package xend

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/xend/guest"
	"linkspan/plugins/xend/sxp"
	"linkspan/plugins/xend/tree"
	"linkspan/plugins/xend/xl"
)

// factXL tells Render that the host has xl.
const factXL = "xl"

// state is what Plan needs to know beyond the objects.
type state struct {
	Running bool              `json:"running,omitempty"` // xend
	Targets map[string]string `json:"targets,omitempty"` // of symlinks, by path
	Links   map[string]int    `json:"links,omitempty"`   // hard links, by path
}

// Read says what Xen's configuration means, what else of Xen touches the
// host's network, and which guests there are. On a host without Xen there is
// nothing to find.
func (*xend) Read(_ context.Context, q backend.ReadRequest) (backend.ReadResponse, error) {
	r := newReading(q.Setup)
	if q.Root == "" || q.Root == "/" {
		if err := r.readKernel(q.Netns); err != nil {
			return backend.ReadResponse{}, err
		}
	}
	return r.response()
}

func newReading(q backend.Setup) *reading {
	s := settingsOf(q.Config)
	return &reading{tree: tree.At(q.Root), host: &q.Host, settings: s, path: path.Clean(s.path),
		state: state{Targets: make(map[string]string), Links: make(map[string]int)}}
}

// response reads the files, what the kernel has being known.
func (r *reading) response() (backend.ReadResponse, error) {
	r.networks = guest.ReadNetworks(r.tree)
	var out backend.ReadResponse
	r.xend(&out)
	r.xl(&out)
	r.xapi()
	if r.isXen() {
		r.surroundings()
	}
	out.Guests = r.guests()
	slices.SortFunc(out.Objects, func(a, b plan.Object) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(out.Files, func(a, b backend.File) int { return strings.Compare(a.Path, b.Path) })
	out.Facts = map[string]string{factXL: fmt.Sprint(r.hasXL())}
	out.Diagnostics = r.diags
	var err error
	out.Opaque, err = json.Marshal(r.state)
	return out, err
}

// reading is what one Read has found.
type reading struct {
	tree     tree.Tree
	host     *host.Host
	settings settings
	networks guest.Networks
	path     string       // of xend's configuration
	live     *guest.Links // nil below another root: what runs is not that host's
	config   *sxp.File    // nil when there is none
	xlconf   []xl.Assignment
	state    state
	diags    diag.List
}

func (r *reading) found(d diag.Diagnostic) { r.diags = append(r.diags, d) }

// isXen tells a host of Xen: by its configuration, or by what the hypervisor
// shows of itself.
func (r *reading) isXen() bool {
	return r.tree.Exists("/etc/xen") || r.live != nil && r.tree.Exists("/proc/xen/capabilities")
}

func (r *reading) hasXL() bool {
	return r.tree.Exists(xlFile) || r.tree.Exists("/usr/sbin/xl")
}

func (r *reading) readKernel(netns string) error {
	live, err := guest.ReadLinks(netns)
	if err != nil {
		return err
	}
	live.NamePorts(r.tree)
	r.live = live
	r.state.Running = r.xendPID() > 0
	return nil
}

// file reads one file that a plan may change.
func (r *reading) file(name string, out *backend.ReadResponse) plan.FileState {
	var s plan.FileState
	f, err := r.tree.Read(name)
	switch {
	case err == nil:
		s = plan.FileState{Exists: true, Mode: uint32(f.Mode), Content: f.Content}
		if f.Target != name {
			r.state.Targets[name] = f.Target
		}
		if f.Links > 1 {
			r.state.Links[name] = f.Links
		}
		r.editors(name)
	case !errors.Is(err, fs.ErrNotExist):
		r.found(ruleUnreadable.In(diag.Range{File: name}, "%v", err))
	}
	out.Files = append(out.Files, backend.File{Path: name, FileState: s})
	return s
}

// xend reads xend's configuration; without a file xend reads an empty one.
func (r *reading) xend(out *backend.ReadResponse) {
	src := r.file(r.path, out).Content
	f, err := sxp.Parse(src)
	if err != nil {
		e := new(sxp.Error)
		errors.As(err, &e)
		rule := map[sxp.Fault]diag.Rule{sxp.Fatal: ruleSyntax, sxp.Silent: ruleSilent, sxp.Differs: ruleDiffers}[e.Fault]
		r.found(rule.In(rangeAt(r.path, src, e.Offset), "%s", e.Reason))
		return
	}
	r.config = f
	o := plan.Object{Ref: plan.Ref{Class: name, Name: r.path}, Type: name}
	var values []string
	found := f.Lists(sxp.Directive)
	for _, n := range found {
		value, _ := n.Value()
		values = append(values, value)
		if len(n.Surplus()) > 0 {
			r.found(ruleExtra.In(rangeAt(r.path, src, n.Start), "xend runs %q and drops the rest", value))
		}
	}
	if len(found) > 1 {
		r.found(ruleTwo.In(rangeAt(r.path, src, found[1].Start), "there are %d; xend runs %s", len(found), quotedOrNothing(found[0])))
	}
	o.Set(sxp.Directive, plan.List(values...))
	if n := sxp.Remarked(src); n > 0 {
		o.Set(remarked, plan.Number(n))
	}
	out.Objects = append(out.Objects, o)
	r.otherKeys(src)
	r.release(src)
}

func quotedOrNothing(n sxp.Node) string {
	if v, runs := n.Value(); runs {
		return fmt.Sprintf("%q", v)
	}
	return "nothing, for the first has no value"
}

// xl reads xl.conf. xl ends every command with one that it cannot read.
func (r *reading) xl(out *backend.ReadResponse) {
	if !r.hasXL() {
		return
	}
	src := r.file(xlFile, out).Content
	all, err := xl.Parse(src)
	if err != nil {
		e := new(xl.Error)
		errors.As(err, &e)
		rule := ruleXLSyntax
		if len(r.settings.xl) > 0 {
			rule = ruleXLEdit
		}
		r.found(rule.In(rangeAt(xlFile, src, e.Offset), "%s", e.Reason))
		return
	}
	r.xlconf = all
	o := plan.Object{Ref: plan.Ref{Class: name, Name: xlFile}, Type: "xl"}
	for _, key := range []string{keyBridge, keyScript} {
		if a, ok := xl.Last(all, key); ok && !a.Value.IsList {
			o.Set(key, plan.Text(a.Value.Text))
		}
	}
	out.Objects = append(out.Objects, o)
	a, ok := xl.Last(all, keyBridge)
	bridge := a.Value.Text
	if ok && !a.Value.IsList && r.settings.xl[keyBridge] == "" && r.missing(bridge) != "" {
		r.found(ruleXLDefault.In(rangeAt(xlFile, src, a.Start), "it is %q, which is %s", bridge, r.missing(bridge)))
	}
}

// xlDefault is what xl.conf says, or will say, of a key; the deprecated name
// counts only without the new one (xl.c, parse_global_config).
func (r *reading) xlDefault(key, deprecated string) string {
	value := r.settings.xl[key]
	for _, k := range []string{key, deprecated} {
		if a, ok := xl.Last(r.xlconf, k); ok && !a.Value.IsList {
			value = cmp.Or(value, a.Value.Text)
		}
	}
	return value
}
