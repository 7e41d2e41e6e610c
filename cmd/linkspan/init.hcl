# The network of one virtualisation host: two cards in a bond, a VLAN on the
# bond, and a bridge on the VLAN that carries the host's address and to which
# guests are connected. All *.hcl files of a folder are read together; the order
# of blocks means nothing. `linkspan explain CODE` tells about any message.

locals {
  # One line a network. The bridge is called as the line, e.g. "xenbr0".
  networks = {
    xenbr0 = { vlan = 2, address = "192.168.0.2/24", gateway = "192.168.0.1" }
  }
}

host "dom0-01" {
  # The cards, by the names that the kernel gives them (ip link). A card that is
  # named here needs no block of its own. mode and miimon are the bonding
  # driver's; with active-backup one card works and the other waits.
  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = "active-backup"
    miimon = 100
  }

  # A VLAN for each network, and below a bridge for each.
  vlan "guests" {
    for_each = local.networks
    name     = "bond0.${each.value.vlan}"
    parent   = "bond0"
    id       = each.value.vlan
  }

  # The address is on the bridge, never on its ports.
  bridge "guests" {
    for_each  = local.networks
    name      = each.key
    ports     = ["bond0.${each.value.vlan}"]
    addresses = [each.value.address]
    gateway   = each.value.gateway
  }

  # Where it is kept: the ifcfg files, which count from the next boot. The
  # release is found from the host; say release = "rhel7" to write files for a
  # host that is not at hand.
  backend "ifcfg" {}

  # The running kernel, changed without a restart of the network:
  # backend "netlink" {}

  # A Xen host of the xend days: xend is told to leave the network alone.
  # backend "xend" {}

  # After an apply everything is put back unless `linkspan confirm` is run from
  # a new session within this time.
  apply {
    confirm = "2m"
  }
}
