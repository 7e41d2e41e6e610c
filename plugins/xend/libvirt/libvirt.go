// Package libvirt reads libvirt's XML of guests and networks as far as bridges
// are concerned (libvirt, docs/formatdomain.rst and docs/formatnetwork.rst).
//
// The decoder is encoding/xml, which expands no entities of a document's own
// and reads no other file; callers bound the size of what they hand in.
package libvirt

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// Domain is a guest.
type Domain struct {
	Type       string      `xml:"type,attr"` // "xen", "kvm", …
	Name       string      `xml:"name"`
	Interfaces []Interface `xml:"devices>interface"`
}

// Interface is a network interface of a guest.
type Interface struct {
	Type   string `xml:"type,attr"` // "bridge", "network", "direct", "user", …
	Source Source `xml:"source"`
	Script struct {
		Path string `xml:"path,attr"`
	} `xml:"script"`
	Target struct {
		Dev string `xml:"dev,attr"`
	} `xml:"target"`
	// Actual is what a running guest has got of its network; libvirt writes it
	// below /run.
	Actual *struct {
		Type   string `xml:"type,attr"`
		Source Source `xml:"source"`
	} `xml:"actual"`
}

// Source is what an interface is connected with.
type Source struct {
	Bridge  string `xml:"bridge,attr"`
	Network string `xml:"network,attr"`
}

// Network is a network of libvirt's.
type Network struct {
	Name   string `xml:"name"`
	Bridge struct {
		Name string `xml:"name,attr"`
	} `xml:"bridge"`
	Forward *struct {
		Mode string `xml:"mode,attr"` // "nat" when it is not given
	} `xml:"forward"`
}

// OwnBridge reports whether libvirt makes and removes the network's bridge; with
// the forward mode "bridge" it is the host's.
func (n Network) OwnBridge() bool {
	if n.Forward == nil { // an isolated network
		return true
	}
	switch n.Forward.Mode {
	case "", "nat", "route", "open":
		return true
	}
	return false
}

// errOther says that a file is XML of something else.
var errOther = errors.New("neither a domain nor a network of libvirt")

// ReadDomain reads a guest's file: its configuration, or what libvirt writes of
// a running one.
func ReadDomain(src []byte) (Domain, error) {
	var d Domain
	err := element(src, "domain", &d)
	if err == nil && d.Name == "" {
		err = errors.New("a domain without a name")
	}
	return d, err
}

// ReadNetwork reads a network's file.
func ReadNetwork(src []byte) (Network, error) {
	var n Network
	err := element(src, "network", &n)
	if err == nil && n.Name == "" {
		err = errors.New("a network without a name")
	}
	return n, err
}

// element decodes the element of that name that is the document's root, or
// stands directly below it (<domstatus> and <networkstatus> have it there).
func element(src []byte, name string, into any) error {
	d := xml.NewDecoder(bytes.NewReader(src))
	for depth := 0; depth < 2; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return errOther
		}
		if err != nil {
			return fmt.Errorf("it is no XML: %w", err)
		}
		start, ok := t.(xml.StartElement)
		switch {
		case !ok:
			continue
		case start.Name.Local == name:
			if err := d.DecodeElement(into, &start); err != nil {
				return fmt.Errorf("it is no XML: %w", err)
			}
			return nil
		case depth == 1:
			if err := d.Skip(); err != nil {
				return fmt.Errorf("it is no XML: %w", err)
			}
		default:
			depth++
		}
	}
	return errOther
}
