package rename

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// WhileUp reports whether the kernel renames a link that is up: since
// Linux 6.2 (net/core/dev.c, dev_change_name).
func WhileUp() bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	return isLiveRelease(unix.ByteSliceToString(u.Release[:]))
}

func isLiveRelease(release string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major > 6 || major == 6 && minor >= 2
}
