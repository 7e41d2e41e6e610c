package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/examples"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "The whole story in a second, on a throw-away copy of a host's files; touches nothing",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.demo(c.Context()) },
	}
}

// demo lays out a host as the starting scenario finds it, plans, shows the
// topology, applies, and plans again.
func (a *app) demo(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "linkspan-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := layOut(dir); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	site := filepath.Join(dir, "site.hcl")
	a.flags.root, a.flags.host = filepath.Join(dir, "host"), "dom0-01"

	a.tell("1. A host whose VLANs carry the addresses, and its definition\n",
		"   The host's files are in "+a.flags.root+", the definition is "+site+".\n")
	if err := a.graph(site); err != nil {
		return err
	}
	a.tell("\n2. The plan: linkspan plan -root DIR site.hcl\n")
	if err := a.plan(ctx, site, planFlags{PlanOptions: view.PlanOptions{Diff: true}}); err != nil {
		return err
	}
	a.tell("\n3. Carried out: linkspan apply -root DIR site.hcl\n")
	if err := a.apply(ctx, site, applyFlags{autoApprove: true, brief: true}); err != nil {
		return err
	}
	a.tell("\n4. The second plan is empty: no write, no restart\n")
	if err := a.plan(ctx, site, planFlags{}); err != nil {
		return err
	}
	a.tell("\nLook at what was written, and go on from here:\n\n",
		fmt.Sprintf("   ls -l %s/etc/sysconfig/network-scripts\n", a.flags.root),
		fmt.Sprintf("   edit %s, then linkspan plan -root %s %s\n", site, a.flags.root, site),
		"   linkspan validate, in a folder with definitions of your own\n",
		fmt.Sprintf("\nThe throw-away copy is %s; remove it when you are done.\n", dir))
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
	return os.WriteFile(filepath.Join(dir, "site.hcl"), site, 0o644)
}
