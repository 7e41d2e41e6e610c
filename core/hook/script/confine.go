package script

import (
	"errors"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// confine takes from the process, for good, the system calls by which a fault
// of the interpreter could let a script act on the host: to start programs, to
// open sockets, to change files, to touch other processes. They fail with
// EPERM. A kernel without filters (before Linux 3.17, or built without) leaves
// the user and the limits.
func confine() error {
	arch, known := auditArch[runtime.GOARCH]
	if !known {
		return nil
	}
	filter := program(arch)
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	// TSYNC: all threads of the process (seccomp(2)).
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno == 0 || errors.Is(errno, unix.ENOSYS) || errors.Is(errno, unix.EINVAL) {
		return nil
	}
	return errno
}

// auditArch are the numbers in linux/audit.h by GOARCH.
var auditArch = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// denied are the system calls that are taken away, those of every processor.
var denied = []uint32{
	unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_KILL, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV,
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_SENDTO,
	unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_MKDIRAT, unix.SYS_MKNODAT, unix.SYS_LINKAT, unix.SYS_SYMLINKAT,
	unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT, unix.SYS_TRUNCATE, unix.SYS_FTRUNCATE, unix.SYS_UTIMENSAT,
	unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_REMOVEXATTR, unix.SYS_OPENAT2,
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_BPF,
	unix.SYS_PERF_EVENT_OPEN, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT,
	unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETRESUID, unix.SYS_SETRESGID, unix.SYS_CAPSET, unix.SYS_IO_URING_SETUP,
}

// Offsets in struct seccomp_data (linux/seccomp.h); arguments are 64 bits, of
// which the lower half is looked at (both processors are little-endian).
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArg0   = 16
	offsetArg2   = 32
)

// x32 is the bit of the x32 calls of amd64 (asm/unistd.h), which no Go program
// makes.
const x32 = 0x40000000

// program is the filter: a wrong architecture and the denied calls fail;
// threads can be made but no processes; files can be opened for reading only.
func program(arch uint32) []unix.SockFilter {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	ret := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	equal := func(k uint32, then, otherwise uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: then, Jf: otherwise}
	}
	anyBit := func(k uint32, then, otherwise uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: k, Jt: then, Jf: otherwise}
	}
	refuse, absent, allow := ret(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)), ret(unix.SECCOMP_RET_ERRNO|uint32(unix.ENOSYS)), ret(unix.SECCOMP_RET_ALLOW)
	out := []unix.SockFilter{load(offsetArch), equal(arch, 1, 0), refuse, load(offsetNumber), anyBit(x32, 0, 1), refuse}
	for _, n := range slices.Concat(denied, deniedHere) {
		out = append(out, equal(n, 0, 1), refuse)
	}
	out = append(out,
		// The Go runtime makes threads by clone; it does not need clone3.
		equal(unix.SYS_CLONE3, 0, 1), absent,
		equal(unix.SYS_CLONE, 0, 4), load(offsetArg0), anyBit(unix.CLONE_THREAD, 0, 1), allow, refuse,
		equal(unix.SYS_OPENAT, 0, 4), load(offsetArg2), anyBit(unix.O_WRONLY|unix.O_RDWR|unix.O_CREAT|unix.O_TRUNC, 0, 1), refuse, allow,
		allow)
	return out
}
