package guest

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linkspan/plugins/xend/tree"
)

// serveXenstore is a daemon that knows these nodes, and answers as xenstored
// does (xs_wire.h): XS_READ with the value, XS_ERROR with the error's name.
func serveXenstore(t *testing.T, dir string, nodes map[string]string) {
	t.Helper()
	serve(t, dir, func(c net.Conn) {
		for {
			header := make([]byte, 16)
			if _, err := io.ReadFull(c, header); err != nil {
				return
			}
			body := make([]byte, binary.NativeEndian.Uint32(header[12:]))
			if _, err := io.ReadFull(c, body); err != nil || binary.NativeEndian.Uint32(header) != xsRead {
				return
			}
			value, ok := nodes[strings.TrimSuffix(string(body), "\x00")]
			if !ok {
				binary.NativeEndian.PutUint32(header, 16)
				value = "ENOENT\x00"
			}
			binary.NativeEndian.PutUint32(header[12:], uint32(len(value)))
			if _, err := c.Write(append(header, value...)); err != nil {
				return
			}
		}
	})
}

// serve listens where xenstored does.
func serve(t *testing.T, dir string, handle func(net.Conn)) {
	t.Helper()
	name := filepath.Join(dir, "run/xenstored/socket")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", name)
	if err != nil {
		t.Skipf("no socket below %s: %v", dir, err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
}

// TestXenstoreThatMisbehaves costs names, never the plan.
func TestXenstoreThatMisbehaves(t *testing.T) {
	for name, handle := range map[string]func(net.Conn){
		"hangs up":    func(net.Conn) {},
		"is brief":    func(c net.Conn) { c.Write([]byte{2, 0}) },
		"is too long": func(c net.Conn) { c.Write([]byte("\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			serve(t, dir, handle)
			x := dialXenstore(tree.At(dir))
			defer x.close()
			for range 2 {
				if got := x.read("/local/domain/3/name"); got != "" {
					t.Errorf("it told %q", got)
				}
			}
		})
	}
}
