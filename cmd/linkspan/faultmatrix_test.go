package main

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"linkspan/core/engine/fault"
)

// TestFaultMatrix is the matrix of faults, one row a test: what may go wrong, and
// that the host has the old configuration or the new one afterwards. Each row
// counts its faults. The rows about hooks and the kernel are here as well, so that
// all are seen in one place; TestFaults tries the first ones at every call.
func TestFaultMatrix(t *testing.T) {
	rows := []struct {
		name string
		test func(*testing.T)
	}{
		{"row01_program_killed", rowProgramKilled},
		{"row02_plugin_killed", rowPluginKilled},
		{"row03_plugin_hangs", rowPluginHangs},
		{"row04_plugin_says_nonsense", rowPluginNonsense},
		{"row05_orphans", rowOrphans},
		{"row06_no_space", rowNoSpace},
		{"row07_input_output_error", rowInputOutput},
		{"row08_read_only", rowReadOnly},
		{"row09_several_at_once", rowSeveral},
		{"row10_edit_by_hand", rowHandEdit},
		{"row11_hook_crashes", rowHookCrashes},
		{"row12_hook_hangs", rowHookHangs},
		{"row13_hook_floods", rowHookFloods},
		{"row14_clock_jumps", rowClock},
		{"row15_power_cut", rowPowerCut},
		{"row16_terminal_gone", rowTerminalGone},
		{"row17_interrupted", rowInterrupted},
		{"row18_reboot_while_pending", rowReboot},
		{"row19_no_memory_no_descriptors", rowLimits},
		{"row20_kernel_refuses", rowKernelRefuses},
		{"row21_write_that_lies", rowLyingWrite},
		{"row22_journal_tampered", rowTampered},
		{"row23_recover_killed_twice", rowRecoverKilled},
	}
	for _, r := range rows {
		t.Run(r.name, r.test)
	}
}

// share is a row's part of the faults that are wanted; 0 is all.
func share() int {
	if *faultsWanted == 0 {
		return 0
	}
	return max(1, *faultsWanted/8)
}

// tryThese tries a sample of those faults of the scenario that are chosen.
func tryThese(t *testing.T, n int, chosen func(planned) bool) {
	t.Helper()
	var all []planned
	scenes := scenarioScenes(t)
	for i := range scenes {
		all = append(all, faultsOf(t, &scenes[i])...)
	}
	all = slices.DeleteFunc(all, func(p planned) bool { return !chosen(p) })
	if len(all) == 0 {
		t.Fatal("there is no such fault")
	}
	t.Logf("%s", tryAll(t, sample(all, n)))
}

func rowProgramKilled(t *testing.T) {
	tryThese(t, share(), func(p planned) bool { return p.kind == "kill" && p.role == "program" })
}

func rowPluginKilled(t *testing.T) {
	tryThese(t, share(), func(p planned) bool { return p.kind == "kill" && strings.HasPrefix(p.role, "plugin ") })
}

// errorsAt lets every call of the program fail with errors that are not among
// those of TestFaults, and with those that are.
func errorsAt(t *testing.T, calls []string, errs ...syscall.Errno) {
	t.Helper()
	var c tally
	scenes := scenarioScenes(t)
	for i := range scenes {
		s := &scenes[i]
		n := s.count(t, calls)
		for k := 1; k <= n; k += stride(n*len(errs)*len(scenes), share()) {
			for _, errno := range errs {
				dir := s.copy(t)
				out := watching{dir, calls, at("program", k, fault.Verdict{Errno: errno})}.linkspan(t, s.args...)
				c.tried.Add(1)
				if err := s.judge(t, dir, out, &c); err != nil {
					t.Errorf("%s: %v at call %d: %v", s.name, errno, k, err)
				}
			}
		}
	}
	t.Logf("%s", &c)
}

// stride is the step that makes about wanted of all; 1 when all are wanted.
func stride(all, wanted int) int {
	if wanted == 0 || wanted >= all {
		return 1
	}
	return all / wanted
}

// at gives one verdict on the first call of a role from that number on that can
// have it.
func at(role string, number int, v fault.Verdict) func(fault.Call) fault.Verdict {
	made := false
	return func(c fault.Call) fault.Verdict {
		if made || c.Role != role || c.Number < number || !onDisk(c) {
			return fault.Verdict{}
		}
		made = true
		return v
	}
}

// rowLyingWrite: a write that says that it was done, and was not.
func rowLyingWrite(t *testing.T) {
	var c tally
	scenes := scenarioScenes(t)
	lies := 0
	for i := range scenes {
		s := &scenes[i]
		for k := 1; ; k++ {
			dir := s.copy(t)
			seen := 0
			out := linkspan(t, dir, func(call fault.Call) fault.Verdict {
				if call.Name != "write" || !strings.Contains(call.Target(), ".linkspan-") {
					return fault.Verdict{}
				}
				seen++
				return fault.Verdict{Lie: seen == k}
			}, s.args...)
			if !out.fired {
				break
			}
			lies++
			if err := s.judge(t, dir, out, &c); err != nil {
				t.Errorf("%s: the write %d lies: %v", s.name, k, err)
			}
		}
	}
	if lies < 14 {
		t.Errorf("only %d writes lied", lies)
	}
	t.Logf("%d writes lied", lies)
}

// rowRecoverKilled kills a recover, and the recover after it, at each of their
// calls; the third one must do.
func rowRecoverKilled(t *testing.T) {
	scenes := scenarioScenes(t)
	s := &scenes[len(scenes)-1]
	n := s.count(t, fault.Changing())
	tried := 0
	for first := 1; first <= n; first += stride(n*n, share()) {
		for second := 1; second <= n; second += max(1, stride(n*n, share())/2) {
			dir := s.copy(t)
			for _, k := range []int{first, second} {
				linkspan(t, dir, at("program", k, fault.Verdict{Kill: true}), s.args...)
			}
			must(t, dir, s.args...)
			if at := hostState(t, dir); at != s.old || leftover(t, dir) != "" {
				t.Errorf("killed at %d, then at %d, it is not as before:\n%s%s", first, second, difference(at, s.old), leftover(t, dir))
			}
			tried++
		}
	}
	t.Logf("%d pairs of kills", tried)
}

// rowOrphans: when the program has died, its plugins have as well.
func rowOrphans(t *testing.T) {
	tryThese(t, share(), func(p planned) bool {
		return p.kind == "kill" && p.role == "program" && !p.scene.alone && p.scene.name == "apply"
	})
}
