package wire

import (
	"time"

	"github.com/hashicorp/go-plugin"
)

// ProtocolVersion is the protocol's major number. The program speaks it and,
// from 2 on, the one before; so does a plugin that is built with this module.
const ProtocolVersion = 1

// Versions are the protocol versions that a program or plugin of the given
// newest one speaks, in ascending order.
func Versions(newest int) []int {
	if newest == 1 {
		return []int{1}
	}
	return []int{newest - 1, newest}
}

// MaxMessage bounds one message in bytes, in both directions: 100,000 objects of
// a kilobyte each take less than half, and a plugin that sends more is broken.
const MaxMessage = 256 << 20

// Handshake keeps a plugin that is started by hand from waiting for ever.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{ProtocolVersion: ProtocolVersion, MagicCookieKey: "LINKSPAN_PLUGIN", MagicCookieValue: "started-by-linkspan"}
}

// Service is the name of the backend service among a plugin's services.
const Service = "backend"

// ServeArgument is the word after the program's name that makes it a built-in
// backend.
const ServeArgument = "plugin-serve"

// AliveVariable names the descriptor of a pipe whose other end the program
// holds: its end says that the program has died, however it died.
const AliveVariable = "LINKSPAN_PLUGIN_ALIVE_FD"

// SocketDir is what the name of the program's directory of sockets begins with.
const SocketDir = "linkspan-"

// AliveFD is the descriptor that AliveVariable names.
const AliveFD = 3

// FinishTime is how long a plugin may take to finish the operation in hand
// when the program wants it to end.
const FinishTime = 30 * time.Second
