package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
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
