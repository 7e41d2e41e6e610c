# Two cards in a bond, VLANs on the bond, a bridge for each VLAN that carries
# the address, and xend told to leave the network alone.

variable "gateway" {
  type        = string
  default     = "192.168.0.1"
  description = "the default gateway, on the first VLAN"
}

locals {
  networks = {
    xenbr0 = { vlan = 2, address = "192.168.0.2/24" }
    xenbr1 = { vlan = 3, address = "192.168.1.2/24" }
  }
}

host "dom0-01" {
  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = "active-backup"
    miimon = 100
  }

  vlan "guests" {
    for_each = local.networks
    name     = "bond0.${each.value.vlan}"
    parent   = "bond0"
    id       = each.value.vlan
  }

  bridge "guests" {
    for_each  = local.networks
    name      = each.key
    ports     = ["bond0.${each.value.vlan}"]
    addresses = [each.value.address]
    gateway   = each.key == "xenbr0" ? var.gateway : null
  }

  backend "ifcfg" {}
  backend "xend" {}
}
