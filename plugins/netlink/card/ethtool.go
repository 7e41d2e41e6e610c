package card

import (
	"fmt"

	"github.com/safchain/ethtool"

	"linkspan/plugins/netlink/rtnl"
)

// Read reads the offloads and wake-on-LAN of the cards that the function
// names.
func Read(g *rtnl.Graph, asked func(name string) bool) error {
	var tool *ethtool.Ethtool
	for n := range g.Links {
		l := &g.Links[n]
		if !asked(l.Name) {
			continue
		}
		if tool == nil {
			t, err := ethtool.NewEthtool()
			if err != nil {
				return fmt.Errorf("open a socket for ethtool: %w", err)
			}
			defer t.Close()
			tool = t
		}
		features, err := tool.FeaturesWithState(l.Name)
		if err != nil {
			return fmt.Errorf("read the offloads of %q: %w", l.Name, err)
		}
		for name, f := range features {
			put(&l.Features, name, rtnl.Feature{On: f.Active, Fixed: f.NeverChanged || !f.Available})
		}
		if info, err := tool.DriverInfo(l.Name); err == nil { // some links have no driver to ask
			l.Driver, l.Bus = info.Driver, info.BusInfo
		}
		if w, err := tool.GetWakeOnLan(l.Name); err == nil { // a card that has none says EOPNOTSUPP
			l.Wake = &rtnl.Wake{Can: w.Supported, On: w.Opts}
		}
	}
	return nil
}

// SetWake says what is to wake the machine through a card.
func SetWake(card string, wake *rtnl.Wake) error {
	tool, err := ethtool.NewEthtool()
	if err != nil {
		return err
	}
	defer tool.Close()
	_, err = tool.SetWakeOnLan(card, ethtool.WakeOnLan{Supported: wake.Can, Opts: wake.On})
	return err
}

// SetFeatures turns offloads of a card on and off.
func SetFeatures(card string, features map[string]rtnl.Feature) error {
	tool, err := ethtool.NewEthtool()
	if err != nil {
		return err
	}
	defer tool.Close()
	config := make(map[string]bool)
	for name, f := range features {
		config[name] = f.On
	}
	return tool.Change(card, config)
}
