host "a" {
  ethernet "eth0" { addresses = ["10.0.0.2"] }
  backend "ifcfg" {}
}
