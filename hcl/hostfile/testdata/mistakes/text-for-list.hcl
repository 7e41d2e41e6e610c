host "a" {
  bridge "br0" { ports = "eth0" }
  backend "ifcfg" {}
}
