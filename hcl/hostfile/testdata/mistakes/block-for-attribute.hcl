host "a" {
  ethernet "eth0" {
    addresses {}
  }
  backend "ifcfg" {}
}
