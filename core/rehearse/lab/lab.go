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
// and the test goes on as root in a world of its own.
package lab

import (
	"bytes"
	"context"
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
	kernel, err := uml.Find(os.Getenv("LINKSPAN_UML_PREFIX"))
	if err != nil {
		Missing(t, err.Error())
	}
	var out bytes.Buffer
	code, err := boot(t, kernel, limit, &out)
	if err != nil && out.Len() == 0 {
		// A few boots in a hundred hang before they have said anything, when
		// the machine is busy; a second one is enough.
		t.Logf("booting again: %v", err)
		code, err = boot(t, kernel, limit, &out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	report(t, code, out.String())
	return false
}

func boot(t *testing.T, kernel uml.Kernel, limit time.Duration, out *bytes.Buffer) (int, error) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	args := []string{"-test.run=" + exactly(t.Name()), "-test.v=true", fmt.Sprintf("-test.timeout=%s", limit)}
	return kernel.Run(ctx, uml.Options{Args: append(args, passedOn()...), Env: ownEnvironment(), Stdout: out})
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
	for _, a := range os.Args[1:] {
		if !strings.HasPrefix(strings.TrimLeft(a, "-"), "test.") {
			out = append(out, a)
		}
	}
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
