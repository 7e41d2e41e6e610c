package host

// defaultMTU is what a card has when nobody says otherwise (ETH_DATA_LEN,
// linux/if_ether.h).
const defaultMTU = 1500

// MTUs tells what MTUs the interfaces of one host will have. It remembers what
// it has found, so the host must not be changed while it is used.
type MTUs struct {
	find  func(name string) *Interface // nil when there is none
	known map[*Interface]mtuFrom
}

// mtuFrom is an MTU and the interface that decides it.
type mtuFrom struct {
	bytes int
	from  *Interface
}

// MTUs makes a table of the host's MTUs.
func (h *Host) MTUs() *MTUs {
	find := func(name string) *Interface {
		i, _ := h.Interface(name)
		return i
	}
	return &MTUs{find: find, known: make(map[*Interface]mtuFrom)}
}

// Of returns the MTU that an interface will have, and the interface that
// decides it: its own, else the least of what is below it, else 1500.
func (m *MTUs) Of(i *Interface) (int, *Interface) {
	if i.MTU != nil {
		return *i.MTU, i
	}
	if known, ok := m.known[i]; ok {
		return known.bytes, known.from
	}
	least := mtuFrom{defaultMTU, i}
	m.known[i] = least // until it is known, so that a circle ends
	found := false
	for _, name := range i.Lowers() {
		lower := m.find(name)
		if lower == nil {
			continue
		}
		if bytes, from := m.Of(lower); !found || bytes < least.bytes {
			least, found = mtuFrom{bytes, from}, true
		}
	}
	m.known[i] = least
	return least.bytes, least.from
}
