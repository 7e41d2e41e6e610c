package host

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Centiseconds is a time in hundredths of a second, the unit in which the
// kernel keeps a bridge's timers (USER_HZ; linux/if_link.h, IFLA_BR_*). The
// language and the ifcfg files of RHEL 4 to 7 say seconds.
type Centiseconds int

// Seconds gives the time as people write it: "15", "2.5".
func (c Centiseconds) Seconds() string {
	return strconv.FormatFloat(float64(c)/100, 'f', -1, 64)
}

// ParseSeconds reads a number of seconds with at most two decimals.
func ParseSeconds(s string) (Centiseconds, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1e6 {
		return 0, fmt.Errorf("%q is not a number of seconds between 0 and 1000000", s)
	}
	c := math.Round(f * 100)
	if math.Abs(c-f*100) > 1e-6 {
		return 0, fmt.Errorf("%q has more than two decimals of a second", s)
	}
	return Centiseconds(c), nil
}
