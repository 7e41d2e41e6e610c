package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/core/rehearse"
	"linkspan/hcl/hostfile"
	"linkspan/hcl/writer"
	"linkspan/plugins/ifcfg"
	"linkspan/plugins/netlink"
)

// scenarios finds the host's present network where the flags say.
func (a *app) scenarios(ctx context.Context, d *hostfile.Definition, dir string, f rehearseFlags) ([]rehearse.Scenario, error) {
	switch {
	case f.start != "":
		return startsNamed(ctx, d, f)
	case f.from != "":
		s, err := fromFile(ctx, d, f)
		return []rehearse.Scenario{s}, err
	}
	root := a.root()
	if before := filepath.Join(definitionDir(dir), "before"); root == "" && isTree(before) {
		root = before
	}
	s, err := a.fromSystem(ctx, d, root, f)
	return []rehearse.Scenario{s}, err
}

// definitionDir is the folder of the definitions at path.
func definitionDir(path string) string {
	if path == "" {
		return "."
	}
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return filepath.Dir(path)
	}
	return path
}

func isTree(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "etc"))
	return err == nil && info.IsDir()
}

// fromSystem takes the present network from the files of a root, or from this
// machine's kernel.
func (a *app) fromSystem(ctx context.Context, d *hostfile.Definition, root string, f rehearseFlags) (rehearse.Scenario, error) {
	var (
		start host.Host
		name  = "this machine's kernel"
		diags diag.List
		err   error
	)
	if root != "" {
		name = "the files below " + root
		start, diags, err = persisted(ctx, d, root)
	} else {
		start, diags, err = live(ctx, d.Host.Name, a.flags.netns)
	}
	if err != nil {
		return rehearse.Scenario{}, err
	}
	if err := a.refuse(d.Resolve(diags)); err != nil {
		return rehearse.Scenario{}, err
	}
	if len(start.Interfaces) == 0 {
		return rehearse.Scenario{}, fmt.Errorf("%s: no interface is there; name the present network with -root, -from or -start", name)
	}
	s := scenario(d, name, start, f)
	s.Sysctls = reversePaths(root)
	s.Files, err = hostFiles(root)
	return s, err
}

// live reads this machine's kernel.
func live(ctx context.Context, name, netns string) (host.Host, diag.List, error) {
	r, err := netlink.New().Read(ctx, backend.ReadRequest{Setup: backend.Setup{Host: host.Host{Name: name}, Netns: netns}})
	if err != nil {
		return host.Host{}, nil, fmt.Errorf("read this machine's kernel: %w", err)
	}
	h, err := rehearse.HostOf(name, r.Objects)
	return h, r.Diagnostics, err
}

// persisted reads what the files below root mean to the network scripts: of
// every interface that has a file there.
func persisted(ctx context.Context, d *hostfile.Definition, root string) (host.Host, diag.List, error) {
	all := host.Host{Name: d.Host.Name}
	found, err := filepath.Glob(filepath.Join(root, "etc/sysconfig/network-scripts/ifcfg-*"))
	if err != nil {
		return host.Host{}, nil, fmt.Errorf("list the files below %s: %w", root, err)
	}
	for _, path := range found {
		device := strings.TrimPrefix(filepath.Base(path), "ifcfg-")
		if host.CheckName(device) == nil && device != "lo" {
			all.Interfaces = append(all.Interfaces, host.Interface{Kind: host.KindEthernet, Name: device, Ethernet: &host.Ethernet{}})
		}
	}
	block, _ := d.Host.Backend("ifcfg")
	r, err := ifcfg.New().Read(ctx, backend.ReadRequest{Setup: backend.Setup{Host: all, Config: block.Config, Root: root}})
	if err != nil {
		return host.Host{}, nil, fmt.Errorf("read the files below %s: %w", root, err)
	}
	h, err := rehearse.HostOf(d.Host.Name, r.Objects)
	return h, r.Diagnostics, err
}

// hostTrees are what the host inside gets of a real one's files: all that the
// backends read.
var hostTrees = []string{"etc/sysconfig", "etc/xen", "etc/modprobe.conf", "etc/modprobe.d", "etc/redhat-release", "etc/os-release", "etc/NetworkManager", "var/lib/xend/state"}

// maxHostFiles bounds what is copied, in bytes; these trees have some ten
// thousand.
const maxHostFiles = 16 << 20

// hostFiles copies the host's files. What this user may not read is left out.
func hostFiles(root string) ([]rehearse.File, error) {
	if root == "" {
		root = "/"
	}
	var out []rehearse.File
	total := 0
	for _, tree := range hostTrees {
		err := filepath.WalkDir(filepath.Join(root, tree), func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
				return nil
			}
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrPermission) {
				return nil
			}
			info, infoErr := e.Info()
			if err := errors.Join(err, infoErr); err != nil {
				return err
			}
			if total += len(content); total > maxHostFiles {
				return fmt.Errorf("%s: more than %d bytes of files", filepath.Join(root, tree), maxHostFiles)
			}
			rel, err := filepath.Rel(root, path)
			out = append(out, rehearse.File{Path: "/" + rel, Mode: uint32(info.Mode().Perm()), Content: content})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("copy the host's files: %w", err)
		}
	}
	return out, nil
}

// startsNamed gives the usual starts, one or all of them: the way from there
// or, reversed, to there.
func startsNamed(ctx context.Context, d *hostfile.Definition, f rehearseFlags) ([]rehearse.Scenario, error) {
	var out []rehearse.Scenario
	var names []string
	for _, n := range rehearse.Starts(d.Host) {
		if f.reverse && n.Undefinable {
			continue
		}
		names = append(names, n.Name)
		if f.start != "all" && f.start != n.Name {
			continue
		}
		s := scenario(d, n.Name, n.Host, f)
		what := "added to the definition, as the start has it: "
		if f.reverse {
			s.Name, s.Start, s.Wanted = "the definition to "+n.Name, s.Wanted, n.Host
			s.Wanted.Backends = s.Start.Backends
			what = "added to what is wanted, as the definition has it: "
		}
		wanted, added := rehearse.WithoutRest(s.Wanted, s.Start)
		if len(added) > 0 {
			s.Remarks = append(s.Remarks, what+strings.Join(added, ", "))
		}
		s.Wanted, s.Definition = wanted, writer.Host(wanted)
		if err := renderStart(ctx, &s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("host %q has no address that stands on a card: there are no usual starts", d.Host.Name)
	case len(out) == 0 && f.reverse && f.start == "xend":
		return nil, usage(errors.New("-reverse: no definition leads to the start xend, which only xend makes; a rollback does (-start xend)"))
	case len(out) == 0:
		return nil, usage(fmt.Errorf("-start %q is none of %s, all%s", f.start, strings.Join(names, ", "), diag.DidYouMean(f.start, names)))
	}
	return out, nil
}

// stockXend is what is active of the network's settings in the file that Xen
// 3.0 to 4.4 install (tools/examples/xend-config.sxp).
const stockXend = "(network-script network-bridge)\n(vif-script vif-bridge)\n"

// renderStart gives a start its files: what ifcfg would write for it.
func renderStart(ctx context.Context, s *rehearse.Scenario) error {
	if block, ok := s.Wanted.Backend("ifcfg"); ok {
		r, err := ifcfg.New().Render(ctx, backend.RenderRequest{Setup: backend.Setup{Host: s.Start, Config: block.Config}})
		if err != nil {
			return fmt.Errorf("render the start %s: %w", s.Name, err)
		}
		for _, file := range r.Files {
			s.Files = append(s.Files, rehearse.File{Path: file.Path, Mode: 0o644, Content: file.Content})
		}
	}
	if _, ok := s.Wanted.Backend("xend"); ok {
		s.Files = append(s.Files, rehearse.File{Path: "/etc/xen/xend-config.sxp", Mode: 0o644, Content: []byte(stockXend)})
	}
	return nil
}

// fromFile takes the present network from a file: HCL, or JSON.
func fromFile(ctx context.Context, d *hostfile.Definition, f rehearseFlags) (rehearse.Scenario, error) {
	start, err := savedHost(f.from, d.Host.Name)
	if err != nil {
		return rehearse.Scenario{}, fmt.Errorf("-from %s: %w", f.from, err)
	}
	s := scenario(d, f.from, start, f)
	return s, renderStart(ctx, &s)
}

func savedHost(path, name string) (host.Host, error) {
	if strings.HasSuffix(path, ".hcl") {
		site, diags := hostfile.Load(path, hostfile.Options{Environ: os.Environ()})
		if diags.HasErrors() {
			return host.Host{}, diags.Err()
		}
		chosen, ok := site.Definition(name)
		if !ok {
			return host.Host{}, fmt.Errorf("it does not define the host %q", name)
		}
		return chosen.Host, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return host.Host{}, err
	}
	objects, guests, err := savedObjects(content)
	if err != nil {
		return host.Host{}, err
	}
	h, err := rehearse.HostOf(name, objects)
	plugIn(&h, guests)
	return h, err
}

// plugIn gives bridges the ports of the guests that are on them: a definition
// does not speak of them, and so what was read for it does not.
func plugIn(h *host.Host, guests []plan.Guest) {
	for _, g := range guests {
		i, ok := h.Interface(g.Bridge)
		if !ok || i.Bridge == nil || host.CheckName(g.Port) != nil || slices.Contains(i.Ports(), g.Port) {
			continue
		}
		i.Bridge.Ports = append(i.Bridge.Ports, host.BridgePort{Name: g.Port})
	}
}

// savedObjects finds the interfaces in JSON: a list of objects as backends read
// them, or the lines of `status -json`, of which the live ones count, with the
// guests that were known.
func savedObjects(content []byte) ([]plan.Object, []plan.Guest, error) {
	if t := bytes.TrimSpace(content); len(t) > 0 && t[0] == '[' {
		var out []plan.Object
		err := json.Unmarshal(t, &out)
		return out, nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, 256<<20)
	for lines.Scan() {
		var line struct {
			Status *struct {
				Live   []plan.Object `json:"live"`
				Guests []plan.Guest  `json:"guests"`
			} `json:"status"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, nil, fmt.Errorf("it is neither HCL nor JSON of linkspan: %w", err)
		}
		if line.Status != nil && len(line.Status.Live) > 0 {
			return line.Status.Live, line.Status.Guests, nil
		}
	}
	return nil, nil, errors.New("it has no interfaces: save `linkspan status -json` of a host with the netlink backend")
}
