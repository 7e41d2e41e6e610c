# A profile for a kind of host, and a host that uses it.
variable "gateway" {
  type    = string
  default = "192.168.0.1"
}

locals {
  networks = {
    xenbr0 = { vlan = 2, cidr = "192.168.0.0/24" }
    xenbr1 = { vlan = 3, cidr = "192.168.1.0/24" }
  }
}

profile "dom0" {
  input "number" {
    type        = number
    description = "host number: the last octet of every address"
  }

  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = "active-backup"
    miimon = 100
  }

  vlan "guest" {
    for_each = local.networks
    name     = "bond0.${each.value.vlan}"
    parent   = "bond0"
    id       = each.value.vlan
  }

  bridge "guest" {
    for_each  = local.networks
    name      = each.key
    ports     = ["bond0.${each.value.vlan}"]
    addresses = [cidrhost_prefix(each.value.cidr, input.number)]
  }

  backend "ifcfg" {}
  backend "xend" {}
}

host "dom0-01" {
  use "dom0" { number = 2 }

  bridge "xenbr0" {
    gateway = var.gateway
  }

  hook "drain" {
    on      = ["pre_restart"]
    script  = "hooks/drain.go"
    timeout = "30s"
    config  = { pool = "a" }
  }
}
