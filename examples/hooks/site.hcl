# Every script of this folder around one host: `linkspan validate` checks them,
# `linkspan hooks test drain` runs one's tests.

variable "gateway" {
  type    = string
  default = "192.168.0.1"
}

function "site_address" {
  script = "ipam"
}

host "dom0-01" {
  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = "active-backup"
    miimon = 100
  }

  vlan "bond0.2" {
    parent = "bond0"
    id     = 2
  }

  bridge "xenbr0" {
    ports     = ["bond0.2"]
    addresses = [site_address(file("addresses.csv"), host.name, "xenbr0")]
    gateway   = var.gateway
  }

  backend "ifcfg" {}

  backend "switchport" {
    script = "switchport"
    native = 1
  }

  hook "window" {
    on     = ["validate"]
    script = "window"
    config = { days = ["Saturday", "Sunday"], from = "22:00", to = "04:00" }
  }

  hook "drain" {
    on      = ["pre_restart", "post_restart", "on_rollback"]
    script  = "drain"
    timeout = "10m"
    allow   = ["/usr/sbin/xl"]
    config  = { directory = "/var/lib/xen/save", stay = ["dns"] }
  }

  hook "gateway" {
    on      = ["check"]
    script  = "gateway"
    timeout = "20s"
    allow   = ["/bin/ping"]
    config  = { address = var.gateway }
  }

  hook "report" {
    on     = ["post_apply"]
    script = "report"
  }

  hook "webhook" {
    on         = ["post_apply", "on_rollback"]
    script     = "webhook"
    after      = ["report"]
    on_failure = "continue"
    allow      = ["/usr/bin/curl"]
    config     = { url = "https://chat.example.net/hooks/net" }
  }
}
