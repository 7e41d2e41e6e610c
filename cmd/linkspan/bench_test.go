package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linkspan/plugins/launch"
	"linkspan/plugins/trust"

	"linkspan/cmd/linkspan/internal/view"
)

// pairsDefinition is a bond with n VLANs, each with its bridge and address.
// The number lists are nested because HCL's range gives at most 1,024.
func pairsDefinition(n int) string {
	return fmt.Sprintf(`locals {
  ids = flatten([for a in range(0, ceil(%[1]d/1000)) : [for b in range(1, min(1000, %[1]d - a*1000) + 1) : a*1000 + b]])
}
host "big" {
  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = "active-backup"
    miimon = 100
  }
  vlan "v" {
    for_each = { for i in local.ids : "bond0.${i}" => i }
    name     = each.key
    parent   = "bond0"
    id       = each.value
  }
  bridge "b" {
    for_each  = { for i in local.ids : "xenbr${i}" => i }
    name      = each.key
    ports     = ["bond0.${each.value}"]
    addresses = ["10.${floor(each.value / 250)}.${each.value %% 250}.1/24"]
  }
  backend "ifcfg" {
    release = "rhel7"
  }
}
`, n)
}

// BenchmarkPlan plans and renders one host, from its definition's text to the
// plan's, with its plugins started for each: what `plan -root` costs beyond
// starting the program. Figures are in the README of this directory.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{2, 50, 500, 4000} {
		b.Run(fmt.Sprintf("pairs=%d", n), func(b *testing.B) {
			dir := b.TempDir()
			site := filepath.Join(dir, "site.hcl")
			if err := os.WriteFile(site, []byte(pairsDefinition(n)), 0o644); err != nil {
				b.Fatal(err)
			}
			null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			if err != nil {
				b.Fatal(err)
			}
			defer null.Close()
			b.ReportAllocs()
			for b.Loop() {
				a := &app{stdin: os.Stdin, stdout: null, stderr: os.Stderr, getenv: os.Getenv}
				a.flags.root, a.flags.host, a.flags.color = dir, "big", "never"
				if err := a.plan(context.Background(), site, planFlags{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRender renders a repository of hosts, each in a file of its own with
// some 60 or 100 blocks: for the first time, when all files are made, and again,
// when nothing differs. Figures are in hcl/README.md.
func BenchmarkRender(b *testing.B) {
	for _, size := range []struct{ hosts, pairs int }{{1, 29}, {100, 29}, {1000, 29}, {1000, 49}} {
		definitions := b.TempDir()
		for n := range size.hosts {
			path := filepath.Join(definitions, fmt.Sprintf("h%d.hcl", n))
			if err := os.WriteFile(path, []byte(hostOfPairs(n, size.pairs)), 0o644); err != nil {
				b.Fatal(err)
			}
		}
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			b.Fatal(err)
		}
		defer null.Close()
		render := func(b *testing.B, out string) {
			a := &app{stdin: os.Stdin, stdout: null, stderr: os.Stderr, getenv: os.Getenv}
			a.flags.color = "never"
			if err := a.render(context.Background(), definitions, renderFlags{out: out}); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprintf("first/hosts=%d/files=%d", size.hosts, size.hosts*(2*size.pairs+3)), func(b *testing.B) {
			for b.Loop() {
				render(b, filepath.Join(b.TempDir(), "out"))
			}
		})
		b.Run(fmt.Sprintf("again/hosts=%d/files=%d", size.hosts, size.hosts*(2*size.pairs+3)), func(b *testing.B) {
			out := filepath.Join(b.TempDir(), "out")
			render(b, out)
			for b.Loop() {
				render(b, out)
			}
		})
	}
}

// hostOfPairs is a host of two cards, a bond, and n VLANs each with its bridge.
func hostOfPairs(number, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "host \"h%d\" {\n  bond \"bond0\" {\n    ports  = [\"eth0\", \"eth1\"]\n    mode   = \"active-backup\"\n    miimon = 100\n  }\n", number)
	for v := 2; v < n+2; v++ {
		fmt.Fprintf(&b, "  vlan \"bond0.%d\" {\n    parent = \"bond0\"\n    id     = %d\n  }\n", v, v)
		fmt.Fprintf(&b, "  bridge \"xenbr%d\" {\n    ports     = [\"bond0.%d\"]\n    addresses = [\"10.%d.%d.%d/16\"]\n  }\n", v, v, v, number/250, 1+number%250)
	}
	b.WriteString("  backend \"ifcfg\" { release = \"rhel6\" }\n}\n")
	return b.String()
}

// BenchmarkOpen starts built-in backends, all at once, asks each what it is, and
// ends them: "first-ms" is from the start to the last first answer, the least of
// all runs. Figures are in plugins/README.md.
func BenchmarkOpen(b *testing.B) {
	for _, names := range [][]string{{"ifcfg"}, {"ifcfg", "netlink", "xend"}} {
		b.Run(strings.Join(names, "+"), func(b *testing.B) {
			var specs []trust.Spec
			for _, name := range names {
				specs = append(specs, trust.Builtin(name))
			}
			least := time.Hour
			for b.Loop() {
				begin := time.Now()
				set, err := launch.Open(b.Context(), specs, launch.Options{})
				if err != nil {
					b.Fatal(err)
				}
				least = min(least, time.Since(begin))
				set.Close()
			}
			b.ReportMetric(float64(least.Microseconds())/1000, "first-ms")
		})
	}
}

// BenchmarkApply applies one host to an empty tree, durably, with its plugins
// started for each, and plans it again, which has nothing to do. Figures are in
// the README of core/engine.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{2, 50, 500, 4000} {
		b.Run(fmt.Sprintf("pairs=%d", n), func(b *testing.B) { benchmarkApply(b, n) })
	}
}

func benchmarkApply(b *testing.B, n int) {
	dir := b.TempDir()
	site := filepath.Join(dir, "site.hcl")
	if err := os.WriteFile(site, []byte(pairsDefinition(n)), 0o644); err != nil {
		b.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		// A tree of its own for each, and none removed: for a minute and more ext4 looks
		// past each inode that was removed (recently_deleted, fs/ext4/ialloc.c).
		root := filepath.Join(dir, fmt.Sprint("root", n))
		if err := os.Mkdir(root, 0o755); err != nil {
			b.Fatal(err)
		}
		a := &app{stdin: os.Stdin, stdout: null, stderr: null, getenv: os.Getenv}
		a.flags.root, a.flags.host, a.flags.color = root, "big", "never"
		if err := a.apply(context.Background(), site, applyFlags{autoApprove: true, PlanOptions: view.PlanOptions{Summary: true}}); err != nil {
			b.Fatal(err)
		}
	}
}
