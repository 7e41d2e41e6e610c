# The host's block lies over the profile's, attribute by attribute; a list and
# the routes replace the profile's. What the profile requires is not repeated.
profile "p" {
  input "number" { type = number }
  input "mtu" {
    type    = number
    default = 1500
  }

  vlan "eth0.2" {
    parent = "eth0"
    id     = 2
    mtu    = input.mtu
  }

  bridge "br0" {
    ports     = ["eth0.2"]
    addresses = [cidrhost_prefix("10.0.0.0/24", input.number)]
    stp       = true

    route {
      to  = "10.8.0.0/16"
      via = "10.0.0.1"
    }
  }

  backend "ifcfg" {}
}

host "a" {
  use "p" { number = 7 }

  vlan "eth0.2" { mtu = 1400 }

  bridge "br0" {
    addresses = ["10.0.0.9/24", "fd00::9/64"]

    route {
      to     = "default"
      via    = "10.0.0.1"
      metric = 5
    }
  }
}
