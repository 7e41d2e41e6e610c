host "a" {
  ethernet "eth0" { addresses = ["10.0.0.2/24"] }
  bridge "br0" { ports = ["eth0"] }
  backend "ifcfg" {}
}
