package rehearse

import (
	"fmt"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// namespace is a network namespace of the kernel beside the host's own, known
// to `ip netns` by its name.
type namespace struct {
	name string
	ns   netns.NsHandle
	*netlink.Handle
}

// newNamespace makes a namespace and sets sysctls in it, as KEY of net.*.
func newNamespace(name string, sysctls map[string]string) (*namespace, error) {
	n := &namespace{name: name}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		ns, err := netns.NewNamed(name)
		n.ns = ns
		for key, value := range sysctls {
			if err == nil {
				err = os.WriteFile("/proc/sys/net/"+key, []byte(value), 0o644)
			}
		}
		done <- err
	}()
	if err := <-done; err != nil {
		return nil, fmt.Errorf("make the namespace %q: %w", name, err)
	}
	h, err := netlink.NewHandleAt(n.ns, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("enter the namespace %q: %w", name, err)
	}
	n.Handle = h
	return n, n.up("lo")
}

func (n *namespace) up(names ...string) error {
	for _, name := range names {
		l, err := n.LinkByName(name)
		if err != nil {
			return fmt.Errorf("find %q: %w", name, err)
		}
		if err := n.LinkSetUp(l); err != nil {
			return fmt.Errorf("bring %q up: %w", name, err)
		}
	}
	return nil
}
