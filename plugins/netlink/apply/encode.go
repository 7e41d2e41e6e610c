package apply

import (
	"fmt"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

// encoder turns steps into messages; it knows the indexes of names.
type encoder struct {
	conn  *rtnl.Conn
	have  map[string]*rtnl.Link // at the beginning
	index rtnl.Indexes
	next  int // the next index that is given to a new link
}

func newEncoder(c *rtnl.Conn) (*encoder, error) {
	g, x, err := c.Links()
	if err != nil {
		return nil, err
	}
	e := &encoder{conn: c, have: make(map[string]*rtnl.Link, len(g.Links)), index: x, next: 1}
	for i := range g.Links {
		e.have[g.Links[i].Name] = &g.Links[i]
		e.next = max(e.next, g.Links[i].Index+1)
	}
	return e, nil
}

// requests are the messages of a step that is one or several writes.
func (e *encoder) requests(s step.Step) ([]rtnl.Request, error) {
	switch s.Do {
	case step.Create:
		index := e.next
		e.next++
		e.index[s.Link] = index
		return one(e.index.NewLink(s.Link, index, s.New))
	case step.Route:
		return one(e.index.ReplaceRoute(*s.Route))
	case step.NoRoute:
		return one(e.index.DeleteRoute(*s.Route))
	case step.NextHop:
		return one(e.index.ReplaceNextHop(*s.NextHop))
	case step.Rule:
		return one(rtnl.AddRule(*s.Rule), nil)
	}
	index, err := e.index.Of(s.Link)
	if err != nil {
		return nil, err
	}
	switch s.Do {
	case step.Delete:
		delete(e.index, s.Link)
		return one(rtnl.DeleteLink(index), nil)
	case step.Rename:
		delete(e.index, s.Link)
		e.index[s.Name] = index
		return one(rtnl.Rename(index, s.Name), nil)
	case step.Names:
		return one(rtnl.AddNames(index, s.New.AltNames), nil)
	case step.Pass:
		return e.pass(s)
	case step.Up, step.Down:
		return one(rtnl.SetUp(index, s.Do == step.Up), nil)
	case step.Master:
		master := 0
		if s.Master != "" {
			master, err = e.index.Of(s.Master)
		}
		return one(rtnl.SetMaster(index, master), err)
	case step.Set:
		return one(e.index.SetLink(index, s.New))
	case step.VLANs:
		return one(rtnl.SetVLANs(index, s.VLANs, s.Self, s.Away), nil)
	case step.Entry:
		return one(rtnl.AddEntry(index, *s.Entry))
	case step.Address:
		return one(rtnl.AddAddress(index, *s.Address), nil)
	case step.NoAddress:
		return one(rtnl.DeleteAddress(index, *s.Address), nil)
	case step.Neighbours, step.NoNeighbours:
		return neighbours(index, s)
	}
	return nil, fmt.Errorf("no message does %q", s.Do)
}

func (e *encoder) pass(s step.Step) ([]rtnl.Request, error) {
	var out []rtnl.Request
	for _, port := range s.Ports {
		index, err := e.index.Of(port)
		if err != nil {
			return nil, err
		}
		r, err := e.index.SetLink(index, &rtnl.Link{Forwards: true})
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func one(r rtnl.Request, err error) ([]rtnl.Request, error) { return []rtnl.Request{r}, err }

func neighbours(index int, s step.Step) ([]rtnl.Request, error) {
	var out []rtnl.Request
	for _, n := range s.Neighbours {
		message := rtnl.AddNeighbour
		if s.Do == step.NoNeighbours {
			message = rtnl.DeleteNeighbour
		}
		r, err := message(index, n)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}
