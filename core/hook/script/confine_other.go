//go:build !amd64

package script

// deniedHere are the older system calls that only one processor has.
var deniedHere []uint32
