// Package lab lets a Go test run on the rehearsal kernel.
//
// A package with live tests has
//
//	func TestMain(m *testing.M) { lab.Main(m) }
//
// and each live test begins with
//
//	if !lab.Inside(t) {
//		return
//	}
//
// On the machine, Inside boots the kernel, runs the same test of the same test
// binary in it, and passes its result on. Inside the kernel it returns true,
// and the test goes on as root in a world of its own. Where there is no kernel
// to boot, namespaces of the running one do, if it has what networks need.
//
// Load, Disk and Mount are for tests that need more than a network.
package lab

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"linkspan/core/rehearse/uml"
)

// RequireLive is the environment variable that, when "1", turns a test that
// would be skipped for want of a kernel into one that fails.
const RequireLive = "LINKSPAN_REQUIRE_LIVE"

// Limit is how long one boot with its test may take.
const Limit = 3 * time.Minute

// Main runs the tests, on the machine or inside the kernel.
func Main(m *testing.M) {
	uml.Main(m.Run)
	os.Exit(m.Run())
}

// Inside reports whether the test runs in the kernel. Where it does not, the
// test has been run there already when Inside returns false, and has failed or
// been skipped as it did there.
func Inside(t *testing.T) bool {
	t.Helper()
	return InsideFor(t, Limit)
}

// InsideFor is Inside with a limit of its own.
func InsideFor(t *testing.T, limit time.Duration) bool {
	t.Helper()
	if uml.Inside() {
		return true
	}
	if testing.Short() {
		t.Skip("a live test boots a kernel: not with -short")
	}
	kernel, err := machine(t)
	if err != nil {
		Missing(t, err.Error())
	}
	code, out := boots(t, kernel, []string{"-test.run=" + exactly(t.Name()), "-test.v=true"}, limit)
	report(t, code, out)
	return false
}

// InsideBench is InsideFor of a benchmark, whose lines are printed as they
// come out of the kernel.
func InsideBench(b *testing.B, limit time.Duration) bool {
	b.Helper()
	if uml.Inside() {
		return true
	}
	kernel, err := machine(b)
	if err != nil {
		b.Skip("missing: " + err.Error())
	}
	args := []string{"-test.run=^$", "-test.bench=" + exactly(b.Name()), "-test.benchtime=" + flag.Lookup("test.benchtime").Value.String()}
	code, out := boots(b, kernel, args, limit)
	fmt.Print(out)
	if code != 0 {
		b.Fatalf("the benchmark failed in the rehearsal kernel (exit %d)", code)
	}
	return false
}

// boots runs the test binary in the kernel. A few boots in a hundred hang
// before they have said anything, when the machine is busy; a second one is
// enough.
func boots(t testing.TB, kernel runner, args []string, limit time.Duration) (int, string) {
	var out bytes.Buffer
	args = append(args, fmt.Sprintf("-test.timeout=%s", limit))
	boot := func() (int, error) {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		return kernel.Run(ctx, uml.Options{Args: append(args, passedOn()...), Env: ownEnvironment(), Memory: 1024, Stdout: &out})
	}
	code, err := boot()
	if err != nil && out.Len() == 0 {
		t.Logf("booting again: %v", err)
		code, err = boot()
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return code, out.String()
}

// runner is where tests run: a uml.Kernel or uml.Namespaces.
type runner interface {
	Run(context.Context, uml.Options) (int, error)
}

// machine finds the kernel, or namespaces of the running one where that has
// what networks need.
func machine(t testing.TB) (runner, error) {
	kernel, err := uml.Locate(os.Getenv("LINKSPAN_UML_PREFIX"))
	if err == nil {
		return kernel, nil
	}
	if n, other := uml.FindNamespaces(t.Context()); other == nil {
		return n, nil
	}
	return nil, err
}

// exactly is the -test.run pattern of one test.
func exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// passedOn are the test binary's own flags: all that are not Go's.
func passedOn() []string {
	var out []string
	flag.Visit(func(f *flag.Flag) {
		if !strings.HasPrefix(f.Name, "test.") {
			out = append(out, "-"+f.Name+"="+f.Value.String())
		}
	})
	return out
}

func ownEnvironment() []string {
	var out []string
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "LINKSPAN_") {
			out = append(out, kv)
		}
	}
	return out
}

func report(t *testing.T, code int, out string) {
	t.Helper()
	t.Log("in the rehearsal kernel:\n" + out)
	switch {
	case code != 0:
		t.Fatalf("the test failed in the rehearsal kernel (exit %d)", code)
	case strings.Contains(out, "--- SKIP: "+t.Name()+" "):
		t.Skip("skipped in the rehearsal kernel")
	case !strings.Contains(out, "--- PASS: "+t.Name()+" "):
		t.Fatal("the test did not run in the rehearsal kernel")
	}
}

// Missing skips the test and names what it lacks, or fails it where live tests
// are required (RequireLive).
func Missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv(RequireLive) == "1" {
		t.Fatalf("%s=1, and this is missing: %s", RequireLive, what)
	}
	t.Skip("missing: " + what)
}
