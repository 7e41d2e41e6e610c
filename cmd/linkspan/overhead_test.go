package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linkspan/core/engine"
	"linkspan/core/engine/fault"
	"linkspan/core/plan"
)

// BenchmarkOverhead tells what the engine adds to writing a host's files, from the
// answer "yes" to the end: reading again, the journal, the guard, keeping the old
// files, making it durable, reading what was made. "naive-ms" is the same files
// written beside their places and renamed, with nothing made durable; "adds-ms" is
// what an apply takes more; all are medians. Planning and starting plugins are not
// in it. The scenario has two pairs. Figures are in the README of core/engine.
func BenchmarkOverhead(b *testing.B) {
	for _, n := range []int{2, 50, 500} {
		b.Run(fmt.Sprintf("pairs=%d", n), func(b *testing.B) {
			dir := b.TempDir()
			site := filepath.Join(dir, "site.hcl")
			if err := os.WriteFile(site, []byte(pairsDefinition(n)), 0o644); err != nil {
				b.Fatal(err)
			}
			a := &app{stdin: os.Stdin, stdout: os.Stderr, stderr: os.Stderr, getenv: os.Getenv}
			a.flags.root, a.flags.host = dir, "big"
			s, err := a.openSession(b.Context(), site)
			if err != nil {
				b.Fatal(err)
			}
			defer s.close()
			var applies, naive []float64
			for b.Loop() {
				p := applied(b, s.request, filepath.Join(dir, fmt.Sprint("root", len(applies))), &applies)
				naive = append(naive, written(b, filepath.Join(dir, fmt.Sprint("naive", len(naive))), p.FileChanges()))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(applies), "apply-ms")
			b.ReportMetric(median(naive), "naive-ms")
			b.ReportMetric(median(applies)-median(naive), "adds-ms")
			b.ReportMetric(float64(flushes(b, site, dir)), "flushes")
		})
	}
}

func median(values []float64) float64 { return slices.Sorted(slices.Values(values))[len(values)/2] }

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

// applied plans and applies a host to a new root, with a guard, and notes how long
// the apply has taken.
func applied(b *testing.B, r engine.Request, root string, took *[]float64) *plan.Plan {
	r.Root, r.StateDir = root, filepath.Join(root, "var/lib/linkspan")
	if err := os.MkdirAll(r.StateDir, 0o755); err != nil {
		b.Fatal(err)
	}
	p, diags, err := engine.Plan(b.Context(), r)
	if err != nil || diags.HasErrors() {
		b.Fatal(err, diags)
	}
	begin := time.Now()
	if _, err := engine.Apply(b.Context(), r, p, engine.ApplyOptions{Guard: hostGuard{stateDir: r.StateDir, root: root}, JustPlanned: true}); err != nil {
		b.Fatal(err)
	}
	*took = append(*took, milliseconds(begin))
	return p
}

// written writes the files of a plan below a new root in the usual way, and returns
// how long that took.
func written(b *testing.B, root string, changes []plan.FileChange) float64 {
	begin := time.Now()
	for _, c := range changes {
		to := filepath.Join(root, c.Path)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(to+".new", c.After.Content, 0o644); err != nil {
			b.Fatal(err)
		}
		if err := os.Rename(to+".new", to); err != nil {
			b.Fatal(err)
		}
	}
	return milliseconds(begin)
}

// flushes counts those of an apply of the program to a new root.
func flushes(b *testing.B, site, dir string) (n int) {
	root := filepath.Join(dir, "counted")
	if err := os.Mkdir(root, 0o755); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), hung)
	defer cancel()
	c := exec.Command("linkspan", "apply", "-auto-approve", "-root", root, site)
	c.Env = append(os.Environ(), "HOME="+dir, "XDG_RUNTIME_DIR="+dir)
	err := fault.Run(ctx, c, fault.Changing(), func(call fault.Call) fault.Verdict {
		if call.Name == "syncfs" || call.Name == "fsync" && strings.HasPrefix(call.Target(), root) {
			n++
		}
		return fault.Verdict{}
	})
	if err != nil || n == 0 {
		b.Fatal(n, err)
	}
	return n
}
