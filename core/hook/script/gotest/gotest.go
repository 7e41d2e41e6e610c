// Package gotest is what interpreted tests get as package testing: its type T,
// with the methods that tests of scripts use.
package gotest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
)

// T is testing.T as far as it goes. A test runs in a goroutine of its own, so
// that FailNow can end it.
type T struct {
	name    string
	result  *Result
	ctx     context.Context
	failed  bool
	cleanup []func()
}

// Result is how a test ended.
type Result struct {
	Name    string   `json:"name"` // of a sub-test with its parent's: "TestRun/empty"
	Failed  bool     `json:"failed"`
	Skipped bool     `json:"skipped"`
	Lines   []string `json:"lines"` // what it and its sub-tests logged
}

// Run runs a test.
func Run(ctx context.Context, name string, test func(*T)) Result {
	r := Result{Name: name}
	t := &T{name: name, result: &r, ctx: ctx}
	t.run(test)
	return r
}

func (t *T) run(test func(*T)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(t.cleanup) - 1; i >= 0; i-- {
				t.cleanup[i]()
			}
		}()
		defer func() {
			if v := recover(); v != nil {
				t.Errorf("panic: %v", v)
			}
		}()
		test(t)
	}()
	<-done
}

// Run runs a sub-test and reports whether it held.
func (t *T) Run(name string, test func(*T)) bool {
	sub := &T{name: t.name + "/" + strings.ReplaceAll(name, " ", "_"), result: t.result, ctx: t.ctx}
	sub.run(test)
	t.failed = t.failed || sub.failed
	return !sub.failed
}

// Name is the test's name.
func (t *T) Name() string { return t.name }

// Context ends when the test's time is over.
func (t *T) Context() context.Context { return t.ctx }

// Helper does nothing: lines are not told.
func (t *T) Helper() {}

// Cleanup calls f when the test ends.
func (t *T) Cleanup(f func()) { t.cleanup = append(t.cleanup, f) }

// Log notes a line.
func (t *T) Log(args ...any) { t.note(fmt.Sprintln(args...)) }

// Logf notes a line.
func (t *T) Logf(format string, args ...any) { t.note(fmt.Sprintf(format, args...)) }

func (t *T) note(text string) {
	t.result.Lines = append(t.result.Lines, t.name+": "+strings.TrimRight(text, "\n"))
}

// Fail marks the test as failed.
func (t *T) Fail() { t.failed, t.result.Failed = true, true }

// Failed reports whether it has failed.
func (t *T) Failed() bool { return t.failed }

// FailNow marks the test as failed and ends it.
func (t *T) FailNow() {
	t.Fail()
	runtime.Goexit()
}

// Error notes a line and marks the test as failed.
func (t *T) Error(args ...any) {
	t.Log(args...)
	t.Fail()
}

// Errorf notes a line and marks the test as failed.
func (t *T) Errorf(format string, args ...any) {
	t.Logf(format, args...)
	t.Fail()
}

// Fatal notes a line and ends the test as failed.
func (t *T) Fatal(args ...any) {
	t.Log(args...)
	t.FailNow()
}

// Fatalf notes a line and ends the test as failed.
func (t *T) Fatalf(format string, args ...any) {
	t.Logf(format, args...)
	t.FailNow()
}

// Skip notes a line and ends the test.
func (t *T) Skip(args ...any) {
	t.Log(args...)
	t.SkipNow()
}

// Skipf notes a line and ends the test.
func (t *T) Skipf(format string, args ...any) {
	t.Logf(format, args...)
	t.SkipNow()
}

// SkipNow ends the test.
func (t *T) SkipNow() {
	t.result.Skipped = true
	runtime.Goexit()
}
