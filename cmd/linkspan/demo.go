package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/rehearse/uml"
	"linkspan/examples"
)

func (a *app) demoCommand() *cobra.Command {
	live, fetch := false, false
	c := &cobra.Command{
		Use:   "demo",
		Short: "The whole story in a second, on a throw-away copy of a host's files; touches nothing",
		Long: `Lays out a copy of a host's files in a temporary directory and does to it what
linkspan does to a host: the topology, the plan, the apply, a second plan.

With -live it is done to a kernel, and what it costs is measured: in namespaces
of this machine's kernel where that has bonding and VLANs and lets you have them,
else on User-Mode Linux, a kernel that runs as an ordinary process.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if live {
				return a.demoLive(c.Context(), fetch)
			}
			if fetch {
				return usage(errors.New("-fetch is for -live"))
			}
			return a.demo(c.Context())
		},
	}
	c.Flags().BoolVar(&live, "live", false, "do it to a kernel")
	c.Flags().BoolVar(&fetch, "fetch", false, "with -live: fetch the kernel with apt-get into the cache if it is not there")
	return c
}

const demoSite = "site.hcl"

// beginDemo lays the demo's host out and shows its topology.
func (a *app) beginDemo(ctx context.Context) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "linkspan-demo-"); err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	if err := layOut(dir); err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	if err := os.Chdir(dir); err != nil { // so that places read "site.hcl:17"
		return "", fmt.Errorf("demo: %w", err)
	}
	a.flags.root, a.flags.host = "host", "dom0-01"
	a.tell("1. A host whose VLANs carry the addresses, and its definition\n",
		"   In "+dir+" are host/, a copy of such a host's files, site.hcl, and hooks/report.go.\n")
	return dir, a.graph(ctx, demoSite, graphFlags{format: "tree"})
}

// demoLive carries the definition out on a kernel whose network is made as the
// files say, and rolls it back.
func (a *app) demoLive(ctx context.Context, fetch bool) error {
	f := rehearseFlags{runs: 1, undo: true, verbose: true, fetch: fetch}
	if n, err := uml.FindNamespaces(ctx); err == nil {
		f.on = n
	} else if err := f.findMachine(ctx, a.getenv); err != nil {
		return err
	}
	dir, err := a.beginDemo(ctx)
	if err != nil {
		return err
	}
	a.tell("\n2. The host's network made on a kernel, with a switch, a gateway that asks the\n",
		"   addresses every 2 ms, the definition carried out, and rolled back:\n",
		"   linkspan rehearse -root host -verbose site.hcl\n")
	if err := a.rehearse(ctx, demoSite, f); err != nil {
		return err
	}
	a.tell("\nGo on from here:\n\n",
		fmt.Sprintf("   cd %s\n", dir),
		"   linkspan rehearse -root host -shell site.hcl   a shell on that host, after the change\n",
		"   linkspan rehearse -start all site.hcl          from every network that hosts come from\n",
		"   linkspan rehearse DIR                          this machine, with a definition of yours\n",
		"\nNothing of this machine was touched; the throw-away copy is yours to remove.")
	return nil
}

// demo lays out a host as the starting scenario finds it, plans, shows the
// topology, applies, and plans again.
func (a *app) demo(ctx context.Context) error {
	dir, err := a.beginDemo(ctx)
	if err != nil {
		return err
	}
	const site = demoSite
	a.tell("\n2. The plan: linkspan plan -root host -diff site.hcl\n")
	if err := a.plan(ctx, site, planFlags{PlanOptions: view.PlanOptions{Diff: true}}); err != nil {
		return err
	}
	a.tell("\n3. Carried out: linkspan apply -root host site.hcl\n")
	if err := a.apply(ctx, site, applyFlags{autoApprove: true, brief: true}); err != nil {
		return err
	}
	a.tell("\n4. The second plan is empty: no write, no restart\n")
	if err := a.plan(ctx, site, planFlags{}); err != nil {
		return err
	}
	a.tell("\nGo on from here:\n\n",
		fmt.Sprintf("   cd %s\n", dir),
		"   cat host/etc/sysconfig/network-scripts/ifcfg-xenbr0   what was written\n",
		"   edit site.hcl, then linkspan plan -root host site.hcl\n",
		"   linkspan validate                                     in a folder with definitions of your own\n",
		"\nThe throw-away copy is yours to remove.")
	return nil
}

func (a *app) tell(parts ...string) {
	if a.text() {
		fmt.Fprintln(a.stdout, strings.Join(parts, ""))
	}
}

// layOut copies the example's definition and the host's files before into dir.
func layOut(dir string) error {
	const example = "xen-bond-vlan"
	before, err := fs.Sub(examples.XenBondVLAN, example+"/before")
	if err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(dir, "host"), before); err != nil {
		return err
	}
	site, err := examples.XenBondVLAN.ReadFile(example + "/site.hcl")
	if err != nil {
		return err
	}
	told := strings.Replace(string(site), demoBackend, demoBackend+demoHook, 1)
	return errors.Join(os.WriteFile(filepath.Join(dir, "site.hcl"), []byte(told), 0o644),
		os.Mkdir(filepath.Join(dir, "hooks"), 0o755), os.WriteFile(filepath.Join(dir, "hooks", "report.go"), examples.ReportHook, 0o644))
}

// demoBackend is the line of the example after which the demo adds its hook.
const demoBackend = "  backend \"xend\" {}\n"

const demoHook = `
  hook "report" {
    on     = ["post_apply"]
    script = "hooks/report.go"
  }
`
