package guest

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"linkspan/plugins/xend/tree"
)

// xenstore is a connection to Xen's store of what runs. Its messages have a
// header of four words in the machine's byte order, type, request, transaction
// and length, and a body (xen/include/public/io/xs_wire.h).
type xenstore struct {
	stream io.ReadWriteCloser
	broken bool
}

const (
	xsRead    = 2    // XS_READ
	xsPayload = 4096 // XENSTORE_PAYLOAD_MAX
	xsPatient = 2 * time.Second
)

// dialXenstore connects to the daemon's socket; a host without it has no names.
func dialXenstore(t tree.Tree) *xenstore {
	for _, name := range []string{"/run/xenstored/socket", "/var/run/xenstored/socket"} {
		path, err := t.Socket(name)
		if err != nil {
			continue
		}
		c, err := net.DialTimeout("unix", path, xsPatient)
		if err == nil {
			c.SetDeadline(time.Now().Add(xsPatient)) // a daemon that hangs costs names, not the plan
			return &xenstore{stream: c}
		}
	}
	return &xenstore{broken: true}
}

func (x *xenstore) close() {
	if x != nil && x.stream != nil {
		x.stream.Close()
	}
}

// read returns a node's value; "" when there is none.
func (x *xenstore) read(node string) string {
	if x.broken {
		return ""
	}
	value, err := x.ask(node)
	if err != nil {
		x.broken = true
		return ""
	}
	return value
}

func (x *xenstore) ask(node string) (string, error) {
	body := append([]byte(node), 0)
	request := make([]byte, 16, 16+len(body))
	binary.NativeEndian.PutUint32(request[0:], xsRead)
	binary.NativeEndian.PutUint32(request[12:], uint32(len(body)))
	if _, err := x.stream.Write(append(request, body...)); err != nil {
		return "", err
	}
	header := make([]byte, 16)
	if _, err := io.ReadFull(x.stream, header); err != nil {
		return "", err
	}
	n := binary.NativeEndian.Uint32(header[12:])
	if n > xsPayload {
		return "", os.ErrInvalid
	}
	answer := make([]byte, n)
	if _, err := io.ReadFull(x.stream, answer); err != nil {
		return "", err
	}
	if binary.NativeEndian.Uint32(header[0:]) != xsRead { // XS_ERROR: the domain is gone
		return "", nil
	}
	return strings.ToValidUTF8(string(answer), "?"), nil
}
