host "a" {
  bond "bond0" {
    ports  = ["eth0"]
    miimon = 100
  }
  bridge "br0" { ports = ["bnod0"] }
  backend "ifcfg" {}
}
