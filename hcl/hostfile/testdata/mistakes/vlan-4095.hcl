host "a" {
  vlan "v" {
    parent = "eth0"
    id     = 4095
  }
  backend "ifcfg" {}
}
