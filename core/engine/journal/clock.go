package journal

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// DeadlineIn is the deadline a while from now.
func DeadlineIn(d time.Duration) (Deadline, error) {
	boot, err := BootID()
	if err != nil {
		return Deadline{}, err
	}
	now, err := sinceBoot()
	if err != nil {
		return Deadline{}, err
	}
	return Deadline{Boot: boot, At: now + min(d, math.MaxInt64-now), For: d}, nil
}

// Left is how long it is to the deadline; 0 when it has passed, or when the
// host has rebooted since.
func (d Deadline) Left() (time.Duration, error) {
	boot, err := BootID()
	if err != nil {
		return 0, err
	}
	if boot != d.Boot {
		return 0, nil
	}
	now, err := sinceBoot()
	return max(0, d.At-now), err
}

// BootID is another one after each boot (random(4)).
func BootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("boot id: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// sinceBoot is CLOCK_BOOTTIME: it runs on in suspend, and nobody can set it
// (clock_gettime(2)).
func sinceBoot() (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0, fmt.Errorf("clock: %w", err)
	}
	return time.Duration(ts.Nano()), nil
}
