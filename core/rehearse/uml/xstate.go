package uml

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/cpu"
	"golang.org/x/sys/unix"
)

// needsLauncher reports whether the processor has more register state than a
// User-Mode Linux of Linux 6.1 has room for. Its buffer has 2696 bytes
// (sizeof struct _xstate); with AMX the state has 11008, and since Linux 5.18
// PTRACE_SETREGSET refuses any other length with EFAULT (arch/x86/kernel/fpu/
// regset.c, xstateregs_set), so that init dies at once.
func needsLauncher() bool { return cpu.X86.HasAMXTile }

// narrowEnvironment keeps programs inside off the registers that the kernel
// does not save between the threads of one program while the launcher is used.
func narrowEnvironment() []string {
	if !needsLauncher() {
		return nil
	}
	return []string{
		"GODEBUG=cpu.all=off",
		"GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-AVX2_Usable,-AVX512F_Usable,-XSAVE,-XSAVEC",
	}
}

// HandOn are the variables that a program inside must give to each program
// that it starts with an environment of its own, as KEY=VALUE. Outside of a
// rehearsal kernel there are none.
func HandOn() []string {
	if os.Getenv(environment) == "" {
		return nil
	}
	out := []string{environment + "=" + os.Getenv(environment)}
	for _, key := range []string{"GODEBUG", "GLIBC_TUNABLES"} {
		if v := os.Getenv(key); v != "" {
			out = append(out, key+"="+v)
		}
	}
	return out
}

// hideState gives this thread, and the kernel that it starts, a system call
// filter that makes it believe that the machine has no extended state: it then
// saves the 512 bytes of FXSAVE, whose length never changed. The filter answers
// EINVAL to ptrace(PTRACE_GETREGSET, …, NT_X86_XSTATE) and lets all else pass.
func hideState() error {
	const (
		auditArchX8664 = 0xc000003e // linux/audit.h AUDIT_ARCH_X86_64
		getRegSet      = 0x4204     // linux/ptrace.h PTRACE_GETREGSET
		noteXState     = 0x202      // linux/elf.h NT_X86_XSTATE
		refuse         = 0x00050000 | uint32(unix.EINVAL)
		allow          = 0x7fff0000
		load           = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal          = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		ret            = unix.BPF_RET | unix.BPF_K
	)
	filter := []unix.SockFilter{ // offsets are those of struct seccomp_data
		{Code: load, K: 4}, {Code: equal, K: auditArchX8664, Jf: 7},
		{Code: load, K: 0}, {Code: equal, K: unix.SYS_PTRACE, Jf: 5},
		{Code: load, K: 16}, {Code: equal, K: getRegSet, Jf: 3},
		{Code: load, K: 32}, {Code: equal, K: noteXState, Jf: 1},
		{Code: ret, K: refuse}, {Code: ret, K: allow},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return fmt.Errorf("filter system calls: %w", err)
	}
	return nil
}
