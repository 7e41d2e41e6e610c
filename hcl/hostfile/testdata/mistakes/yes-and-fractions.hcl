host "a" {
  ethernet "eth0" { mtu = 1.5 }
  vlan "eth0.2" {
    parent = "eth0"
    id     = "two"
  }
  bridge "br0" { stp = yes }
  bridge "br1" { stp = no }
  backend "ifcfg" {}
}
